// What every Payments adapter must do: tiers, payment requests, and money that moves once.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Layer from "effect/Layer"
import type { Accounts } from "../../src/services/accounts/accounts.ts"
import { type Payment, Payments } from "../../src/services/payments/payments.ts"
import { Pricing } from "../../src/services/payments/pricing.ts"
import { atOnce, hour, idOf, minute, mitraId, t0, times } from "./given.ts"
import { givenTier, paying, payment, tier } from "./given-payments.ts"
import type { Staff } from "../../src/services/accounts/staff.ts"

type Needs = Payments | Accounts | Pricing | Staff
type Test = (title: string, body: Effect.Effect<void, unknown, Needs>) => void

export const payments = (name: string, layer: Layer.Layer<Needs>) =>
  describe(`Payments (${name})`, () => {
    const test: Test = (title, body) =>
      it.live(title, () => Effect.andThen(givenTier, body).pipe(Effect.provide(layer)))
    tiers(test)
    creating(test)
    confirming(test)
    crossing(test)
  })

const tiers = (test: Test) => {
  test(
    "tiers on sale come cheapest first; one taken off sale is still found",
    Effect.gen(function*() {
      const port = yield* Pricing
      const hourly = {
        ...tier,
        id: "chat-60",
        label: "60 minutes",
        duration_seconds: 3600,
        price_idr: 90_000
      }
      const demo = { ...tier, id: "demo", duration_seconds: 12, price_idr: 1_000 }
      const old = { ...tier, id: "old", is_active: false }
      const call = { ...tier, id: "call-5", mode: "call" as const }
      for (const each of [hourly, old, demo, call]) yield* port.replaceTier(each, t0)
      assert.deepStrictEqual(yield* port.tiers, [demo, call, tier, hourly])
      assert.deepStrictEqual(yield* port.findTier("old"), old)
      assert.isNull(yield* port.findTier("none"))
      yield* port.replaceTier({ ...demo, price_idr: 95_000 }, t0 + 1)
      assert.deepStrictEqual((yield* port.tiers).map((each) => each.id), [
        "call-5",
        "chat-5",
        "chat-60",
        "demo"
      ])
    })
  )

  test(
    "a tier the database refuses dies: a bad id, a bad length, a negative price",
    Effect.gen(function*() {
      const port = yield* Pricing
      for (const bad of [{ id: "Bad Id" }, { duration_seconds: 0 }, { price_idr: -1 }]) {
        const exit = yield* Effect.exit(port.replaceTier({ ...tier, ...bad }, t0))
        assert.isTrue(Exit.hasDies(exit), JSON.stringify(bad))
      }
      assert.deepStrictEqual(yield* port.tiers, [tier])
    })
  )
}

const creating = (test: Test) => {
  test(
    "a payment is found as it was created; the same id again gives the stored one",
    Effect.gen(function*() {
      const port = yield* Payments
      const targeted = payment(2, { kind: "targeted", target_mitra_id: mitraId, topic: "regular" })
      assert.deepStrictEqual(yield* port.create(payment(1)), payment(1))
      assert.deepStrictEqual(yield* port.create(targeted), targeted)
      assert.deepStrictEqual(yield* port.find(idOf(2)), targeted)
      assert.deepStrictEqual(yield* port.create(payment(1, { amount_idr: 5 })), payment(1))
      assert.isNull(yield* port.find(idOf(3)))
      assert.isNull(yield* port.find("no-uuid"))
    })
  )

  test(
    "the same payment created many times at once is one payment",
    Effect.gen(function*() {
      const port = yield* Payments
      const created = yield* atOnce(
        times(8).map((n) => port.create(payment(1, { checkout_url: `https://pay.example/${n}` })))
      )
      const stored = yield* port.find(idOf(1))
      for (const each of created) assert.deepStrictEqual(each, stored)
    })
  )

  test(
    "what the database refuses dies: another status, a wrong target, an unknown customer or tier",
    Effect.gen(function*() {
      const port = yield* Payments
      const bad: ReadonlyArray<Partial<Payment>> = [
        { status: "confirmed", confirmed_at: t0 },
        { kind: "targeted" },
        { target_mitra_id: mitraId },
        { customer_id: idOf(0x99) },
        { tier_id: "none" },
        { expires_at: t0 },
        { amount_idr: -1 }
      ]
      for (const each of bad) {
        const exit = yield* Effect.exit(port.create(payment(1, each)))
        assert.isTrue(Exit.hasDies(exit), JSON.stringify(each))
      }
      assert.isNull(yield* port.find(idOf(1)))
    })
  )

  test(
    "a raw webhook is stored whatever is in it, and a repeat is no error",
    Effect.gen(function*() {
      const port = yield* Payments
      const raw = {
        id: idOf(1),
        provider: "built-in",
        headers: "a: b",
        body: "\u0000{\uD800 not json",
        at: t0
      }
      yield* port.logWebhook(raw)
      yield* port.logWebhook(raw)
    })
  )
}

const confirming = (test: Test) => {
  test(
    "the provider's word confirms once; hearing it again changes nothing",
    Effect.gen(function*() {
      const port = yield* Payments
      yield* port.create(payment(1))
      const confirmed = payment(1, { status: "confirmed", confirmed_at: t0 + minute })
      assert.deepStrictEqual(yield* port.confirm(paying(1, t0 + minute)), {
        _tag: "Confirmed",
        payment: confirmed
      })
      assert.deepStrictEqual(yield* port.confirm(paying(1, t0 + hour)), {
        _tag: "AlreadyConfirmed",
        payment: confirmed
      })
      assert.deepStrictEqual(yield* port.find(idOf(1)), confirmed)
    })
  )

  test(
    "one that was read before is confirmed as it is now, not as it was",
    Effect.gen(function*() {
      const port = yield* Payments
      for (const n of [1, 2, 3]) yield* port.create(payment(n))
      const word = (n: number) => ({ ...paying(n, t0 + minute), seen: payment(n) })
      const changes = { status: "confirmed", confirmed_at: t0 + minute } as const
      const confirmed = payment(1, changes)
      assert.deepStrictEqual(yield* port.confirm(word(1)), { _tag: "Confirmed", payment: confirmed })
      assert.deepStrictEqual(yield* port.confirm(word(1)), { _tag: "AlreadyConfirmed", payment: confirmed })
      const other = { ...word(1), provider_ref: "other money" }
      assert.deepStrictEqual(yield* port.confirm(other), { _tag: "PaidTwice", payment: confirmed })
      yield* port.abandon({ id: idOf(2) }, t0)
      const late = yield* port.confirm(word(2))
      assert.strictEqual("payment" in late ? late.payment.status : late._tag, "abandoned")
      yield* port.expireStale(t0 + hour, 1)
      assert.strictEqual((yield* port.confirm(word(3)))._tag, "Confirmed")
      assert.deepStrictEqual(yield* port.find(idOf(3)), payment(3, changes))
      const mismatch = { ...paying(4, t0), seen: payment(4), amount_idr: 9_999 }
      yield* port.create(payment(4))
      assert.strictEqual((yield* port.confirm(mismatch))._tag, "AmountMismatch")
      assert.deepStrictEqual(yield* port.find(idOf(4)), payment(4))
    })
  )

  test(
    "unknown ids and other amounts confirm nothing",
    Effect.gen(function*() {
      const port = yield* Payments
      yield* port.create(payment(1))
      assert.deepStrictEqual(yield* port.confirm(paying(2, t0)), { _tag: "UnknownPayment" })
      const foreign = { ...paying(1, t0), payment_id: "order-17'; --" }
      assert.deepStrictEqual(yield* port.confirm(foreign), { _tag: "UnknownPayment" })
      assert.deepStrictEqual(yield* port.confirm({ ...paying(1, t0), amount_idr: 9_999 }), {
        _tag: "AmountMismatch",
        expected_idr: 10_000
      })
      assert.deepStrictEqual(yield* port.find(idOf(1)), payment(1))
    })
  )

  test(
    "money that arrives after the payment expired still counts",
    Effect.gen(function*() {
      const port = yield* Payments
      yield* port.create(payment(1))
      assert.deepStrictEqual(yield* port.expireStale(t0 + hour, 10), [idOf(1)])
      const late = yield* port.confirm(paying(1, t0 + hour + 1))
      assert.strictEqual(late._tag, "Confirmed")
      assert.strictEqual((yield* port.find(idOf(1)))?.status, "confirmed")
    })
  )
}

const crossing = (test: Test) => {
  test(
    "of many deliveries of one confirmation at once, exactly one moves the money",
    Effect.gen(function*() {
      const port = yield* Payments
      yield* port.create(payment(1))
      const heard = yield* atOnce(times(12).map((n) => port.confirm(paying(1, t0 + n))))
      const first = heard.filter((each) => each._tag === "Confirmed")
      assert.lengthOf(first, 1)
      assert.lengthOf(heard.filter((each) => each._tag === "AlreadyConfirmed"), 11)
      const stored = yield* port.find(idOf(1))
      for (const each of heard) assert.deepStrictEqual("payment" in each ? each.payment : null, stored)
    })
  )

  test(
    "a confirmation that crosses the expiry always wins",
    Effect.gen(function*() {
      const port = yield* Payments
      const ids = times(10).map((n) => n + 1)
      yield* atOnce(ids.map((n) => port.create(payment(n))))
      yield* atOnce([
        ...ids.map((n) => Effect.asVoid(port.confirm(paying(n, t0 + hour)))),
        Effect.asVoid(port.expireStale(t0 + hour, 100)),
        Effect.asVoid(port.expireStale(t0 + hour, 100))
      ])
      const found = yield* atOnce(ids.map((n) => port.find(idOf(n))))
      assert.isTrue(found.every((each) => each?.status === "confirmed"))
    })
  )
}
