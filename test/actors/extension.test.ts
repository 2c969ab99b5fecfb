// Extensions through the real actors under virtual time: what they do to the clock, the ledger and the
// money, and that a process which dies at the worst line leaves all three right.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import { Requests } from "../../src/actors/session/requests.ts"
import { chargedMs, isBalanced } from "../../src/domain/ledger.ts"
import { MemoryTables } from "../../testkit/memory/store/tables.ts"
import { Payments } from "../../src/services/payments/payments.ts"
import { Presence } from "../../src/services/availability/presence.ts"
import { SessionViews } from "../../src/services/sessions/session-views.ts"
import { actorWorld, stateOf, toSession } from "./actor-world.ts"
import { JournalFaults } from "./faulty-journal.ts"
import {
  answer,
  chargesOf,
  confirmedExtension,
  customerSide,
  during,
  paidExtension,
  paymentOf,
  ping,
  running
} from "./playing.ts"

const chat = { amount_idr: 1000, product: "chat_session" } as const
const more = { amount_idr: 700, product: "extension" } as const

const eventsOf = Effect.fnUntraced(function*(session_id: string) {
  const events = yield* (yield* SessionViews).eventsAfter(session_id, 0, 100)
  return events.map(({ event }) => event._tag)
})

describe("an extension", () => {
  it.effect("pauses the clock, is charged with the yes and not before, and ends on the millisecond", () =>
    Effect.gen(function*() {
      const session = yield* running(300)
      yield* TestClock.adjust("100 seconds")
      const { outcome, payment } = yield* paidExtension(session, 120)
      assert.strictEqual(outcome._tag, "Open")
      const asked = yield* stateOf(session.session_id)
      assert.strictEqual(asked.status, "extending")
      assert.strictEqual((yield* paymentOf(payment.id)).status, "confirmed")
      assert.deepStrictEqual(yield* chargesOf(session.session_id), [chat])
      yield* TestClock.adjust("5 seconds")
      yield* answer(session, true)
      const resumed = yield* stateOf(session.session_id)
      const paused = resumed.ledger.entries.at(-1)
      const pause = (paused?.to ?? 0) - (paused?.from ?? 0)
      assert.strictEqual(resumed.ends_at, session.started + 420_000 + pause)
      assert.strictEqual((yield* paymentOf(payment.id)).status, "consumed")
      assert.deepStrictEqual(yield* chargesOf(session.session_id), [chat, more])
      yield* TestClock.adjust("6 minutes")
      const over = yield* stateOf(session.session_id)
      assert.strictEqual(over.status, "closing")
      assert.strictEqual(over.ledger.entries.at(-1)?.to, session.started + 420_000 + pause)
      assert.isTrue(isBalanced(over.ledger))
      assert.strictEqual(chargedMs(over.ledger), 420_000)
    }).pipe(Effect.provide(actorWorld)))

  it.effect("may follow another, and both are warned again before each new end", () =>
    Effect.gen(function*() {
      const session = yield* running(300)
      yield* TestClock.adjust("250 seconds")
      yield* paidExtension(session, 60)
      yield* answer(session, true)
      yield* TestClock.adjust("80 seconds")
      yield* paidExtension(session, 300)
      yield* answer(session, true)
      const state = yield* stateOf(session.session_id)
      assert.strictEqual(state.ledger.purchased_ms, 660_000)
      assert.deepStrictEqual(yield* chargesOf(session.session_id), [chat, more, more])
      yield* TestClock.adjust("6 minutes")
      assert.strictEqual((yield* stateOf(session.session_id)).status, "closing")
      const warnings = (yield* eventsOf(session.session_id)).filter((tag) => tag === "WarningGiven")
      assert.lengthOf(warnings, 5)
    }).pipe(Effect.provide(actorWorld)))

  it.effect("nobody answers is approved at its deadline when the mitra is reachable", () =>
    Effect.gen(function*() {
      const session = yield* running(300)
      yield* TestClock.adjust("20 seconds")
      yield* ping(session.ayu)
      const { payment } = yield* paidExtension(session, 120)
      const deadline = (yield* stateOf(session.session_id)).extension?.deadline_at ?? 0
      yield* TestClock.adjust("11 seconds")
      const state = yield* stateOf(session.session_id)
      assert.strictEqual(state.status, "active")
      assert.strictEqual(state.ledger.open?.from, deadline)
      assert.strictEqual((yield* paymentOf(payment.id)).status, "consumed")
    }).pipe(Effect.provide(actorWorld)))

  it.effect("nobody answers is approved also when her pings stopped but a socket of hers is open", () =>
    Effect.gen(function*() {
      const session = yield* running(300)
      yield* (yield* Presence).register({ user_type: "mitra", user_id: session.ayu })
      yield* TestClock.adjust("100 seconds")
      yield* paidExtension(session, 120)
      yield* TestClock.adjust("11 seconds")
      assert.strictEqual((yield* stateOf(session.session_id)).status, "active")
    }).pipe(Effect.provide(actorWorld)))

  it.effect("nobody answers ends the chat when the mitra cannot be reached, and staff see the money", () =>
    Effect.gen(function*() {
      const session = yield* running(300)
      yield* TestClock.adjust("100 seconds")
      const { payment } = yield* paidExtension(session, 120)
      yield* TestClock.adjust("11 seconds")
      const state = yield* stateOf(session.session_id)
      assert.strictEqual(state.status, "closing")
      assert.strictEqual(state.end_reason, "extension_timeout")
      assert.isTrue(isBalanced(state.ledger))
      const failed = yield* paymentOf(payment.id)
      assert.deepInclude(failed, { status: "failed_pairing", failure_cause: "extension_timeout" })
      assert.deepStrictEqual(yield* chargesOf(session.session_id), [chat])
    }).pipe(Effect.provide(actorWorld)))

  it.effect("the mitra rejects ends the chat, charges nothing more and is recorded for staff", () =>
    Effect.gen(function*() {
      const session = yield* running(300)
      const { payment } = yield* paidExtension(session, 120)
      yield* answer(session, false)
      const state = yield* stateOf(session.session_id)
      assert.strictEqual(state.end_reason, "extension_rejected")
      assert.strictEqual(state.ledger.entries.at(-1)?.state, "forfeited")
      assert.isTrue(isBalanced(state.ledger))
      assert.deepInclude(yield* paymentOf(payment.id), {
        status: "failed_pairing",
        failure_cause: "extension_rejected"
      })
      assert.deepStrictEqual(yield* chargesOf(session.session_id), [chat])
    }).pipe(Effect.provide(actorWorld)))

  it.effect("the customer ends meanwhile is not charged, and its money is recorded for staff", () =>
    Effect.gen(function*() {
      const session = yield* running(300)
      const { payment } = yield* paidExtension(session, 120)
      yield* during(toSession(session.session_id, { _tag: "End", by: customerSide(session.customer_id) }))
      assert.deepInclude(yield* paymentOf(payment.id), {
        status: "failed_pairing",
        failure_cause: "ended_by_customer"
      })
      assert.isTrue(isBalanced((yield* stateOf(session.session_id)).ledger))
    }).pipe(Effect.provide(actorWorld)))

  it.effect("paid in the very instant in which the time runs out comes too late: the clock is first", () =>
    Effect.gen(function*() {
      const session = yield* running(300)
      yield* TestClock.adjust("200 seconds")
      const now = (yield* stateOf(session.session_id)).ends_at ?? 0
      yield* TestClock.setTime(now - 1)
      const payment = yield* confirmedExtension(session, 120)
      yield* TestClock.setTime(now)
      const outcome = yield* during(Effect.flatMap(Requests, (requests) => requests.openFor(payment)))
      assert.deepStrictEqual(outcome, { _tag: "Failed", cause: "SESSION_CLOSING" })
      const state = yield* stateOf(session.session_id)
      assert.strictEqual(state.end_reason, "time_up")
      assert.strictEqual(state.ledger.entries.at(-1)?.to, now)
      assert.deepInclude(yield* paymentOf(payment.id), {
        status: "failed_pairing",
        failure_cause: "SESSION_CLOSING"
      })
    }).pipe(Effect.provide(actorWorld)))

  it.effect("that a second payment asks for at once is kept, and handed over when the first is decided", () =>
    Effect.gen(function*() {
      const session = yield* running(600)
      yield* paidExtension(session, 60)
      const second = yield* paidExtension(session, 60)
      assert.strictEqual(second.outcome._tag, "Blocked")
      assert.deepInclude(yield* paymentOf(second.payment.id), {
        status: "confirmed",
        failure_cause: "EXTENSION_PENDING"
      })
      yield* answer(session, true)
      yield* TestClock.adjust("61 seconds")
      assert.strictEqual((yield* stateOf(session.session_id)).extension?.payment_id, second.payment.id)
    }).pipe(Effect.provide(actorWorld)))
})

describe("a process that dies", () => {
  it.effect("between the confirmation and the session leaves the extension to the payments sweep", () =>
    Effect.gen(function*() {
      const session = yield* running(600)
      const payment = yield* confirmedExtension(session, 60)
      yield* TestClock.adjust("61 seconds")
      const events = yield* eventsOf(session.session_id)
      assert.lengthOf(events.filter((tag) => tag === "ExtensionRequested"), 1)
      assert.notStrictEqual((yield* paymentOf(payment.id)).status, "pending")
    }).pipe(Effect.provide(actorWorld)))

  for (const lost of ["before", "after"] as const) {
    it.effect(`${lost} the commit of a request for more time: a repeat asks once`, () =>
      Effect.gen(function*() {
        const session = yield* running(300)
        const payment = yield* confirmedExtension(session, 120)
        const faults = yield* JournalFaults
        faults.next = { lost, event: "ExtensionRequested" }
        const hand = during(Effect.flatMap(Requests, (requests) => requests.openFor(payment)))
        assert.strictEqual((yield* Effect.flip(hand))._tag, "Unavailable")
        assert.isNull(faults.next)
        assert.strictEqual((yield* hand)._tag, "Open")
        const events = yield* eventsOf(session.session_id)
        assert.lengthOf(events.filter((tag) => tag === "ExtensionRequested"), 1)
        const { ledger, status } = yield* stateOf(session.session_id)
        assert.strictEqual(status, "extending")
        assert.strictEqual(ledger.open?.state, "paused")
        assert.deepStrictEqual(yield* chargesOf(session.session_id), [chat])
      }).pipe(Effect.provide(actorWorld)))

    it.effect(`${lost} the commit of an approval: a repeat charges once and adds the time once`, () =>
      Effect.gen(function*() {
        const session = yield* running(300)
        const { payment } = yield* paidExtension(session, 120)
        const faults = yield* JournalFaults
        faults.next = { lost, event: "SessionResumed" }
        const seq = (yield* stateOf(session.session_id)).extension?.seq ?? 0
        const command = {
          _tag: "AnswerExtension",
          by: { side: "mitra", id: session.ayu },
          extension_seq: seq,
          approve: true
        } as const
        const approve = during(toSession(session.session_id, command, "the-one-yes"))
        assert.strictEqual((yield* Effect.flip(approve))._tag, "Unavailable")
        assert.strictEqual((yield* approve).status, "active")
        const { ledger, status } = yield* stateOf(session.session_id)
        assert.strictEqual(status, "active")
        assert.strictEqual(ledger.purchased_ms, 420_000)
        assert.deepStrictEqual(yield* chargesOf(session.session_id), [chat, more])
        assert.strictEqual((yield* paymentOf(payment.id)).status, "consumed")
        const tables = yield* MemoryTables
        assert.lengthOf([...tables.mitra_slots.values()], 1)
      }).pipe(Effect.provide(actorWorld)))

    it.effect(`${lost} the commit of a rejection: the deadline timer or a repeat closes it once`, () =>
      Effect.gen(function*() {
        const session = yield* running(300)
        const { payment } = yield* paidExtension(session, 120)
        const faults = yield* JournalFaults
        faults.next = { lost, event: "ClosingStarted" }
        assert.strictEqual((yield* Effect.flip(answer(session, false, "the-one-no")))._tag, "Unavailable")
        const again = {
          _tag: "AnswerExtension",
          by: { side: "mitra", id: session.ayu },
          extension_seq: 3,
          approve: false
        } as const
        yield* during(toSession(session.session_id, again, "the-one-no"))
        const { ledger, status } = yield* stateOf(session.session_id)
        assert.strictEqual(status, "closing")
        assert.isTrue(isBalanced(ledger))
        assert.strictEqual((yield* paymentOf(payment.id)).status, "failed_pairing")
        const tables = yield* MemoryTables
        assert.lengthOf([...tables.mitra_slots.values()], 0)
      }).pipe(Effect.provide(actorWorld)))
  }
})

describe("a confirmed payment", () => {
  it.effect("for more time cannot be given up while its session decides", () =>
    Effect.gen(function*() {
      const session = yield* running(300)
      const { payment } = yield* paidExtension(session, 120)
      const given = yield* (yield* Payments).abandon(payment, 1)
      assert.strictEqual(given._tag === "Failure" ? given.failure.code : "", "PAYMENT_NOT_PENDING")
    }).pipe(Effect.provide(actorWorld)))
})
