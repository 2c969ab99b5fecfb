// Prices: tiers, and the discount on a customer's first session. Amounts are whole rupiah; a discount never
// makes a session free, because no provider takes a payment of nothing.

export interface PricingTier {
  readonly id: string
  readonly label: string
  readonly mode: "chat" | "call"
  readonly duration_seconds: number
  readonly price_idr: number
  readonly is_active: boolean
}

export const discountKinds = ["percent", "amount"] as const

/** `value`: 1 to 99 percent, or rupiah. */
export interface DiscountRule {
  readonly kind: (typeof discountKinds)[number]
  readonly value: number
  readonly is_active: boolean
}

/** What is taken off this price, rounded down; 0 when there is nothing to take. */
export const discountOn = (price_idr: number, rule: DiscountRule | null): number => {
  if (rule === null || !rule.is_active) return 0
  const wanted = rule.kind === "percent" ? Math.floor((price_idr * rule.value) / 100) : rule.value
  return Math.max(0, Math.min(wanted, price_idr - 1))
}
