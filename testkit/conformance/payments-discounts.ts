// What every Payments adapter must do with the first session's discount, with money that is not what was
// asked for, and with payments whose provider must be asked.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { Accounts } from "../../src/services/accounts/accounts.ts"
import { Payments } from "../../src/services/payments/payments.ts"
import { atOnce, customerId, hour, idOf, minute, t0, times } from "./given.ts"
import { givenTier, paying, payment } from "./given-payments.ts"
import type { Pricing } from "../../src/services/payments/pricing.ts"
import type { Staff } from "../../src/services/accounts/staff.ts"

type Needs = Payments | Accounts | Pricing | Staff
type Test = (title: string, body: Effect.Effect<void, unknown, Needs>) => void

export const paymentDiscounts = (name: string, layer: Layer.Layer<Needs>) =>
  describe(`Payments: discounts, anomalies and looks (${name})`, () => {
    const test: Test = (title, body) =>
      it.live(title, () => Effect.andThen(givenTier, body).pipe(Effect.provide(layer)))
    discounts(test)
    anomalies(test)
    looks(test)
  })

const cheaper = (n: number, more: object = {}) =>
  payment(n, {
    amount_idr: 8_000,
    discount_idr: 2_000,
    provider: "xendit",
    next_check_at: t0 + minute,
    ...more
  })

const may = Effect.flatMap(Payments, (port) => port.mayHaveDiscount(customerId))

const discounts = (test: Test) => {
  test(
    "of many discounted orders of one customer at once exactly one gets the discount",
    Effect.gen(function*() {
      const port = yield* Payments
      // More than one round: connections that are only being opened do not race.
      for (const round of times(6)) {
        const customer_id = idOf(0xd0 + round)
        const customer = { id: customer_id, call_name: "Ani", phone: null, created_at: t0 }
        yield* (yield* Accounts).createCustomer(customer)
        assert.isTrue(yield* port.mayHaveDiscount(customer_id), "everybody has an own one")
        const orders = times(8).map((n) => cheaper(0x100 * (round + 1) + n, { customer_id }))
        const made = yield* atOnce(orders.map((order) => port.createDiscounted(order)))
        const stored = made.filter((each) => each !== null)
        assert.lengthOf(stored, 1)
        assert.deepStrictEqual(yield* port.openOf(customer_id), stored)
        assert.isFalse(yield* port.mayHaveDiscount(customer_id))
        for (const each of stored) {
          assert.deepStrictEqual(yield* port.createDiscounted(each), each, "its own repeat finds it")
        }
      }
    })
  )

  test(
    "the discount is free again when its order can no longer be paid, and gone when money came",
    Effect.gen(function*() {
      const port = yield* Payments
      yield* port.createDiscounted(cheaper(1))
      yield* port.abandon({ id: idOf(1) }, t0 + 1)
      assert.isFalse(yield* may, "the provider may still take money for it")
      yield* port.checked(idOf(1), null, t0 + 2)
      assert.isTrue(yield* may)
      yield* port.createDiscounted(cheaper(2))
      yield* port.checked(idOf(2), null, t0 + hour)
      assert.strictEqual((yield* port.find(idOf(2)))?.status, "expired")
      assert.isTrue(yield* may)
      yield* port.create(payment(3))
      assert.isTrue(yield* may, "an order in full takes nothing")
      yield* port.confirm(paying(3, t0 + 5))
      assert.isFalse(yield* may)
      assert.isNull(yield* port.createDiscounted(cheaper(4)))
      assert.isNull(yield* port.find(idOf(4)))
    })
  )

  test(
    "of two discounted orders that are paid in one moment one is good, and the other's money goes back",
    Effect.gen(function*() {
      const port = yield* Payments
      for (const round of times(6)) {
        const customer_id = idOf(0xe0 + round)
        const customer = { id: customer_id, call_name: "Ani", phone: null, created_at: t0 }
        yield* (yield* Accounts).createCustomer(customer)
        const [one, two] = [0x900 + 2 * round, 0x901 + 2 * round]
        yield* port.createDiscounted(cheaper(one, { customer_id }))
        // Its time is over, so the discount is free again; its money comes late all the same.
        yield* port.checked(idOf(one), null, t0 + hour)
        yield* port.createDiscounted(cheaper(two, { customer_id }))
        yield* atOnce([one, two].map((n) => port.confirm({ ...paying(n, t0 + hour), amount_idr: 8_000 })))
        const found = yield* Effect.forEach([one, two], (n) => port.find(idOf(n)))
        const outcomes = found.map((each) => `${each?.status} ${each?.failure_cause}`)
        assert.sameMembers(outcomes, ["confirmed null", "abandoned discount_taken"])
      }
    })
  )

  test(
    "what is open of a customer comes newest first, without what is over",
    Effect.gen(function*() {
      const port = yield* Payments
      for (const n of [1, 2, 3, 4]) yield* port.create(payment(n, { created_at: t0 + n }))
      yield* port.abandon({ id: idOf(2) }, t0 + 10)
      yield* port.confirm(paying(3, t0 + 10))
      const open = yield* port.openOf(customerId)
      assert.deepStrictEqual(open.map((each) => [each.id, each.status]), [
        [idOf(4), "pending"],
        [idOf(3), "confirmed"],
        [idOf(1), "pending"]
      ])
      assert.deepStrictEqual(yield* port.openOf(idOf(0xc9)), [])
    })
  )
}

const anomalyOf = Effect.fnUntraced(function*(n: number) {
  const found = yield* (yield* Payments).review(idOf(n))
  return [found?.anomaly, found?.anomaly_idr, found?.anomaly_ref, found?.anomaly_at]
})

const anomalies = (test: Test) => {
  test(
    "another amount is recorded on the payment once, and the right one still confirms it",
    Effect.gen(function*() {
      const port = yield* Payments
      yield* port.create(payment(1))
      const wrong = { ...paying(1, t0 + 1), amount_idr: 9_999.5, provider_ref: "wrong" }
      assert.strictEqual((yield* port.confirm(wrong))._tag, "AmountMismatch")
      yield* port.confirm({ ...wrong, now: t0 + 2 })
      const recorded = ["amount_mismatch", 10_000, "wrong", t0 + 1] as const
      assert.deepStrictEqual(yield* anomalyOf(1), [...recorded])
      assert.strictEqual((yield* port.find(idOf(1)))?.status, "pending")
      assert.strictEqual((yield* port.confirm(paying(1, t0 + 3)))._tag, "Confirmed")
      assert.deepStrictEqual(yield* anomalyOf(1), [...recorded])
    })
  )

  test(
    "other money for a paid payment is recorded, its own word again is not",
    Effect.gen(function*() {
      const port = yield* Payments
      yield* port.create(payment(1))
      yield* port.confirm(paying(1, t0 + 1))
      assert.strictEqual((yield* port.confirm(paying(1, t0 + 2)))._tag, "AlreadyConfirmed")
      assert.deepStrictEqual(yield* anomalyOf(1), [null, null, null, null])
      const other = { ...paying(1, t0 + 3), provider_ref: "second invoice" }
      assert.strictEqual((yield* port.confirm(other))._tag, "PaidTwice")
      assert.deepStrictEqual(yield* anomalyOf(1), ["paid_twice", 10_000, "second invoice", t0 + 3])
    })
  )
}

const looks = (test: Test) => {
  test(
    "what is due to be asked comes longest due first; a confirmation ends the asking",
    Effect.gen(function*() {
      const port = yield* Payments
      for (const [n, at] of [[1, 30], [2, 10], [3, 20], [4, 40]] as const) {
        yield* port.create(payment(n, { provider: "xendit", next_check_at: t0 + at }))
      }
      yield* port.create(payment(5))
      const due = (now: number, limit = 10) =>
        Effect.map(port.dueForCheck(now, limit), (rows) => rows.map((row) => row.id))
      assert.deepStrictEqual(yield* due(t0 + 9), [])
      assert.deepStrictEqual(yield* due(t0 + 30), [idOf(2), idOf(3), idOf(1)])
      assert.deepStrictEqual(yield* due(t0 + 30, 1), [idOf(2)])
      yield* port.checked(idOf(2), t0 + 35, t0 + 30)
      yield* port.confirm(paying(3, t0 + 30))
      yield* port.checked(idOf(3), t0 + 31, t0 + 30)
      assert.deepStrictEqual(yield* due(t0 + 35), [idOf(1), idOf(2)])
      assert.isNull((yield* port.find(idOf(3)))?.next_check_at)
    })
  )

  test(
    "only the provider's last word expires a payment that it keeps books of, and not before its time",
    Effect.gen(function*() {
      const port = yield* Payments
      yield* port.create(payment(1, { provider: "xendit", next_check_at: t0 + minute }))
      yield* port.create(payment(2))
      assert.deepStrictEqual(yield* port.expireStale(t0 + hour, 10), [idOf(2)])
      yield* port.checked(idOf(1), t0 + 2 * hour, t0 + hour)
      assert.strictEqual((yield* port.find(idOf(1)))?.status, "pending")
      yield* port.checked(idOf(1), null, t0 + hour)
      assert.deepInclude(yield* port.find(idOf(1)), { status: "expired", next_check_at: null })
      yield* port.create(payment(3, { provider: "xendit", next_check_at: t0 + minute }))
      yield* port.checked(idOf(3), null, t0 + 5 * minute)
      assert.strictEqual((yield* port.find(idOf(3)))?.status, "pending")
    })
  )

  test(
    "a confirmation that crosses the last look always wins",
    Effect.gen(function*() {
      const port = yield* Payments
      const ids = times(10).map((n) => n + 1)
      yield* atOnce(ids.map((n) => port.create(payment(n, { provider: "xendit", next_check_at: t0 }))))
      yield* atOnce(ids.flatMap((n) => [
        Effect.asVoid(port.checked(idOf(n), null, t0 + hour)),
        Effect.asVoid(port.confirm(paying(n, t0 + hour)))
      ]))
      const found = yield* atOnce(ids.map((n) => port.find(idOf(n))))
      for (const each of found) assert.deepInclude(each, { status: "confirmed", next_check_at: null })
    })
  )
}
