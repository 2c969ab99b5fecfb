// The first session's discount: what it takes off a price, and that nothing becomes free.
import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "fast-check"
import { discountKinds, discountOn } from "../../src/domain/pricing.ts"

describe("a discount", () => {
  it("takes a part of the price, rounded down, or an amount", () => {
    const percent = (value: number) => ({ kind: "percent", value, is_active: true }) as const
    assert.strictEqual(discountOn(10_000, percent(25)), 2_500)
    assert.strictEqual(discountOn(999, percent(33)), 329)
    assert.strictEqual(discountOn(10_000, { kind: "amount", value: 3_000, is_active: true }), 3_000)
  })

  it("takes nothing when there is none, or it is switched off", () => {
    assert.strictEqual(discountOn(10_000, null), 0)
    assert.strictEqual(discountOn(10_000, { kind: "percent", value: 50, is_active: false }), 0)
  })

  it("always leaves something to pay", () => {
    FastCheck.assert(FastCheck.property(
      FastCheck.integer({ min: 1, max: 1_000_000_000 }),
      FastCheck.constantFrom(...discountKinds),
      FastCheck.integer({ min: 1, max: 1_000_000_000 }),
      (price, kind, given) => {
        const value = kind === "percent" ? 1 + (given % 99) : given
        const off = discountOn(price, { kind, value, is_active: true })
        assert.isTrue(Number.isInteger(off) && off >= 0 && price - off >= 1, `${off} of ${price}`)
      }
    ))
  })
})
