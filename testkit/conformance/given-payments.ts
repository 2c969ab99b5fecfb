// A tier and payments of it, for the suites that need some. Rupiah and epoch milliseconds.
import * as Effect from "effect/Effect"
import type { PricingTier } from "../../src/domain/pricing.ts"
import type { Payment } from "../../src/services/payments/payments.ts"
import { Pricing } from "../../src/services/payments/pricing.ts"
import { customerId, givenCustomer, givenMitra, idOf, minute, t0 } from "./given.ts"

export const tier: PricingTier = {
  id: "chat-5",
  label: "5 minutes",
  mode: "chat",
  duration_seconds: 300,
  price_idr: 10_000,
  is_active: true
}

export const payment = (n: number, more: Partial<Payment> = {}): Payment => ({
  id: idOf(n),
  customer_id: customerId,
  product: "chat_session",
  extends_session_id: null,
  status: "pending",
  tier_id: tier.id,
  mode: "chat",
  duration_seconds: 300,
  amount_idr: 10_000,
  kind: "blast",
  target_mitra_id: null,
  topic: "sensitive",
  language: "en",
  provider: "builtin",
  checkout_url: "https://pay.example/1",
  discount_idr: 0,
  next_check_at: null,
  created_at: t0,
  expires_at: t0 + 20 * minute,
  confirmed_at: null,
  failure_cause: null,
  ...more
})

export const paying = (n: number, now: number) => ({
  payment_id: idOf(n),
  amount_idr: 10_000,
  provider_ref: `ref-${n}`,
  now
})

export const givenTier = Effect.gen(function*() {
  yield* givenCustomer
  yield* givenMitra
  yield* (yield* Pricing).replaceTier(tier, t0)
})
