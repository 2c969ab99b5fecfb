// Review of payments in memory, part of Payments: the same lists and decisions over the shared store's rows.
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { notFound, resolve } from "../../src/domain/payment.ts"
import type { Refusal } from "../../src/domain/refusal.ts"
import type { ChangeEntry } from "../../src/domain/audit.ts"
import {
  type Decision,
  type Payments,
  type ReviewedPayment,
  type ReviewPage,
  troubleAt
} from "../../src/services/payments/payments.ts"
import { appendEntry } from "./audit-log.memory.ts"
import { reviewedPaymentOf, hasOpenRequest } from "./store/payment-rows.ts"
import type { PaymentRow, Tables } from "./store/tables.ts"

const page = (
  tables: Tables,
  atOf: (row: PaymentRow) => number | null,
  { before, limit }: ReviewPage
): ReadonlyArray<ReviewedPayment> =>
  [...tables.payment_requests.values()]
    .flatMap((row) => {
      const at = atOf(row)
      return at === null ? [] : [{ row, at }]
    })
    .filter(({ at, row }) => before === null || at < before.at || (at === before.at && row.id < before.id))
    .toSorted((a, b) => b.at - a.at || (a.row.id < b.row.id ? 1 : -1))
    .slice(0, limit)
    .map(({ row }) => reviewedPaymentOf(tables, row))

const openAt = (row: PaymentRow): number | null =>
  row.status === "pending" || row.status === "confirmed" ? row.created_at : null

const unresolvedAt = (row: PaymentRow): number | null => {
  const at = troubleAt(row)
  return at !== null && (row.resolved_at === null || row.resolved_at < at) ? at : null
}

const decide = (
  tables: Tables,
  { note, payment_id, resolution }: Decision,
  entry: ChangeEntry
): Result.Result<ReviewedPayment, Refusal> => {
  const row = tables.payment_requests.get(payment_id)
  if (row === undefined) return Result.fail(notFound(payment_id))
  const known = { ...row, trouble_at: troubleAt(row), has_open_request: hasOpenRequest(tables, payment_id) }
  const decided = resolve(row, known, { resolution, staff_id: entry.staff_id })
  if (decided._tag === "Refused") return Result.fail(decided.refusal)
  if (decided._tag === "Repeated") return Result.succeed(reviewedPaymentOf(tables, row))
  const { status } = decided
  appendEntry(tables, {
    ...entry,
    before: { status: row.status, resolution: row.resolution },
    after: { status, resolution, note }
  })
  const resolved = {
    ...row,
    status,
    resolution,
    resolution_note: note,
    resolved_by: entry.staff_id,
    resolved_at: Math.max(entry.at, troubleAt(row) ?? entry.at)
  }
  tables.payment_requests.set(payment_id, resolved)
  return Result.succeed(reviewedPaymentOf(tables, resolved))
}

export const review = (tables: Tables): Pick<
  Payments["Service"],
  "review" | "openForReview" | "troubled" | "decide"
> => ({
  review: (id) =>
    Effect.sync(() => {
      const row = tables.payment_requests.get(id)
      return row === undefined ? null : reviewedPaymentOf(tables, row)
    }),
  openForReview: (options) => Effect.sync(() => page(tables, openAt, options)),
  troubled: (options) => Effect.sync(() => page(tables, unresolvedAt, options)),
  decide: (decision, entry) => Effect.sync(() => decide(tables, decision, entry))
})
