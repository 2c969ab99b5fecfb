// The payment machine: every command in every status, money that comes late, comes twice or is the
// wrong amount, and the promise that it moves once whatever the order and number of deliveries.
import { assert, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as fc from "fast-check"
import {
  deadlineOf,
  decide,
  evolve,
  type PaymentCommand,
  type PaymentEvent,
  type PaymentState,
  type PaymentStatus,
  paymentStatuses
} from "../../src/domain/payment.ts"
import { deepFreeze } from "./deep-freeze.ts"

const EXPIRES = 1_200_000
const pending: PaymentState = {
  id: "payment-1",
  product: "chat_session",
  status: "pending",
  amount_idr: 12_000,
  expires_at: EXPIRES,
  confirmed_at: null
}
const confirm: PaymentCommand = { _tag: "Confirm", amount_idr: 12_000 }
const failPairing: PaymentCommand = { _tag: "FailPairing", cause: "no_mitra_available" }

const abandon: PaymentCommand = { _tag: "Abandon", has_open_request: false }

const run = (state: PaymentState, commands: ReadonlyArray<PaymentCommand>, now: number): PaymentState =>
  commands.reduce((current, command) => decide(current, command, now).events.reduce(evolve, current), state)

const inStatus: { readonly [Status in PaymentStatus]: PaymentState } = {
  pending,
  confirmed: run(pending, [confirm], 1000),
  consumed: run(pending, [confirm, { _tag: "Consume" }], 1000),
  expired: run(pending, [{ _tag: "Expire" }], EXPIRES),
  abandoned: run(pending, [abandon], 1000),
  failed_pairing: run(pending, [confirm, failPairing], 1000)
}

type Outcome = PaymentEvent["_tag"] | "unchanged" | "PAYMENT_NOT_PENDING" | "BAD_REQUEST" | "ALREADY_ACTIVE"
const outcomeOf = (state: PaymentState, command: PaymentCommand, now: number): Outcome => {
  const { events, reply } = decide(state, command, now)
  if (Result.isFailure(reply)) return reply.failure.code as Outcome
  if (reply.success === "unchanged") assert.deepStrictEqual(events, [])
  return events[0]?._tag ?? "unchanged"
}

const no = "PAYMENT_NOT_PENDING"
const matrix: { readonly [Status in PaymentStatus]: ReadonlyArray<Outcome> } = {
  // Confirm, Expire (after its time), Consume, Abandon, FailPairing
  pending: ["PaymentConfirmed", "PaymentExpired", no, "PaymentAbandoned", no],
  confirmed: ["unchanged", "unchanged", "PaymentConsumed", "PaymentAbandoned", "PairingFailed"],
  consumed: ["unchanged", "unchanged", "unchanged", no, no],
  expired: ["PaymentConfirmed", "unchanged", no, no, no],
  abandoned: ["AbandonedPaymentPaid", "unchanged", no, "unchanged", no],
  failed_pairing: ["unchanged", "unchanged", no, no, "unchanged"]
}
const commands: ReadonlyArray<PaymentCommand> = [
  confirm,
  { _tag: "Expire" },
  { _tag: "Consume" },
  abandon,
  failPairing
]
const cells = paymentStatuses.flatMap((status) =>
  commands.map((command, index) => ({ status, command, tag: command._tag, outcome: matrix[status][index] }))
)

it.each(cells)("$tag on a payment that is $status: $outcome", ({ command, outcome, status }) => {
  assert.strictEqual(inStatus[status].status, status)
  assert.strictEqual(outcomeOf(inStatus[status], command, EXPIRES + 1), outcome)
})

it("A pending payment expires at its time and not before", () => {
  assert.strictEqual(outcomeOf(pending, { _tag: "Expire" }, EXPIRES - 1), "unchanged")
  assert.strictEqual(outcomeOf(pending, { _tag: "Expire" }, EXPIRES), "PaymentExpired")
})

it("Only a pending payment has a deadline", () => {
  assert.strictEqual(deadlineOf(pending), EXPIRES)
  for (const status of paymentStatuses.filter((name) => name !== "pending")) {
    assert.isNull(deadlineOf(inStatus[status]))
  }
})

it("Another amount than was asked for confirms nothing, and says both amounts", () => {
  const { events, reply } = decide(pending, { _tag: "Confirm", amount_idr: 11_999 }, 1)
  assert.deepStrictEqual(events, [])
  assert.deepStrictEqual(Result.isFailure(reply) ? reply.failure.details : null, {
    payment_id: "payment-1",
    expected: 12_000,
    given: 11_999
  })
})

it("A repeat with another amount is still a repeat", () => {
  assert.strictEqual(outcomeOf(inStatus.consumed, { _tag: "Confirm", amount_idr: 1 }, 1), "unchanged")
})

const confirmed = (state: PaymentState, now: number): unknown => decide(state, confirm, now).events

it("Money that comes late still counts, and is marked late whether or not a sweep ran first", () => {
  assert.deepStrictEqual(confirmed(inStatus.expired, EXPIRES + 5), [
    { _tag: "PaymentConfirmed", at: EXPIRES + 5, late: true }
  ])
  assert.deepStrictEqual(confirmed(pending, EXPIRES + 5), [{
    _tag: "PaymentConfirmed",
    at: EXPIRES + 5,
    late: true
  }])
  assert.deepStrictEqual(confirmed(pending, EXPIRES - 1), [{
    _tag: "PaymentConfirmed",
    at: EXPIRES - 1,
    late: false
  }])
})

it("A paid request that was given up is not confirmed again by a repeated webhook", () => {
  const givenUp = run(inStatus.confirmed, [abandon], 2000)
  assert.strictEqual(givenUp.status, "abandoned")
  assert.strictEqual(outcomeOf(givenUp, confirm, 3000), "unchanged")
})

it("Money for an order that was given up is kept with it, and confirms nothing", () => {
  assert.deepStrictEqual(confirmed(inStatus.abandoned, 5), [{ _tag: "AbandonedPaymentPaid", at: 5 }])
  const paid = run(inStatus.abandoned, [confirm, confirm], 2000)
  assert.deepStrictEqual([paid.status, paid.confirmed_at], ["abandoned", 2000])
  assert.deepStrictEqual(paid, { ...run(inStatus.confirmed, [abandon], 1500), confirmed_at: 2000 })
})

it("A payment is not given up while a request is open on it", () => {
  const open: PaymentCommand = { _tag: "Abandon", has_open_request: true }
  assert.strictEqual(outcomeOf(inStatus.confirmed, open, 2000), "ALREADY_ACTIVE")
  assert.strictEqual(outcomeOf(inStatus.abandoned, open, 2000), "unchanged")
})

it("An extension can be given up before it is paid, and not while its session decides", () => {
  assert.strictEqual(outcomeOf({ ...pending, product: "extension" }, abandon, 1), "PaymentAbandoned")
  const paid: PaymentState = { ...inStatus.confirmed, product: "extension" }
  assert.strictEqual(outcomeOf(paid, abandon, 2000), "PAYMENT_NOT_PENDING")
})

it("A refusal says which payment, what it is, and what it cannot be", () => {
  const { reply } = decide(pending, { _tag: "Consume" }, 1)
  assert.isTrue(Result.isFailure(reply))
  if (Result.isFailure(reply)) {
    assert.deepStrictEqual(reply.failure.details, { payment_id: "payment-1", status: "pending" })
    assert.strictEqual(reply.failure.message, "A payment that is pending cannot be consumed.")
  }
})

const anyCommand: fc.Arbitrary<PaymentCommand> = fc.oneof(
  fc.constantFrom(...commands),
  fc.record({ _tag: fc.constant("Confirm" as const), amount_idr: fc.constantFrom(12_000, 0, 11_999) })
)
const anyStep = fc.record({ command: anyCommand, later_ms: fc.constantFrom(0, 1, EXPIRES / 2, EXPIRES) })

it("Whatever the order and number of deliveries, money comes once and is used at most once", () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 30 }), (steps) => {
      const events: Array<PaymentEvent> = []
      let state = pending
      let now = 0
      for (const { command, later_ms } of steps) {
        now += later_ms
        const decision = decide(deepFreeze(state), deepFreeze(command), now)
        assert.deepStrictEqual(decide(state, command, now).events, decision.events)
        if (Result.isFailure(decision.reply)) assert.deepStrictEqual(decision.events, [])
        events.push(...decision.events)
        state = decision.events.reduce(evolve, state)
        assert.deepStrictEqual(decide(state, command, now).events, [], "a repeat changes nothing")
        assert.isTrue(decision.events.every((event) => event.at === now))
      }
      const count = (tag: PaymentEvent["_tag"]): number => events.filter((event) => event._tag === tag).length
      const came = count("PaymentConfirmed") + count("AbandonedPaymentPaid")
      assert.isAtMost(came, 1)
      assert.isAtMost(count("PaymentConsumed") + count("PairingFailed"), count("PaymentConfirmed"))
      assert.strictEqual(state.confirmed_at !== null, came === 1)
      const paid = state.status === "confirmed" || state.status === "consumed" ||
        state.status === "failed_pairing"
      if (paid) assert.isNotNull(state.confirmed_at)
    }),
    { numRuns: 1000 }
  )
})
