// What every Payments adapter must do for the sweeps: expire what was never paid, find what was paid
// and never got a session.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type { Accounts } from "../../src/services/accounts/accounts.ts"
import { Payments } from "../../src/services/payments/payments.ts"
import { atOnce, hour, idOf, minute, t0, times } from "./given.ts"
import { givenTier, paying, payment } from "./given-payments.ts"
import { Rows } from "./rows.ts"
import type { Pricing } from "../../src/services/payments/pricing.ts"
import type { Staff } from "../../src/services/accounts/staff.ts"

type Needs = Payments | Accounts | Rows | Pricing | Staff
type Test = (title: string, body: Effect.Effect<void, unknown, Needs>) => void

export const paymentSweeps = (name: string, layer: Layer.Layer<Needs>) =>
  describe(`Payments for the sweeps (${name})`, () => {
    const test: Test = (title, body) =>
      it.live(title, () => Effect.andThen(givenTier, body).pipe(Effect.provide(layer)))
    sweeping(test)
    waiting(test)
  })

const sweeping = (test: Test) => {
  test(
    "pending payments expire when their time is reached, earliest first, so many at a time",
    Effect.gen(function*() {
      const port = yield* Payments
      for (const [n, minutes] of [[1, 30], [2, 10], [3, 20], [4, 40]] as const) {
        yield* port.create(payment(n, { expires_at: t0 + minutes * minute }))
      }
      yield* port.confirm(paying(1, t0))
      assert.deepStrictEqual(yield* port.expireStale(t0 + 10 * minute - 1, 10), [])
      assert.deepStrictEqual(yield* port.expireStale(t0 + 40 * minute, 2), [idOf(2), idOf(3)])
      assert.deepStrictEqual(yield* port.expireStale(t0 + 40 * minute, 2), [idOf(4)])
      assert.deepStrictEqual(yield* port.expireStale(t0 + hour, 2), [])
      const states = yield* atOnce(times(4).map((n) => port.find(idOf(n + 1))))
      assert.deepStrictEqual(states.map((each) => each?.status), [
        "confirmed",
        "expired",
        "expired",
        "expired"
      ])
    })
  )

  test(
    "two sweeps at once expire every payment once",
    Effect.gen(function*() {
      const port = yield* Payments
      const ids = times(20).map((n) => idOf(n + 1))
      yield* atOnce(ids.map((id) => port.create(payment(1, { id }))))
      const swept = yield* atOnce(times(4).map(() => port.expireStale(t0 + hour, 100)))
      assert.sameMembers(swept.flat(), ids)
      assert.lengthOf(swept.flat(), ids.length)
    })
  )
}

const waiting = (test: Test) => {
  test(
    "confirmed payments that never got a session row are found; any row counts, in any state",
    Effect.gen(function*() {
      const port = yield* Payments
      const rows = yield* Rows
      yield* atOnce(times(5).map((n) => port.create(payment(n + 1))))
      for (const [n, at] of [[1, 4], [2, 3], [3, 2], [4, 1]] as const) yield* port.confirm(paying(n, t0 + at))
      yield* rows.session({ id: idOf(0x51), payment_id: idOf(1), status: "expired" })
      yield* rows.session({ id: idOf(0x53), payment_id: idOf(3), status: "searching" })
      const left = yield* port.confirmedWithoutSession(10)
      assert.deepStrictEqual(left, [
        payment(4, { status: "confirmed", confirmed_at: t0 + 1 }),
        payment(2, { status: "confirmed", confirmed_at: t0 + 3 })
      ])
      assert.deepStrictEqual((yield* port.confirmedWithoutSession(1)).map((each) => each.id), [idOf(4)])
    })
  )

  test(
    "a failure is noted on a confirmed payment only, and then others are tried first",
    Effect.gen(function*() {
      const port = yield* Payments
      yield* atOnce(times(3).map((n) => port.create(payment(n + 1))))
      yield* port.confirm(paying(1, t0))
      yield* port.confirm(paying(2, t0 + 1))
      yield* port.recordFailure(idOf(1), "ALREADY_ACTIVE", t0 + 2)
      yield* port.recordFailure(idOf(3), "ALREADY_ACTIVE", t0 + 2)
      yield* port.recordFailure(idOf(9), "ALREADY_ACTIVE", t0 + 2)
      assert.deepStrictEqual(yield* port.find(idOf(3)), payment(3))
      assert.deepStrictEqual(
        (yield* port.confirmedWithoutSession(10)).map((each) => [each.id, each.failure_cause]),
        [[idOf(2), null], [idOf(1), "ALREADY_ACTIVE"]]
      )
      assert.strictEqual((yield* port.find(idOf(1)))?.status, "confirmed")
    })
  )
}
