// After which turns Availability is told that something about a mitra changed: a mirror follows nothing else.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { makeMitraMachine } from "../../src/actors/mitra/actor.ts"
import { makeSessionMachine } from "../../src/actors/session/actor.ts"
import type { MitraCommand } from "../../src/domain/mitra.ts"
import type { SessionCommand } from "../../src/domain/session/commands.ts"
import { Availability } from "../../src/services/availability/availability.ts"
import { actorWorld, onlineMitra, paidRequest } from "./actor-world.ts"
import { customerSide, during, mitraSide, running } from "./playing.ts"

/** Availability that writes down of whom it was told, one line a notice. */
const told: Array<ReadonlyArray<string>> = []
const listening = Layer.effect(Availability)(
  Effect.map(Availability, (port) => ({
    ...port,
    changed: (mitraIds: ReadonlyArray<string>) => Effect.sync(() => void told.push(mitraIds))
  }))
).pipe(Layer.provideMerge(actorWorld))

const call = <Command>(command: Command) => ({ sender_id: "test", command_id: null, command, staff: null })

/** Decides `command` on what is stored, and does what follows its commit, without committing it. */
const afterMitraTurn = Effect.fnUntraced(function*(id: string, command: MitraCommand) {
  const machine = yield* makeMitraMachine(id, "test")
  const loaded = yield* machine.claim
  if (loaded === null) return yield* Effect.die("no such mitra")
  const facts = {
    now: 1,
    heartbeat_is_stale: true,
    has_missed_too_many: true,
    has_no_chat: true,
    is_paused: false,
    hold_seconds: 900
  }
  const { events } = machine.decide(loaded.state, command, facts)
  const after = events.reduce(machine.evolve, loaded.state)
  told.length = 0
  yield* machine.afterCommit({ call: call(command), at: 1, facts, before: loaded.state, after, events })
    ?? Effect.void
  return told.splice(0)
})

const afterSessionTurn = Effect.fnUntraced(function*(id: string, command: SessionCommand) {
  const machine = yield* makeSessionMachine(id, "test")
  const loaded = yield* machine.claim
  if (loaded === null) return yield* Effect.die("no such session")
  const facts = yield* machine.facts(loaded.state, command, 1)
  const { events } = machine.decide(loaded.state, command, facts)
  const after = events.reduce(machine.evolve, loaded.state)
  told.length = 0
  yield* machine.afterCommit({ call: call(command), at: 1, facts, before: loaded.state, after, events })
    ?? Effect.void
  return told.splice(0)
})

const behaviour = (title: string, body: Effect.Effect<void, unknown, Layer.Success<typeof listening>>) =>
  it.effect(title, () => Effect.provide(body, listening))

describe("Availability is told", () => {
  behaviour(
    "once after every turn that moved a mitra, and never after one that did not",
    Effect.gen(function*() {
      const ayu = yield* during(onlineMitra("Ayu"))
      const staff_id = "staff"
      const moving: ReadonlyArray<MitraCommand> = [
        { _tag: "GoOffline" },
        { _tag: "ForceOffline", staff_id },
        { _tag: "MarkStale" },
        { _tag: "PauseForMissedOffers" },
        { _tag: "Deactivate", staff_id }
      ]
      for (const command of moving) {
        assert.deepStrictEqual(yield* during(afterMitraTurn(ayu, command)), [[ayu]], command._tag)
      }
      assert.deepStrictEqual(yield* during(afterMitraTurn(ayu, { _tag: "GoOnline" })), [])
    })
  )

  behaviour(
    "once of everybody whose offers or places a session's turn changed",
    Effect.gen(function*() {
      const ayu = yield* during(onlineMitra("Ayu"))
      const bunga = yield* during(onlineMitra("Bunga"))
      const { customer_id, session_id } = yield* during(paidRequest(300))
      const winning = yield* during(afterSessionTurn(session_id, { _tag: "Accept", by: mitraSide(ayu) }))
      assert.deepStrictEqual(winning.map((ids) => ids.toSorted()), [[ayu, bunga].toSorted()])
      const declining = yield* during(afterSessionTurn(session_id, { _tag: "Decline", by: mitraSide(ayu) }))
      assert.deepStrictEqual(declining, [[ayu]])
      const cancelling = yield* during(
        afterSessionTurn(session_id, { _tag: "Cancel", by: customerSide(customer_id) })
      )
      assert.deepStrictEqual(cancelling.map((ids) => ids.toSorted()), [[ayu, bunga].toSorted()])
    })
  )

  behaviour(
    "of both mitras when a chat changes hands: one has a place less, the other one more",
    Effect.gen(function*() {
      const { ayu, session_id } = yield* running(300)
      const bunga = yield* during(onlineMitra("Bunga"))
      const handing = yield* during(afterSessionTurn(session_id, {
        _tag: "Reroute",
        staff_id: "staff",
        from_mitra_id: ayu,
        mitra_id: bunga,
        reason: "ill"
      }))
      assert.deepStrictEqual(handing.map((ids) => ids.toSorted()), [[ayu, bunga].toSorted()])
    })
  )
})
