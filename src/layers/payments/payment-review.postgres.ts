// Review of payments in Postgres, part of Payments. A decision is made under the payment's row lock, with its
// audit entry; a request on the payment is opened before it or not at all.
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { notFound, resolve } from "../../domain/payment.ts"
import type { Refusal } from "../../domain/refusal.ts"
import type { ChangeEntry } from "../../domain/audit.ts"
import {
  type Decision,
  type Payments,
  type ReviewedPayment,
  type ReviewPage,
  troubleAt
} from "../../services/payments/payments.ts"
import { insertAuditEntry } from "../accounts/audit-log.postgres.ts"
import { timestamp } from "../platform/postgres/columns.ts"
import { answered } from "../platform/postgres/failure.ts"
import { reviewedPaymentsOf, hasOpenRequest, isPaymentId, selectReviewed } from "./payment-rows.postgres.ts"

type Sql = SqlClient.SqlClient

const find = (sql: Sql, id: string, suffix: "" | "FOR UPDATE OF p") =>
  isPaymentId(id)
    ? sql`${selectReviewed(sql)} WHERE p.id = ${id} ${sql.literal(suffix)}`.pipe(
      Effect.flatMap(reviewedPaymentsOf),
      Effect.map((rows) => rows[0] ?? null)
    )
    : Effect.succeed(null)

// As the partial index has it, word for word.
const trouble = "greatest(p.failed_at, p.anomaly_at)"
const isTroubled = `${trouble} IS NOT NULL AND (p.resolved_at IS NULL OR p.resolved_at < ${trouble})`

const page = (sql: Sql, column: string, where: string, { before, limit }: ReviewPage) =>
  sql`${selectReviewed(sql)} WHERE ${sql.literal(where)}
    ${
    before === null
      ? sql``
      : sql`AND (${sql.literal(column)}, p.id) < (${timestamp(before.at)}::timestamptz, ${before.id}::uuid)`
  }
    ORDER BY ${sql.literal(column)} DESC, p.id DESC LIMIT ${limit}`.pipe(
    Effect.flatMap(reviewedPaymentsOf),
    answered
  )

const decide = (sql: Sql) =>
  Effect.fnUntraced(
    function*({ note, payment_id, resolution }: Decision, entry: ChangeEntry): Effect.fn.Return<
      Result.Result<ReviewedPayment, Refusal>,
      SqlError
    > {
      const payment = yield* find(sql, payment_id, "FOR UPDATE OF p")
      if (payment === null) return Result.fail(notFound(payment_id))
      const has_open_request = yield* hasOpenRequest(sql, payment_id)
      const known = { ...payment, trouble_at: troubleAt(payment), has_open_request }
      const decided = resolve(payment, known, { resolution, staff_id: entry.staff_id })
      if (decided._tag === "Refused") return Result.fail(decided.refusal)
      if (decided._tag === "Repeated") return Result.succeed(payment)
      const { status } = decided
      // Never before the trouble it settles, whatever the clocks of two runners say.
      const resolved_at = Math.max(entry.at, troubleAt(payment) ?? entry.at)
      yield* sql`UPDATE payment_requests SET status = ${status}, resolution = ${resolution},
          resolution_note = ${note}, resolved_by = ${entry.staff_id}, resolved_at = ${timestamp(resolved_at)}
        WHERE id = ${payment_id}`
      yield* insertAuditEntry(sql, {
        ...entry,
        before: { status: payment.status, resolution: payment.resolution },
        after: { status, resolution, note }
      })
      return Result.succeed({
        ...payment,
        status,
        resolution,
        resolution_note: note,
        resolved_by: entry.staff_id,
        resolved_at
      })
    },
    sql.withTransaction,
    answered
  )

export const review = (sql: SqlClient.SqlClient): Pick<
  Payments["Service"],
  "review" | "openForReview" | "troubled" | "decide"
> => ({
  review: (id) => answered(find(sql, id, "")),
  openForReview: (options) => page(sql, "p.created_at", "p.status IN ('pending', 'confirmed')", options),
  troubled: (options) => page(sql, trouble, isTroubled, options),
  decide: decide(sql)
})
