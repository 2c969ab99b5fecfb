// What one turn of a session tells whom, on the bus and by push, from the turn alone: no actor, no store.
import { assert, describe, it } from "@effect/vitest"
import { publishSession } from "../../src/actors/session/publish.ts"
import { pushesOf } from "../../src/actors/session/pushes.ts"
import type { SessionTurn } from "../../src/actors/session/rows.ts"
import type { SessionState } from "../../src/domain/session/state.ts"
import * as given from "../domain/session/given.ts"
import { at, mitra } from "../domain/session/given.ts"

const turnOf = (before: SessionState, seconds: number, told: given.Told): SessionTurn =>
  ({
    call: { sender_id: "test", command_id: null, command: { _tag: "Tick" }, staff: null },
    at: at(seconds),
    before,
    after: told.state,
    events: told.events
  }) as unknown as SessionTurn

const customer = given.customer.id
const [ayu, bunga, citra] = [mitra(1).id, mitra(2).id, mitra(3).id]

describe("an offer that another mitra took", () => {
  it("is closed for everybody who was asked, winner and losers, with the reason", () => {
    const before = given.offered()
    const messages = publishSession(turnOf(before, 10, given.accept(before, 10, mitra(1))))
    const closed = messages.flatMap(({ event, topic }) =>
      event._tag === "OfferChanged" ? [[topic, event.ending, event.winner_at]] : []
    )
    assert.deepStrictEqual(closed, [
      [`mitra:${bunga}`, "taken", at(10)],
      [`mitra:${citra}`, "taken", at(10)]
    ])
  })
})

describe("a push", () => {
  const drafts = (before: SessionState, seconds: number, told: given.Told) =>
    pushesOf(turnOf(before, seconds, told)).map(({ due_at, expires_at, kind, user_id }) => [
      kind,
      user_id,
      due_at - at(seconds),
      expires_at
    ])

  it("of a hand-over goes to the customer and to the mitra who takes over, until the paid time ends", () => {
    const before = given.active()
    const ends = before.ends_at
    assert.deepStrictEqual(drafts(before, 100, given.reroute(before, 100)), [
      ["paired", customer, 0, ends],
      ["paired", bunga, 0, ends]
    ])
  })

  it("of a message waits two seconds for an open app, and is worth sending for an hour", () => {
    const before = given.active()
    assert.deepStrictEqual(drafts(before, 20, given.send(before, 20, given.customer)), [
      ["message", ayu, 2000, at(20 + 3600)]
    ])
  })
})
