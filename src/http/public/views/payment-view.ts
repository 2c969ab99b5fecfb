// A payment and a price as their customer sees them.
import { instant } from "../../../contract/fields.ts"
import type { PaymentView, TierView } from "../../../contract/views.ts"
import { discountOn, type DiscountRule, type PricingTier } from "../../../domain/pricing.ts"
import type { Payment } from "../../../services/payments/payments.ts"

export const paymentView = (payment: Payment, sessionId: string | null): PaymentView => ({
  payment_id: payment.id,
  product: payment.product,
  status: payment.status,
  amount_idr: payment.amount_idr,
  duration_seconds: payment.duration_seconds,
  discount_idr: payment.discount_idr,
  checkout_url: payment.checkout_url,
  created_at: instant(payment.created_at),
  expires_at: instant(payment.expires_at),
  session_id: sessionId,
  failure_cause: payment.failure_cause
})

/** `discount` is what this customer may have on the first session; null for nothing. */
export const tierView = (tier: PricingTier, discount: DiscountRule | null): TierView => {
  const off = discountOn(tier.price_idr, discount)
  return {
    tier_id: tier.id,
    label: tier.label,
    mode: tier.mode,
    duration_seconds: tier.duration_seconds,
    price_idr: tier.price_idr,
    first_session_price_idr: off === 0 ? null : tier.price_idr - off
  }
}
