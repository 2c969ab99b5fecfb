// Answers of the pricing calls: prices as staff see them, their changes and their history.
import * as Effect from "effect/Effect"
import { type DiscountView, type PricedTierView } from "../../contract/staff/payments.ts"
import { instant } from "../../contract/fields.ts"
import type { DiscountRule, PricingTier } from "../../domain/pricing.ts"
import { refuse } from "../../domain/refusal.ts"
import type { FirstSessionDiscount, PricedTier } from "../../domain/pricing-change.ts"
import { Pricing } from "../../services/payments/pricing.ts"
import { entryOf } from "./change-entry.ts"

const tierView = ({ id, updated_at, ...tier }: PricedTier): typeof PricedTierView.Type => ({
  tier_id: id,
  ...tier,
  updated_at: instant(updated_at)
})

const discountView = (discount: FirstSessionDiscount): typeof DiscountView.Type => ({
  ...discount,
  updated_at: instant(discount.updated_at)
})

export const pricing = Effect.gen(function*() {
  const port = yield* Pricing
  const discount = yield* port.discount
  return {
    tiers: (yield* port.list).map(tierView),
    first_session_discount: discount === null ? null : discountView(discount)
  }
})

const writeTier = Effect.fnUntraced(function*(tier: PricingTier, version: number, action: string) {
  const entry = yield* entryOf(action, "tier", tier.id)
  const written = yield* (yield* Pricing).putTier(tier, version, entry)
  return tierView(yield* Effect.fromResult(written))
})

export const putTier = (
  payload: Omit<PricingTier, "id"> & { readonly tier_id: string; readonly version: number }
) => {
  const { tier_id, version, ...tier } = payload
  return writeTier({ id: tier_id, ...tier }, version, "tier.put")
}

export const deactivateTier = Effect.fnUntraced(function*(tierId: string, version: number) {
  const found = (yield* (yield* Pricing).list).find((tier) => tier.id === tierId)
  if (found === undefined) {
    return yield* refuse("TIER_NOT_FOUND", "There is no such tier.", { tier_id: tierId })
  }
  const { updated_at: _at, version: _version, ...tier } = found
  return yield* writeTier({ ...tier, is_active: false }, version, "tier.deactivate")
})

export const putDiscount = Effect.fnUntraced(function*(rule: DiscountRule, version: number) {
  if (rule.kind === "percent" && rule.value > 99) {
    return yield* refuse("BAD_REQUEST", "A discount takes 1 to 99 percent: nothing is free.", {
      given: rule.value
    })
  }
  const entry = yield* entryOf("discount.put", "discount", "first_session")
  const written = yield* (yield* Pricing).putDiscount(rule, version, entry)
  return discountView(yield* Effect.fromResult(written))
})

export const history = Effect.fnUntraced(
  function*(page: { readonly before: number | null; readonly limit: number }) {
    const changes = yield* (yield* Pricing).history(page)
    return { changes: changes.map((change) => ({ ...change, at: instant(change.at) })) }
  }
)
