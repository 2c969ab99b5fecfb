// How payments come back from Postgres, and the few statements on them that more than one adapter makes.
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import { paymentAnomalies, paymentProviders, paymentStatuses, resolutions } from "../../domain/payment.ts"
import { topics } from "../../domain/session/state.ts"
import { isUuid } from "../../domain/uuid.ts"
import { allOf, BigCount, firstOf, Millis } from "../platform/postgres/columns.ts"

const PaymentRow = Schema.Struct({
  id: Schema.String,
  customer_id: Schema.String,
  product: Schema.Literals(["chat_session", "extension"]),
  extends_session_id: Schema.NullOr(Schema.String),
  status: Schema.Literals(paymentStatuses),
  tier_id: Schema.String,
  mode: Schema.Literals(["chat", "call"]),
  duration_seconds: Schema.Int,
  amount_idr: Schema.Int,
  kind: Schema.Literals(["blast", "targeted"]),
  target_mitra_id: Schema.NullOr(Schema.String),
  topic: Schema.Literals(topics),
  provider: Schema.Literals(paymentProviders),
  checkout_url: Schema.String,
  discount_idr: Schema.Int,
  look_at: Schema.NullOr(Millis),
  created_at: Millis,
  expires_at: Millis,
  confirmed_at: Schema.NullOr(Millis),
  failure_cause: Schema.NullOr(Schema.String)
})

const ReviewRow = Schema.Struct({
  ...PaymentRow.fields,
  customer_name: Schema.String,
  provider_ref: Schema.NullOr(Schema.String),
  failed_at: Schema.NullOr(Millis),
  anomaly: Schema.NullOr(Schema.Literals(paymentAnomalies)),
  anomaly_idr: Schema.NullOr(BigCount),
  anomaly_ref: Schema.NullOr(Schema.String),
  anomaly_at: Schema.NullOr(Millis),
  resolution: Schema.NullOr(Schema.Literals(resolutions)),
  resolution_note: Schema.NullOr(Schema.String),
  resolved_by: Schema.NullOr(Schema.String),
  resolved_at: Schema.NullOr(Millis)
})

export const paymentsOf = allOf(PaymentRow)
export const reviewedPaymentsOf = allOf(ReviewRow)
const paymentOf = firstOf(PaymentRow)

/** As we write them: another spelling of the same UUID is no id of ours. */
export const isPaymentId = (id: string): boolean => isUuid(id) && id === id.toLowerCase()

/** Of payment_requests alone. */
export const paymentColumns = Object.keys(PaymentRow.fields).join(", ")

const reviewColumns = Object.keys(ReviewRow.fields)
  .map((name) => name === "customer_name" ? "c.call_name AS customer_name" : `p.${name}`).join(", ")

/** `SELECT ... FROM` for staff (alias `p`); add the WHERE. */
export const selectReviewed = (sql: SqlClient.SqlClient) =>
  sql`SELECT ${sql.literal(reviewColumns)} FROM payment_requests p JOIN customers c ON c.id = p.customer_id`

/** Ids come from outside (a provider's webhook): what we could not have made is no payment. */
export const selectPayment = (sql: SqlClient.SqlClient, id: string, suffix: "" | "FOR UPDATE") =>
  isPaymentId(id)
    ? sql`SELECT ${sql.literal(paymentColumns)} FROM payment_requests WHERE id = ${id} ${sql.literal(suffix)}`
      .pipe(Effect.flatMap(paymentOf))
    : Effect.succeed(null)

/** True while a request looks, or a chat runs, on this payment. Under the payment's lock it stays true. */
export const hasOpenRequest = (sql: SqlClient.SqlClient, paymentId: string) =>
  sql`SELECT id FROM chat_sessions WHERE payment_id = ${paymentId}
    AND status IN ('searching', 'pending_acceptance', 'active', 'extending')`.pipe(
    Effect.map((rows) => rows.length > 0)
  )
