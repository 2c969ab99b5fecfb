// A commit that was written and never announced, because its answer was lost or its runner died: the actor
// that loads the session next publishes its position, so that no phone goes on showing what is over.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import { TestClock } from "effect/testing"
import { MitraActors } from "../../src/actors/mitra/protocol.ts"
import { republishPosition } from "../../src/actors/session/publish.ts"
import { offeredRequest } from "../../src/domain/session/offered-request.ts"
import { Bus, type Topic } from "../../src/services/bus/bus.ts"
import { givenStaff, staffId } from "../../testkit/conformance/given.ts"
import { actorWorld, onlineMitra, paidRequest, stateOf, toSession } from "./actor-world.ts"
import { JournalFaults } from "./faulty-journal.ts"
import { customerSide, during, mitraSide } from "./playing.ts"

/** What the bus brings for this topic from now on. */
const listen = Effect.fnUntraced(function*(topic: Topic) {
  const queue = yield* (yield* Bus).subscribe([topic])
  return Effect.map(Queue.clear(queue), (messages) => messages.map(({ event }) => event))
})

const stage = Effect.gen(function*() {
  const [ayu, bunga] = [yield* during(onlineMitra("Ayu")), yield* during(onlineMitra("Bunga"))]
  const request = yield* during(paidRequest(300))
  return { ...request, ayu, bunga, faults: yield* JournalFaults }
})

describe("a session whose last commit was never announced", () => {
  it.effect("tells the loser that the offer is taken as soon as the winner asks again", () =>
    Effect.gen(function*() {
      const { ayu, bunga, customer_id, faults, session_id } = yield* stage
      const heard = {
        loser: yield* listen(`mitra:${bunga}`),
        customer: yield* listen(`customer:${customer_id}`)
      }
      faults.next = { lost: "after", event: "Paired" }
      const accepts = during(toSession(session_id, { _tag: "Accept", by: mitraSide(ayu) }, "the-accept"))
      assert.strictEqual((yield* Effect.flip(accepts))._tag, "Unavailable")
      assert.deepStrictEqual([yield* heard.loser, yield* heard.customer], [[], []])
      yield* accepts
      yield* TestClock.adjust("1 second")
      const { started_at } = yield* stateOf(session_id)
      assert.deepStrictEqual(yield* heard.loser, [
        { _tag: "OfferChanged", session_id, ending: "taken", winner_at: started_at, offer: null }
      ])
      assert.deepStrictEqual(yield* heard.customer, [
        { _tag: "SessionPosition", session_id, seq: 2, is_over: false }
      ])
    }).pipe(Effect.scoped, Effect.provide(actorWorld)))

  it.effect("shows the offers that were written but not sent out", () =>
    Effect.gen(function*() {
      const ayu = yield* during(onlineMitra("Ayu"))
      const faults = yield* JournalFaults
      faults.next = { lost: "after", event: "OffersSent" }
      const heard = yield* listen(`mitra:${ayu}`)
      const { session_id } = yield* during(paidRequest(300))
      yield* TestClock.adjust("5 seconds")
      assert.isNull(faults.next)
      const offer = offeredRequest(yield* stateOf(session_id), ayu)
      const announced = { _tag: "OfferChanged", session_id, ending: null, winner_at: null, offer } as const
      assert.isNotNull(offer)
      assert.deepInclude(yield* heard, announced)
    }).pipe(Effect.scoped, Effect.provide(actorWorld)))

  it.effect("tells what the other side has received, when its answer was lost and it says so again", () =>
    Effect.gen(function*() {
      const { ayu, customer_id, faults, session_id } = yield* stage
      yield* during(toSession(session_id, { _tag: "Accept", by: mitraSide(ayu) }))
      const message = { client_message_id: "one", message_id: "message-one", body: "hello" }
      const sent = { _tag: "SendMessage", by: customerSide(customer_id), ...message } as const
      yield* during(toSession(session_id, sent))
      const { last_seq } = yield* stateOf(session_id)
      const heard = yield* listen(`customer:${customer_id}`)
      faults.next = { lost: "after", event: "ReceiptMoved" }
      const receives = during(
        toSession(session_id, { _tag: "MarkDelivered", by: mitraSide(ayu), seq: last_seq })
      )
      assert.strictEqual((yield* Effect.flip(receives))._tag, "Unavailable")
      assert.deepStrictEqual(yield* heard, [])
      yield* receives
      yield* TestClock.adjust("1 second")
      const receipts = (yield* heard).flatMap((event) =>
        event._tag === "SessionEvent" && event.event?._tag === "ReceiptMoved" ? [event.event] : []
      )
      assert.deepStrictEqual(receipts.map(({ delivered_seq, side }) => [side, delivered_seq]), [
        ["mitra", last_seq]
      ])
    }).pipe(Effect.scoped, Effect.provide(actorWorld)))

  it.effect("tells the customer that it is over", () =>
    Effect.gen(function*() {
      const { ayu, customer_id, faults, session_id } = yield* stage
      yield* during(toSession(session_id, { _tag: "Accept", by: mitraSide(ayu) }))
      yield* during(toSession(session_id, { _tag: "End", by: customerSide(customer_id) }))
      faults.next = { lost: "after", event: "SessionCompleted" }
      const heard = yield* listen(`customer:${customer_id}`)
      yield* TestClock.adjust("310 seconds")
      const { last_seq, status } = yield* stateOf(session_id)
      assert.strictEqual(status, "completed")
      assert.deepInclude(yield* heard, { _tag: "SessionPosition", session_id, seq: last_seq, is_over: true })
    }).pipe(Effect.scoped, Effect.provide(actorWorld)))
})

describe("a deactivation that was never announced", () => {
  it.effect("closes her sockets when it is repeated", () =>
    Effect.gen(function*() {
      const { ayu, faults } = yield* stage
      yield* givenStaff
      const heard = yield* listen(`mitra:${ayu}`)
      faults.next = { lost: "after", event: "Deactivated" }
      const actors = yield* MitraActors
      const deactivates = during(actors.run(ayu, {
        sender_id: `staff:${staffId}`,
        command_id: "the-deactivation",
        command: { _tag: "Deactivate", staff_id: staffId },
        staff: { staff_id: staffId, peer: "127.0.0.1" }
      }))
      assert.strictEqual((yield* Effect.flip(deactivates))._tag, "Unavailable")
      assert.deepStrictEqual(yield* heard, [])
      yield* deactivates
      yield* TestClock.adjust("1 second")
      assert.deepInclude(yield* heard, { _tag: "Revoked", auth_session_id: null })
    }).pipe(Effect.scoped, Effect.provide(actorWorld)))
})

describe("what is said again", () => {
  it.effect("ends with the hand-over for the mitra who left, and leaves old offers alone", () =>
    Effect.gen(function*() {
      const { ayu, bunga, customer_id, session_id } = yield* stage
      yield* during(toSession(session_id, { _tag: "Accept", by: mitraSide(ayu) }))
      yield* givenStaff
      const order = { from_mitra_id: ayu, mitra_id: bunga, staff_id: staffId, reason: "she left" }
      yield* during(toSession(session_id, { _tag: "Reroute", ...order }))
      const state = yield* stateOf(session_id)
      const [offer] = state.offers
      const said = (now: number) =>
        republishPosition(state, now).map(({ event, topic }) => [topic, event._tag])
      const always = [
        [`customer:${customer_id}`, "SessionPosition"],
        [`mitra:${bunga}`, "SessionPosition"],
        [`mitra:${ayu}`, "SessionPosition"]
      ]
      assert.deepStrictEqual(said(state.requested_at), [...always, [`mitra:${bunga}`, "OfferChanged"]])
      assert.deepStrictEqual(said((offer?.deadline_at ?? 0) + 60_000), always)
      const [, , hers] = republishPosition(state, state.requested_at)
      assert.deepInclude(hers?.event, { seq: 3, is_over: true })
    }).pipe(Effect.scoped, Effect.provide(actorWorld)))
})
