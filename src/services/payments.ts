// Payments: pricing tiers, payment requests and the webhooks that confirm them. Amounts are whole
// rupiah, times epoch milliseconds. A status only moves as the payment machine allows.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { PaymentStatus } from "../domain/payment.ts"
import type { Topic } from "../domain/session/state.ts"
import type { Unavailable } from "./unavailable.ts"

export interface PricingTier {
  readonly id: string
  readonly label: string
  readonly mode: "chat" | "call"
  readonly duration_seconds: number
  readonly price_idr: number
  readonly is_active: boolean
}

export interface Payment {
  readonly id: string
  readonly customer_id: string
  readonly status: PaymentStatus
  readonly tier_id: string
  readonly mode: "chat" | "call"
  readonly duration_seconds: number
  readonly amount_idr: number
  readonly kind: "blast" | "targeted"
  readonly target_mitra_id: string | null
  readonly topic: Topic
  readonly checkout_url: string
  readonly created_at: number
  readonly expires_at: number
  readonly confirmed_at: number | null
  readonly failure_cause: string | null
}

export interface RawWebhook {
  readonly id: string
  readonly provider: string
  readonly headers: string
  readonly body: string
  readonly at: number
}

export type Confirmation =
  | { readonly _tag: "Confirmed"; readonly payment: Payment }
  /** Heard before: nothing changed. The payment is given so that a missing session can be opened. */
  | { readonly _tag: "AlreadyConfirmed"; readonly payment: Payment }
  | { readonly _tag: "UnknownPayment" }
  | { readonly _tag: "AmountMismatch"; readonly expected_idr: number }

export class Payments extends Context.Service<Payments, {
  /** Tiers on sale, cheapest first. */
  readonly tiers: Effect.Effect<ReadonlyArray<PricingTier>, Unavailable>
  readonly findTier: (id: string) => Effect.Effect<PricingTier | null, Unavailable>
  /** Adds or replaces a tier (seed, staff). */
  readonly putTier: (tier: PricingTier, at: number) => Effect.Effect<void, Unavailable>
  /** Stores a pending payment; the same id again returns the stored one unchanged. */
  readonly create: (payment: Payment) => Effect.Effect<Payment, Unavailable>
  readonly find: (id: string) => Effect.Effect<Payment | null, Unavailable>
  /** Stores the call exactly as it came, before anything is concluded from it. */
  readonly logWebhook: (raw: RawWebhook) => Effect.Effect<void, Unavailable>
  /** Row-locked, idempotent, order-independent. */
  readonly confirm: (options: {
    readonly payment_id: string
    readonly amount_idr: number
    readonly provider_ref: string
    readonly now: number
  }) => Effect.Effect<Confirmation, Unavailable>
  /** Expires pending payments past their time; returns their ids. */
  readonly expireStale: (now: number, limit: number) => Effect.Effect<ReadonlyArray<string>, Unavailable>
  /** Confirmed payments that never got any session row, oldest first. */
  readonly confirmedWithoutSession: (limit: number) => Effect.Effect<ReadonlyArray<Payment>, Unavailable>
  /** Notes why a confirmed payment has no mitra yet, for staff; the payment stays confirmed. */
  readonly recordFailure: (
    paymentId: string,
    cause: string,
    at: number
  ) => Effect.Effect<void, Unavailable>
}>()("halobestie/services/Payments") {}
