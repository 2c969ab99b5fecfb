// Payments: pricing tiers, payment requests and the webhooks that confirm them. Amounts are whole
// rupiah, times epoch milliseconds. A status only moves as the payment machine allows.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Result from "effect/Result"
import type { PaymentStatus } from "../domain/payment.ts"
import type { Refusal } from "../domain/refusal.ts"
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
  readonly product: "chat_session" | "extension"
  /** The chat an extension is for; null for a chat of its own. */
  readonly extends_session_id: string | null
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
  /** Also a tier that is no longer on sale. */
  readonly findTier: (id: string) => Effect.Effect<PricingTier | null, Unavailable>
  /** Adds or replaces a tier (seed, staff). */
  readonly putTier: (tier: PricingTier, at: number) => Effect.Effect<void, Unavailable>
  /**
   * The customer gives it up. Money that came stays recorded as a failure for staff to give back. Not
   * while a request is open on it, and not an extension that is paid: its session decides about it.
   */
  readonly abandon: (
    payment: Pick<Payment, "id">,
    now: number
  ) => Effect.Effect<Result.Result<Payment, Refusal>, Unavailable>
  /** Ends a confirmed payment that can lead nowhere, with its cause; in any other status nothing changes. */
  readonly fail: (paymentId: string, cause: string, at: number) => Effect.Effect<void, Unavailable>
  /** Stores a pending payment (another status dies); the same id again returns the stored one. */
  readonly create: (payment: Payment) => Effect.Effect<Payment, Unavailable>
  /** Null also for an id that is no UUID as we write them. */
  readonly find: (id: string) => Effect.Effect<Payment | null, Unavailable>
  /**
   * Stores the call as it came, before anything is concluded from it. Only what Postgres text cannot
   * hold (NUL, half a surrogate pair) becomes U+FFFD. The same id again changes nothing.
   */
  readonly logWebhook: (raw: RawWebhook) => Effect.Effect<void, Unavailable>
  /**
   * Row-locked, idempotent, order-independent: of any number of deliveries one is `Confirmed`, also
   * when the payment had expired or was abandoned. An id that is no UUID is an unknown payment.
   */
  readonly confirm: (options: {
    readonly payment_id: string
    readonly amount_idr: number
    readonly provider_ref: string
    readonly now: number
  }) => Effect.Effect<Confirmation, Unavailable>
  /** Expires pending payments whose time is reached, earliest first; returns their ids. */
  readonly expireStale: (now: number, limit: number) => Effect.Effect<ReadonlyArray<string>, Unavailable>
  /**
   * Confirmed payments that never got any session row (an expired or cancelled one is a row), and
   * confirmed extensions that their session has not settled. Oldest first, where one whose failure was
   * recorded counts from then: no failing one holds up the rest.
   */
  readonly confirmedWithoutSession: (limit: number) => Effect.Effect<ReadonlyArray<Payment>, Unavailable>
  /** Notes for staff why a confirmed payment has no mitra yet; in any other status nothing changes. */
  readonly recordFailure: (
    paymentId: string,
    cause: string,
    at: number
  ) => Effect.Effect<void, Unavailable>
}>()("halobestie/services/Payments") {}
