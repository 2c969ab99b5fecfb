// A request that found no mitra, through the real actors under virtual time: its payment stays good for
// another try, staff see why, and a process that dies on the way leaves one session and one charge.
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import { Requests } from "../../src/actors/session/requests.ts"
import { MemoryTables } from "../../testkit/memory/store/tables.ts"
import { Payments } from "../../src/services/payments/payments.ts"
import { actorWorld, onlineMitra, paidRequest, stateOf, toSession } from "./actor-world.ts"
import { JournalFaults } from "./faulty-journal.ts"
import { accept, chargesOf, customerSide, during, mitraSide, paymentOf, ping } from "./playing.ts"

const chat = { amount_idr: 1000, product: "chat_session" } as const

const again = Effect.fnUntraced(function*(payment_id: string, command: string) {
  const payment = yield* paymentOf(payment_id)
  const opened = yield* during(
    Effect.flatMap(
      Requests,
      (requests) => requests.openAgain(payment, { command_id: command, language: null })
    )
  )
  return "session_id" in opened ? opened.session_id : yield* Effect.die(opened)
})

/** A request that no mitra answered. */
const failed = Effect.gen(function*() {
  const request = yield* during(paidRequest(300))
  yield* TestClock.adjust("61 seconds")
  return request
})

const sessionsOn = Effect.fnUntraced(function*(payment_id: string) {
  const tables = yield* MemoryTables
  return [...tables.chat_sessions.values()].filter((row) => row.payment_id === payment_id)
})

describe("a request that found no mitra", () => {
  it.effect("leaves its payment confirmed, with the cause for staff, and blasts again on it", () =>
    Effect.gen(function*() {
      const { payment_id, session_id } = yield* failed
      assert.strictEqual((yield* stateOf(session_id)).status, "expired")
      assert.deepInclude(yield* paymentOf(payment_id), {
        status: "confirmed",
        failure_cause: "no_mitra_available"
      })
      const ayu = yield* during(onlineMitra("Ayu"))
      const second = yield* again(payment_id, "second-try")
      assert.notStrictEqual(second, session_id)
      yield* accept(second, ayu)
      assert.deepInclude(yield* paymentOf(payment_id), { status: "consumed", failure_cause: null })
      assert.deepStrictEqual(yield* chargesOf(second), [chat])
    }).pipe(Effect.provide(actorWorld)))

  it.effect("is tried once per command, however often the command comes and whatever became of it", () =>
    Effect.gen(function*() {
      const { payment_id } = yield* failed
      const second = yield* again(payment_id, "second-try")
      assert.strictEqual(yield* again(payment_id, "second-try"), second)
      // Two taps with two commands are still one open request.
      assert.strictEqual(yield* again(payment_id, "other-tap"), second)
      yield* TestClock.adjust("61 seconds")
      assert.strictEqual(yield* again(payment_id, "second-try"), second)
      assert.lengthOf(yield* sessionsOn(payment_id), 2)
      assert.notStrictEqual(yield* again(payment_id, "third-try"), second)
    }).pipe(Effect.provide(actorWorld)))

  it.effect("and was cancelled is recorded for staff, too", () =>
    Effect.gen(function*() {
      const { customer_id, payment_id, session_id } = yield* during(paidRequest(300))
      yield* during(toSession(session_id, { _tag: "Cancel", by: customerSide(customer_id) }))
      assert.deepInclude(yield* paymentOf(payment_id), {
        status: "confirmed",
        failure_cause: "cancelled_by_customer"
      })
    }).pipe(Effect.provide(actorWorld)))

  it.effect("is not tried again on a payment that was given up; its money is recorded for staff", () =>
    Effect.gen(function*() {
      const { payment_id, session_id } = yield* failed
      const payments = yield* Payments
      yield* payments.abandon({ id: payment_id }, yield* Clock.currentTimeMillis)
      const payment = yield* paymentOf(payment_id)
      assert.deepInclude(payment, { status: "abandoned", failure_cause: "abandoned" })
      const opened = yield* Effect.flatMap(
        Requests,
        (requests) => requests.openAgain(payment, { command_id: "too-late", language: null })
      )
      assert.strictEqual(opened._tag, "NotPaid")
      assert.deepStrictEqual((yield* sessionsOn(payment_id)).map((row) => row.id), [session_id])
    }).pipe(Effect.provide(actorWorld)))

  it.effect("cannot be given up while another try looks", () =>
    Effect.gen(function*() {
      const { payment_id } = yield* failed
      yield* again(payment_id, "second-try")
      const given = yield* (yield* Payments).abandon({ id: payment_id }, 1)
      assert.strictEqual(given._tag === "Failure" ? given.failure.code : "", "ALREADY_ACTIVE")
      assert.strictEqual((yield* paymentOf(payment_id)).status, "confirmed")
    }).pipe(Effect.provide(actorWorld)))
})

describe("the same bestie again", () => {
  it.effect("is asked alone for twenty seconds; then everybody is, on the same payment", () =>
    Effect.gen(function*() {
      const ayu = yield* during(onlineMitra("Ayu"))
      const bunga = yield* during(onlineMitra("Bunga"))
      const tables = yield* MemoryTables
      const { customer_id, payment_id: other } = yield* during(paidRequest(300))
      const [first] = yield* sessionsOn(other)
      yield* during(toSession(first!.id, { _tag: "Cancel", by: customerSide(customer_id) }))
      // The same payment, as if it had been ordered for Ayu.
      const row = tables.payment_requests.get(other)!
      tables.payment_requests.set(other, { ...row, kind: "targeted", target_mitra_id: ayu })
      const payment = yield* paymentOf(other)
      const opened = yield* during(Effect.flatMap(Requests, (requests) => requests.openFor(payment)))
      const session_id = opened._tag === "Open" ? opened.session_id : ""
      assert.deepStrictEqual((yield* stateOf(session_id)).offers.map((offer) => offer.mitra_id), [ayu])
      const before = tables.chat_sessions.get(session_id)
      yield* TestClock.adjust("15 seconds")
      // Nothing to look for any more: no turn was written meanwhile.
      assert.strictEqual(tables.chat_sessions.get(session_id), before)
      yield* TestClock.adjust("6 seconds")
      assert.strictEqual((yield* stateOf(session_id)).end_reason, "returning_chat_timeout")
      assert.strictEqual((yield* paymentOf(other)).failure_cause, "returning_chat_timeout")
      yield* ping(bunga)
      yield* ping(ayu)
      const second = yield* again(other, "ask-everybody")
      const asked = yield* stateOf(second)
      assert.strictEqual(asked.kind, "blast")
      assert.sameMembers(asked.offers.map((offer) => offer.mitra_id), [ayu, bunga])
    }).pipe(Effect.provide(actorWorld)))
})

describe("a process that dies", () => {
  for (const lost of ["before", "after"] as const) {
    it.effect(`${lost} the offers of another try are committed: the repeat finds the try`, () =>
      Effect.gen(function*() {
        const { payment_id } = yield* failed
        const ayu = yield* during(onlineMitra("Ayu"))
        const faults = yield* JournalFaults
        faults.next = { lost, event: "OffersSent" }
        const second = yield* again(payment_id, "second-try")
        assert.isNull(faults.next)
        assert.strictEqual(yield* again(payment_id, "second-try"), second)
        yield* TestClock.adjust("3 seconds")
        const state = yield* stateOf(second)
        assert.deepStrictEqual(state.offers.map((offer) => offer.mitra_id), [ayu])
        yield* accept(second, ayu)
        assert.lengthOf(yield* sessionsOn(payment_id), 2)
        assert.deepStrictEqual(yield* chargesOf(second), [chat])
      }).pipe(Effect.provide(actorWorld)))

    it.effect(`${lost} the pairing of another try is committed: the repeat charges once`, () =>
      Effect.gen(function*() {
        const { payment_id } = yield* failed
        const ayu = yield* during(onlineMitra("Ayu"))
        const second = yield* again(payment_id, "second-try")
        const faults = yield* JournalFaults
        faults.next = { lost, event: "Paired" }
        const accepts = during(toSession(second, { _tag: "Accept", by: mitraSide(ayu) }, "the-accept"))
        assert.strictEqual((yield* Effect.flip(accepts))._tag, "Unavailable")
        assert.strictEqual((yield* accepts).status, "active")
        const state = yield* stateOf(second)
        assert.strictEqual(state.ledger.purchased_ms, 300_000)
        assert.strictEqual(state.ledger.open?.from, state.started_at)
        assert.deepStrictEqual(yield* chargesOf(second), [chat])
        const tables = yield* MemoryTables
        assert.lengthOf([...tables.mitra_slots.values()], 1)
      }).pipe(Effect.provide(actorWorld)))

    it.effect(`${lost} the end of a request is committed: it ends once, with its cause recorded`, () =>
      Effect.gen(function*() {
        const { payment_id, session_id } = yield* during(paidRequest(300))
        const faults = yield* JournalFaults
        faults.next = { lost, event: "RequestExpired" }
        yield* TestClock.adjust("70 seconds")
        assert.isNull(faults.next)
        assert.strictEqual((yield* stateOf(session_id)).status, "expired")
        assert.strictEqual((yield* paymentOf(payment_id)).failure_cause, "no_mitra_available")
      }).pipe(Effect.provide(actorWorld)))
  }
})
