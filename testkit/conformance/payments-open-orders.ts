// What every Payments adapter must do with orders whose invoice is being made: they count like those that
// wait to be paid, of any number at once, until they end or their time is over.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type { Accounts } from "../../src/services/accounts/accounts.ts"
import { Payments } from "../../src/services/payments/payments.ts"
import type { Pricing } from "../../src/services/payments/pricing.ts"
import { atOnce, customerId, idOf, minute, t0, times } from "./given.ts"
import { givenTier, payment } from "./given-payments.ts"

type Needs = Payments | Accounts | Pricing

const open_max = 5

const begin = (n: number, now = t0) =>
  Effect.flatMap(
    Payments,
    (port) =>
      port.beginOrder({ customer_id: customerId, payment_id: idOf(n), open_max, now, ends_at: now + minute })
  )

const end = (n: number) =>
  Effect.flatMap(Payments, (port) => port.endOrder({ customer_id: customerId, payment_id: idOf(n) }))

/** Of orders that begin one after the other, from number 1 on. */
const places = Effect.fnUntraced(function*(count: number, now = t0) {
  const found = yield* Effect.forEach(times(count), (n) => begin(n + 1, now))
  return found.map(({ _tag }) => _tag === "Begun")
})

export const openOrders = (name: string, layer: Layer.Layer<Needs>) =>
  describe(`Payments: orders that begin (${name})`, () => {
    const test = (title: string, body: Effect.Effect<void, unknown, Needs>) =>
      it.live(title, () => Effect.andThen(givenTier, body).pipe(Effect.provide(layer)))

    test(
      "of many orders of one customer at once only so many begin",
      Effect.gen(function*() {
        // More than one round: connections that are only being opened do not race.
        for (const round of times(4)) {
          const numbers = times(12).map((n) => 0x100 * (round + 1) + n)
          const found = yield* atOnce(numbers.map((n) => begin(n)))
          assert.lengthOf(found.filter(({ _tag }) => _tag === "Begun"), open_max)
          yield* atOnce(numbers.map(end))
        }
      })
    )

    test(
      "those that wait to be paid count once, also while they are still being ended",
      Effect.gen(function*() {
        const port = yield* Payments
        assert.deepStrictEqual(yield* places(2), [true, true])
        yield* port.create(payment(1))
        assert.deepStrictEqual(yield* places(6), [true, true, true, true, true, false])
        yield* end(1)
        const full = yield* begin(6)
        assert.deepStrictEqual(full, { _tag: "TooMany", next_free_at: t0 + minute })
        yield* port.abandon(payment(1), t0)
        assert.strictEqual((yield* begin(6))._tag, "Begun")
      })
    )

    test(
      "one whose process died counts until its time is over",
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* places(5), times(5).map(() => true))
        assert.strictEqual((yield* begin(6, t0 + minute - 1))._tag, "TooMany")
        assert.strictEqual((yield* begin(6, t0 + minute))._tag, "Begun")
      })
    )
  })
