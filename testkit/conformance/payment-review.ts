// What every Payments adapter must do: lists by page, and decisions about failures that are made once.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type { Resolution } from "../../src/domain/payment.ts"
import type { Accounts } from "../../src/services/accounts/accounts.ts"
import { Payments, type ReviewedPayment } from "../../src/services/payments/payments.ts"
import { Staff } from "../../src/services/accounts/staff.ts"
import { atOnce, givenStaff, hour, idOf, staffId, t0, times } from "./given.ts"
import { givenTier, paying, payment } from "./given-payments.ts"
import { Rows } from "./rows.ts"
import type { Pricing } from "../../src/services/payments/pricing.ts"

type Needs = Staff | Payments | Accounts | Rows | Pricing
type Test = (title: string, body: Effect.Effect<void, unknown, Needs>) => void

const colleagueId = idOf(0xa2)

export const paymentReview = (name: string, layer: Layer.Layer<Needs>) =>
  describe(`Payments, review (${name})`, () => {
    const test: Test = (title, body) =>
      it.live(title, () => Effect.andThen(given, body).pipe(Effect.provide(layer)))
    lists(test)
    deciding(test)
    racing(test)
  })

const given = Effect.gen(function*() {
  yield* givenTier
  yield* givenStaff
  const colleague = { email: "two@halobestie.local", password_hash: "hash", role: "operator" as const }
  yield* (yield* Staff).createStaff({ id: colleagueId, ...colleague }, t0)
})

/** Payment `n`, confirmed, with a failure noted at `at`. */
const failed = Effect.fnUntraced(function*(n: number, at: number) {
  const payments = yield* Payments
  yield* payments.create(payment(n))
  yield* payments.confirm(paying(n, t0 + 1))
  yield* payments.recordFailure(idOf(n), "no_mitra_available", at)
})

let entries = 0x900
const decide = (n: number, resolution: Resolution, staff = staffId, at = t0 + hour) =>
  Effect.flatMap(
    Payments,
    (desk) =>
      desk.decide({ payment_id: idOf(n), resolution, note: "transferred back" }, {
        id: idOf(entries++),
        staff_id: staff,
        action: `payment.${resolution}`,
        target_type: "payment",
        target_id: idOf(n),
        peer: "127.0.0.1",
        at
      })
  )

const codeOf = (result: Result.Result<unknown, { readonly code: string }>): string =>
  Result.isFailure(result) ? result.failure.code : "done"

const idsOf = (found: ReadonlyArray<ReviewedPayment>) => found.map((each) => each.id)
const first = { before: null, limit: 10 }
const troubled = Effect.flatMap(Payments, (desk) => Effect.map(desk.troubled(first), idsOf))
const audited = Effect.flatMap(Staff, (audit) => audit.auditPage({ before: null, limit: 50 }))

const lists = (test: Test) => {
  test(
    "open payments come newest first by page, with their customer's name",
    Effect.gen(function*() {
      const payments = yield* Payments
      const desk = yield* Payments
      // Two of the same millisecond: the id decides.
      for (const [n, at] of [[1, 1], [2, 2], [3, 2], [4, 4]] as const) {
        yield* payments.create(payment(n, { created_at: t0 + at }))
      }
      yield* payments.abandon({ id: idOf(4) }, t0 + 5)
      yield* payments.confirm(paying(1, t0 + 5))
      const page = yield* desk.openForReview({ before: null, limit: 2 })
      assert.deepStrictEqual(idsOf(page), [idOf(3), idOf(2)])
      assert.strictEqual(page[0]?.customer_name, "Sari")
      const next = yield* desk.openForReview({ before: { at: t0 + 2, id: idOf(3) }, limit: 2 })
      assert.deepStrictEqual(idsOf(next), [idOf(2), idOf(1)])
      assert.isNull(yield* desk.review("no-uuid"))
    })
  )

  test(
    "failures and anomalies come newest first by page; unpaid and successful ones are not among them",
    Effect.gen(function*() {
      const payments = yield* Payments
      yield* failed(1, t0 + 10)
      yield* failed(2, t0 + 30)
      yield* payments.fail(idOf(2), "SESSION_OVER", t0 + 40)
      yield* payments.create(payment(3))
      yield* payments.confirm({ ...paying(3, t0 + 20), amount_idr: 1 })
      yield* payments.create(payment(4))
      yield* payments.create(payment(5))
      yield* payments.confirm(paying(5, t0 + 1))
      assert.deepStrictEqual(yield* troubled, [idOf(2), idOf(3), idOf(1)])
      const next = yield* (yield* Payments).troubled({ before: { at: t0 + 20, id: idOf(3) }, limit: 5 })
      assert.deepStrictEqual(idsOf(next), [idOf(1)])
    })
  )
}

const deciding = (test: Test) => {
  test(
    "a refund is recorded with who, when and why, ends the payment, and takes it off the list",
    Effect.gen(function*() {
      yield* failed(1, t0 + 10)
      const decided = Result.getOrThrow(yield* decide(1, "refunded"))
      const expected = {
        status: "failed_pairing",
        resolution: "refunded",
        resolution_note: "transferred back",
        resolved_by: staffId,
        resolved_at: t0 + hour
      } as const
      assert.deepInclude(decided, expected)
      assert.deepInclude(yield* (yield* Payments).review(idOf(1)), expected)
      assert.deepStrictEqual(yield* troubled, [])
      assert.isTrue(yield* (yield* Payments).mayHaveDiscount(decided.customer_id), "nothing was had for it")
      const [entry] = yield* audited
      assert.deepInclude(entry, {
        action: "payment.refunded",
        target_id: idOf(1),
        before: { status: "confirmed", resolution: null },
        after: { status: "failed_pairing", resolution: "refunded", note: "transferred back" }
      })
      yield* decide(1, "refunded")
      assert.lengthOf(yield* audited, 1, "a repeat changes nothing")
    })
  )

  test(
    "a dismissed payment stays good; its next failure brings it back; its refund may follow",
    Effect.gen(function*() {
      yield* failed(1, t0 + 10)
      assert.strictEqual(Result.getOrThrow(yield* decide(1, "dismissed")).status, "confirmed")
      assert.deepStrictEqual(yield* troubled, [])
      yield* (yield* Payments).recordFailure(idOf(1), "no_mitra_available", t0 + 2 * hour)
      assert.deepStrictEqual(yield* troubled, [idOf(1)])
      assert.strictEqual(codeOf(yield* decide(1, "dismissed", staffId, t0 + 3 * hour)), "done")
      assert.strictEqual(codeOf(yield* decide(1, "refunded", colleagueId, t0 + 3 * hour)), "done")
      assert.strictEqual(codeOf(yield* decide(1, "dismissed")), "ALREADY_RESOLVED")
    })
  )

  test(
    "there is nothing to decide about what may still be paid, never failed, or is looked for again",
    Effect.gen(function*() {
      const payments = yield* Payments
      yield* payments.create(payment(1))
      yield* payments.confirm({ ...paying(1, t0 + 1), amount_idr: 1 })
      yield* payments.create(payment(2))
      yield* payments.confirm(paying(2, t0 + 1))
      yield* failed(3, t0 + 10)
      yield* (yield* Rows).session({ id: idOf(0x51), payment_id: idOf(3), status: "searching" })
      const codes = yield* atOnce([1, 2, 3, 4].map((n) => Effect.map(decide(n, "refunded"), codeOf)))
      assert.deepStrictEqual(codes, [
        "NOTHING_TO_RESOLVE",
        "NOTHING_TO_RESOLVE",
        "ALREADY_ACTIVE",
        "PAYMENT_NOT_FOUND"
      ])
      assert.deepStrictEqual(yield* audited, [])
    })
  )
}

const racing = (test: Test) => {
  test(
    "of two colleagues who decide at once one wins and the other is told",
    Effect.gen(function*() {
      yield* atOnce(times(5).map((n) => failed(n + 1, t0 + 10)))
      for (const n of [1, 2, 3, 4, 5]) {
        const codes = yield* atOnce([
          Effect.map(decide(n, "refunded", staffId), codeOf),
          Effect.map(decide(n, "refunded", colleagueId), codeOf)
        ])
        assert.deepStrictEqual(codes.toSorted(), ["ALREADY_RESOLVED", "done"])
      }
      assert.lengthOf(yield* audited, 5)
    })
  )
}
