// Payments: payment requests, the webhooks that confirm them, and staff's review of failures.
// Amounts are whole rupiah, times epoch milliseconds. A status only moves as the payment machine allows.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Result from "effect/Result"
import type { Language } from "../../domain/matching.ts"
import type { NewOrder, OrderPlace } from "../../domain/open-orders.ts"
import type { PaymentAnomaly, PaymentProvider, PaymentStatus, Resolution } from "../../domain/payment.ts"
import type { Refusal } from "../../domain/refusal.ts"
import type { Topic } from "../../domain/session/state.ts"
import type { ChangeEntry } from "../../domain/audit.ts"
import type { Unavailable } from "../platform/unavailable.ts"

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
  readonly language: Language | null
  readonly provider: PaymentProvider
  readonly checkout_url: string
  /** Taken off the tier's price for the customer's first session; 0 for none. */
  readonly discount_idr: number
  /** When to ask the provider about it next; null: there is nothing to ask any more. */
  readonly next_check_at: number | null
  readonly created_at: number
  readonly expires_at: number
  readonly confirmed_at: number | null
  readonly failure_cause: string | null
}

/** Paid in full to the built-in provider, unless it says otherwise. */
export type NewPayment =
  & Omit<Payment, "provider" | "discount_idr" | "next_check_at" | "language">
  & Partial<Pick<Payment, "provider" | "discount_idr" | "next_check_at" | "language">>

/** The bound of `openOf`: more than any customer orders. */
export const openPaymentsMax = 50

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
  /** Other money for what is paid already: recorded for staff. */
  | { readonly _tag: "PaidTwice"; readonly payment: Payment }
  | { readonly _tag: "UnknownPayment" }
  | { readonly _tag: "AmountMismatch"; readonly expected_idr: number }

export interface ReviewedPayment extends Payment {
  readonly customer_name: string
  readonly provider_ref: string | null
  readonly failed_at: number | null
  /** Money that came and is not what was asked for: how much, under which reference. */
  readonly anomaly: PaymentAnomaly | null
  readonly anomaly_idr: number | null
  readonly anomaly_ref: string | null
  readonly anomaly_at: number | null
  readonly resolution: Resolution | null
  readonly resolution_note: string | null
  readonly resolved_by: string | null
  readonly resolved_at: number | null
}

export interface ReviewPage {
  /** The last of the previous page. */
  readonly before: { readonly at: number; readonly id: string } | null
  readonly limit: number
}

export interface Decision {
  readonly payment_id: string
  readonly resolution: Resolution
  readonly note: string
}

/** When staff last got a reason to look; what the list of failures is ordered by. */
export const troubleAt = ({ anomaly_at, failed_at }: Pick<ReviewedPayment, "anomaly_at" | "failed_at">) =>
  failed_at === null || anomaly_at === null ? failed_at ?? anomaly_at : Math.max(failed_at, anomaly_at)

export class Payments extends Context.Service<Payments, {
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
  /**
   * Counts an order before its invoice is made. Of any number at once, on whichever runners, no more than
   * `open_max` of a customer are being made or wait to be paid. The same payment again takes no second place.
   */
  readonly beginOrder: (order: NewOrder) => Effect.Effect<OrderPlace, Unavailable>
  /** Its payment is stored and counts by itself from now on, or nothing came of it. */
  readonly endOrder: (
    order: Pick<NewOrder, "customer_id" | "payment_id">
  ) => Effect.Effect<void, Unavailable>
  /** Stores a pending payment (another status dies); the same id again returns the stored one. */
  readonly create: (payment: NewPayment) => Effect.Effect<Payment, Unavailable>
  /**
   * The same for one with the discount of the first session: null, and nothing is stored, when the customer
   * may not have it (any more). Of any number of them at once one gets it.
   */
  readonly createDiscounted: (payment: NewPayment) => Effect.Effect<Payment | null, Unavailable>
  /** True when all money for sessions was given back or none came, and no discounted payment is pending. */
  readonly mayHaveDiscount: (customerId: string) => Effect.Effect<boolean, Unavailable>
  /** The customer's payments that are pending, or paid and not used up; newest first, `openPaymentsMax`. */
  readonly openOf: (customerId: string) => Effect.Effect<ReadonlyArray<Payment>, Unavailable>
  /** Null also for an id that is no UUID as we write them. */
  readonly find: (id: string) => Effect.Effect<Payment | null, Unavailable>
  /**
   * Stores the call as it came, before anything is concluded from it. Only what Postgres text cannot
   * hold (NUL, half a surrogate pair) becomes U+FFFD. The same id again changes nothing.
   */
  readonly logWebhook: (raw: RawWebhook) => Effect.Effect<void, Unavailable>
  /**
   * Row-locked, idempotent, order-independent: of any number of deliveries one is `Confirmed`, also
   * when the payment had expired, or was abandoned: then it stays so, with a failure for staff. An id that
   * is no UUID is an unknown payment. Another amount, or other money for a payment that has come already,
   * is recorded on it and confirms nothing. `seen` is the payment as it was read a moment ago: while it still
   * is so, confirming takes one statement.
   */
  readonly confirm: (options: {
    readonly payment_id: string
    readonly amount_idr: number
    readonly provider_ref: string
    readonly now: number
    readonly seen?: Payment | null
  }) => Effect.Effect<Confirmation, Unavailable>
  /** Payments whose provider is to be asked by now, longest due first, whatever became of them here. */
  readonly dueForCheck: (now: number, limit: number) => Effect.Effect<ReadonlyArray<Payment>, Unavailable>
  /** When to ask again; null: never, and a payment that still waits expires with that if its time is over. */
  readonly checked: (paymentId: string, next: number | null, now: number) => Effect.Effect<void, Unavailable>
  /**
   * Expires pending payments whose time is reached, earliest first; returns their ids. Not those whose
   * provider has not said its last word.
   */
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
  /** One payment as staff see it. */
  readonly review: (paymentId: string) => Effect.Effect<ReviewedPayment | null, Unavailable>
  /** To be paid, or paid and not used up; newest first by when they were made. */
  readonly openForReview: (page: ReviewPage) => Effect.Effect<ReadonlyArray<ReviewedPayment>, Unavailable>
  /** Failures and anomalies without a decision since they happened; newest first by `troubleAt`. */
  readonly troubled: (page: ReviewPage) => Effect.Effect<ReadonlyArray<ReviewedPayment>, Unavailable>
  /**
   * Staff's decision about a failure, with its audit entry. Of two at once one decides; a repeat by the same
   * person changes nothing.
   */
  readonly decide: (
    decision: Decision,
    entry: ChangeEntry
  ) => Effect.Effect<Result.Result<ReviewedPayment, Refusal>, Unavailable>
}>()("halobestie/services/Payments") {}
