// What the memory adapters of payments share: a stored payment as its ports see it.
import { blockingStatuses } from "../../../src/domain/session/state.ts"
import type { Payment, ReviewedPayment } from "../../../src/services/payments/payments.ts"
import type { PaymentRow, Tables } from "./tables.ts"

export const paymentOf = (row: PaymentRow): Payment => {
  const { anomaly: _a, anomaly_at: _at, anomaly_idr: _idr, anomaly_ref: _ref, ...rest } = row
  const { resolution: _r, resolution_note: _n, resolved_at: _ra, resolved_by: _rb, ...less } = rest
  const { failed_at: _f, provider_ref: _p, ...payment } = less
  return payment
}

export const reviewedPaymentOf = (tables: Tables, row: PaymentRow): ReviewedPayment => ({
  ...row,
  customer_name: tables.customers.get(row.customer_id)?.call_name ?? ""
})

/** True while a request looks, or a chat runs, on this payment. */
export const hasOpenRequest = (tables: Tables, paymentId: string): boolean =>
  tables.chat_sessions.where("payment", paymentId).some((row) => blockingStatuses.includes(row.status))
