// A request whose actor lives where it was opened: its runner's own from the start, and handed to the actor
// once.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { OpenedHere } from "../../src/actors/session/opened-here.ts"
import { makeSessionMachine } from "../../src/actors/session/actor.ts"
import { firstEpoch } from "../../src/services/sessions/sessions.ts"
import { MemoryTables } from "../../testkit/memory/store/tables.ts"
import { actorWorld, onlineMitra, ownAddress, paidRequest, stateOf } from "./actor-world.ts"
import { during } from "./playing.ts"

const rowOf = (sessionId: string) =>
  Effect.map(MemoryTables, ({ chat_sessions }) => chat_sessions.get(sessionId)!)

describe("A request that is opened where its actor lives", () => {
  it.effect("asks its mitras by the state it was opened with, without being claimed and read", () =>
    Effect.gen(function*() {
      yield* during(onlineMitra("Ayu"))
      const { session_id } = yield* during(paidRequest(300, "Sari"))
      const { owner_epoch, owner_runner, status } = yield* rowOf(session_id)
      assert.deepStrictEqual({ owner_epoch, owner_runner, status }, {
        owner_epoch: firstEpoch,
        owner_runner: ownAddress,
        status: "pending_acceptance"
      })
      assert.isNull((yield* OpenedHere).take(session_id))
    }).pipe(Effect.provide(actorWorld)))

  it.effect("is handed to the first actor that starts, and only while that is being woken", () =>
    Effect.gen(function*() {
      const { session_id } = yield* during(paidRequest(300))
      const state = yield* stateOf(session_id)
      const openedHere = yield* OpenedHere
      const { claim } = yield* makeSessionMachine(session_id, "another:1")
      const epochOf = Effect.map(claim, (claimed) => claimed?.epoch)
      yield* openedHere.handOver(
        state,
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* claim, { epoch: firstEpoch, state })
          assert.strictEqual(yield* epochOf, firstEpoch + 1)
        })
      )
      yield* openedHere.handOver(state, Effect.void)
      assert.strictEqual(yield* epochOf, firstEpoch + 2)
    }).pipe(Effect.provide(actorWorld)))
})
