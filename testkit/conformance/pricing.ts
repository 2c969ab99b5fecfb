// What every Pricing adapter must do: changes from the version they were made from, and a history of every
// one.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type { Accounts } from "../../src/services/accounts/accounts.ts"
import type { Payments } from "../../src/services/payments/payments.ts"
import { Pricing } from "../../src/services/payments/pricing.ts"
import { Staff } from "../../src/services/accounts/staff.ts"
import { atOnce, givenStaff, idOf, staffId, t0, times } from "./given.ts"
import { tier } from "./given-payments.ts"

type Needs = Payments | Accounts | Pricing | Staff
type Test = (title: string, body: Effect.Effect<void, unknown, Needs>) => void

export const pricing = (name: string, layer: Layer.Layer<Needs>) =>
  describe(`Pricing (${name})`, () => {
    const test: Test = (title, body) =>
      it.live(title, () => Effect.andThen(givenStaff, body).pipe(Effect.provide(layer)))
    tiers(test)
    discounts(test)
  })

const change = (n: number) => ({
  id: idOf(n),
  staff_id: staffId,
  action: "tier.put",
  target_type: "tier",
  target_id: tier.id,
  peer: "127.0.0.1",
  at: t0 + n
})

const codeOf = (result: Result.Result<unknown, { readonly code: string }>): string =>
  Result.isFailure(result) ? result.failure.code : "done"

const { id: _id, ...facts } = tier

const tiers = (test: Test) => {
  test(
    "a change names the version it was made from; a stale one, and a second new one, is refused",
    Effect.gen(function*() {
      const port = yield* Pricing
      const made = Result.getOrThrow(yield* port.putTier(tier, 0, change(1)))
      assert.deepStrictEqual(made, { ...tier, version: 1, updated_at: t0 + 1 })
      assert.strictEqual(codeOf(yield* port.putTier({ ...tier, label: "new" }, 0, change(2))), "STALE_WRITE")
      const dearer = { ...tier, price_idr: 12_000 }
      assert.strictEqual(Result.getOrThrow(yield* port.putTier(dearer, 1, change(3))).version, 2)
      assert.strictEqual(codeOf(yield* port.putTier(tier, 1, change(4))), "STALE_WRITE")
      assert.strictEqual(codeOf(yield* port.putTier({ ...tier, id: "other" }, 1, change(5))), "STALE_WRITE")
      assert.deepStrictEqual(yield* port.list, [{ ...dearer, version: 2, updated_at: t0 + 3 }])
      assert.lengthOf(yield* (yield* Staff).auditPage({ before: null, limit: 10 }), 2)
    })
  )

  test(
    "of two changes at once from one version one is made",
    Effect.gen(function*() {
      const port = yield* Pricing
      yield* (yield* Pricing).replaceTier(tier, t0)
      const codes = yield* atOnce(
        times(6).map((n) =>
          Effect.map(port.putTier({ ...tier, price_idr: 20_000 + n }, 1, change(n + 1)), codeOf)
        )
      )
      assert.deepStrictEqual(codes.toSorted(), [...times(5).map(() => "STALE_WRITE"), "done"])
      assert.strictEqual((yield* port.list)[0]?.version, 2)
      assert.lengthOf(yield* port.history({ before: null, limit: 10 }), 2)
    })
  )

  test(
    "the history has every change, the seed's too, newest first by page; no change leaves no trace",
    Effect.gen(function*() {
      const port = yield* Pricing
      yield* (yield* Pricing).replaceTier(tier, t0)
      yield* (yield* Pricing).replaceTier(tier, t0 + 1)
      yield* port.putTier(tier, 1, change(2))
      yield* port.putTier({ ...tier, is_active: false }, 1, change(3))
      const [newest, oldest, ...rest] = yield* port.history({ before: null, limit: 10 })
      assert.deepStrictEqual(rest, [])
      const known = { subject: "tier", subject_id: tier.id } as const
      const off = { ...facts, is_active: false }
      assert.deepInclude(newest, {
        ...known,
        version: 2,
        before: facts,
        after: off,
        staff_id: staffId,
        at: t0 + 3
      })
      assert.deepInclude(oldest, { ...known, version: 1, before: null, after: facts, staff_id: null, at: t0 })
      const page = yield* port.history({ before: newest?.id ?? 0, limit: 1 })
      assert.deepStrictEqual(page.map((each) => each.id), [oldest?.id])
      const logged = yield* (yield* Staff).auditPage({ before: null, limit: 10 })
      assert.deepStrictEqual(logged, [{ ...change(3), before: facts, after: off }])
      assert.deepStrictEqual(yield* (yield* Pricing).tiers, [])
    })
  )
}

const discounts = (test: Test) => {
  test(
    "the first session's discount is versioned and remembered like a tier",
    Effect.gen(function*() {
      const port = yield* Pricing
      assert.isNull(yield* port.discount)
      const half = { kind: "percent", value: 50, is_active: true } as const
      assert.strictEqual(codeOf(yield* port.putDiscount(half, 1, change(1))), "STALE_WRITE")
      const stored = Result.getOrThrow(yield* port.putDiscount(half, 0, change(2)))
      assert.deepStrictEqual(stored, { ...half, version: 1, updated_at: t0 + 2 })
      assert.deepStrictEqual(yield* port.discount, stored)
      const off = { kind: "amount", value: 5_000, is_active: false } as const
      const codes = yield* atOnce(
        times(4).map((n) => Effect.map(port.putDiscount(off, 1, change(n + 3)), codeOf))
      )
      // The others find what they wanted, but made from a version that is gone.
      assert.deepStrictEqual(codes.toSorted(), ["STALE_WRITE", "STALE_WRITE", "STALE_WRITE", "done"])
      assert.deepInclude(yield* port.discount, { ...off, version: 2 })
      const history = yield* port.history({ before: null, limit: 10 })
      assert.deepStrictEqual(history.map((each) => [each.subject_id, each.before, each.after]), [
        ["first_session", half, off],
        ["first_session", null, half]
      ])
    })
  )
}
