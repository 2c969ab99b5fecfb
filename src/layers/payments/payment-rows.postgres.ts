// How payments come back from Postgres, and the few statements on them that more than one adapter makes.
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import { isUuid } from "../../domain/uuid.ts"
import { allOf, firstOf } from "../platform/postgres/columns.ts"
import { paymentFields, reviewFields, selectedFields } from "./payment-requests.table.ts"

const PaymentRow = Schema.Struct(paymentFields)
const ReviewRow = Schema.Struct({ ...paymentFields, ...reviewFields, customer_name: Schema.String })

export const paymentsOf = allOf(PaymentRow)
export const reviewedPaymentsOf = allOf(ReviewRow)
const paymentOf = firstOf(PaymentRow)

/** As we write them: another spelling of the same UUID is no id of ours. */
export const isPaymentId = (id: string): boolean => isUuid(id) && id === id.toLowerCase()

/** Of payment_requests alone. */
export const paymentColumns = selectedFields(paymentFields, "")

const reviewColumns = `${
  selectedFields({ ...paymentFields, ...reviewFields }, "p.")
}, c.call_name AS customer_name`

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
