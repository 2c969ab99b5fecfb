// What a session's turn writes beside its own row when staff act: an audit entry for what they did, and none
// for what only time did.
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { SecureRandom } from "effect/crypto"
import { sessionRows } from "../../src/actors/session/rows.ts"
import type { SessionEvent } from "../../src/domain/session/events.ts"
import { evolveAll } from "../../src/domain/session/evolve.ts"
import { staffId } from "../../testkit/conformance/given.ts"
import * as given from "../domain/session/given.ts"

const warning: SessionEvent = { _tag: "WarningGiven", at: given.at(670), remaining_seconds: 60 }

const written = (events: ReadonlyArray<SessionEvent>) => {
  const before = given.active()
  const command = {
    _tag: "Reroute",
    staff_id: staffId,
    from_mitra_id: given.mitra(1).id,
    mitra_id: given.mitra(2).id,
    reason: "ill"
  } as const
  const call = {
    sender_id: `staff:${staffId}`,
    command_id: null,
    command,
    staff: { staff_id: staffId, peer: "here" }
  }
  const facts = {
    now: given.at(670),
    settings: given.settingsOf({}),
    candidates: null,
    waiting_ahead: 0,
    others_are_free: false,
    pair_is_blocked: false,
    mitra_is_reachable: null,
    reroute_to: given.ready,
    mitra_absence: null
  }
  const after = evolveAll(before, events)
  return Effect.flatMap(
    SecureRandom.SecureRandom,
    (random) => sessionRows({ call, at: facts.now, facts, before, after, events }, random)
  ).pipe(Effect.provide(SecureRandom.layerWebCrypto))
}

it.effect("A refused hand-over in whose turn a warning was due leaves no audit entry, moves no place", () =>
  Effect.gen(function*() {
    const { audit, session } = yield* written([warning])
    assert.deepStrictEqual(audit, [])
    assert.isNull(session.slot)
    assert.deepStrictEqual(session.assignments, [])
  }))

it.effect("A hand-over beside which a warning was due leaves one", () =>
  Effect.gen(function*() {
    const { audit, session } = yield* written([
      warning,
      ...given.reroute(given.active(), 671).events.slice(-1)
    ])
    assert.deepStrictEqual(audit.map(({ action }) => action), ["session.reroute"])
    assert.strictEqual(session.slot?._tag, "Move")
    assert.lengthOf(session.assignments, 2)
  }))
