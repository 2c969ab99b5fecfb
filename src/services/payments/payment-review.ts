// PaymentReview: what staff see of payments that are open or in trouble, and their decision about a failure
// A decision and its audit entry are one transaction.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Result from "effect/Result"
import type { PaymentAnomaly, Resolution } from "../../domain/payment.ts"
import type { Refusal } from "../../domain/refusal.ts"
import type { ChangeEntry } from "../accounts/audit.ts"
import type { Payment } from "./payments.ts"
import type { Unavailable } from "../platform/unavailable.ts"

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

export class PaymentReview extends Context.Service<PaymentReview, {
  readonly find: (paymentId: string) => Effect.Effect<ReviewedPayment | null, Unavailable>
  /** To be paid, or paid and not used up; newest first by when they were made. */
  readonly open: (page: ReviewPage) => Effect.Effect<ReadonlyArray<ReviewedPayment>, Unavailable>
  /** Failures and anomalies nobody has decided about since they happened; newest first by `troubleAt`. */
  readonly troubled: (page: ReviewPage) => Effect.Effect<ReadonlyArray<ReviewedPayment>, Unavailable>
  /** Of two at once one decides; a repeat by the same person changes nothing. */
  readonly decide: (
    decision: Decision,
    entry: ChangeEntry
  ) => Effect.Effect<Result.Result<ReviewedPayment, Refusal>, Unavailable>
}>()("halobestie/services/PaymentReview") {}
