// The figures that only the rows know: queue, outbox, dead letters, what must be zero. Live rows and partial
// indexes only, so that a look costs the same after a year.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import { set } from "../../services/operations/figures.ts"
import { timestamp } from "../platform/postgres/columns.ts"

const liveStatuses = ["searching", "pending_acceptance", "active", "extending", "closing"] as const
const lateMs = 10_000
const orphanMs = 60_000

interface Row {
  readonly statuses: Readonly<Record<string, number>> | null
  readonly queue_oldest: number
  readonly mitras_online: number
  readonly outbox: number
  readonly outbox_oldest: number
  readonly dead: number
  readonly overdue: number
  readonly double_winners: number
  readonly orphans: number
}

export const sampleProduct = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const now = yield* Clock.currentTimeMillis
  const at = timestamp(now)
  const live = sql.in("status", liveStatuses)
  const [row] = yield* sql<Row>`
    SELECT
      (SELECT json_object_agg(status, count) FROM
        (SELECT status, count(*)::int AS count FROM chat_sessions
          WHERE deadline_at IS NOT NULL AND ${live} GROUP BY status) AS by_status) AS statuses,
      (SELECT coalesce(extract(epoch FROM ${at}::timestamptz - min(requested_at)), 0)::float8
        FROM chat_sessions WHERE deadline_at IS NOT NULL
          AND status IN ('searching', 'pending_acceptance')) AS queue_oldest,
      (SELECT count(*)::int FROM mitra_status WHERE is_online) AS mitras_online,
      (SELECT count(*)::int FROM push_outbox WHERE status IN ('pending', 'retrying', 'sending')
        AND due_at <= ${at}::timestamptz) AS outbox,
      (SELECT coalesce(extract(epoch FROM ${at}::timestamptz - min(due_at)), 0)::float8
        FROM push_outbox WHERE status IN ('pending', 'retrying', 'sending')
          AND due_at <= ${at}::timestamptz) AS outbox_oldest,
      (SELECT count(*)::int FROM push_outbox WHERE status = 'dead') AS dead,
      (SELECT count(*)::int FROM chat_sessions
        WHERE deadline_at < ${timestamp(now - lateMs)}::timestamptz) AS overdue,
      (SELECT count(*)::int FROM
        (SELECT 1 FROM chat_sessions AS live JOIN chat_request_notifications AS offer
          ON offer.session_id = live.id AND offer.status = 'accepted'
          WHERE live.deadline_at IS NOT NULL
          GROUP BY live.id HAVING count(*) > 1) AS twice) AS double_winners,
      (SELECT count(*)::int FROM payment_requests AS payment
        WHERE payment.status = 'confirmed' AND payment.failure_cause IS NULL
          AND payment.confirmed_at < ${timestamp(now - orphanMs)}::timestamptz
          AND NOT EXISTS (SELECT 1 FROM chat_sessions WHERE payment_id = payment.id)
          AND payment.extends_session_id IS NULL) AS orphans`
  if (row === undefined) return
  for (const status of liveStatuses) set("sessions_live", row.statuses?.[status] ?? 0, [status])
  set("queue_oldest_seconds", row.queue_oldest)
  set("mitras_online", row.mitras_online)
  set("push_outbox_depth", row.outbox)
  set("push_outbox_oldest_seconds", row.outbox_oldest)
  set("push_dead_letters", row.dead)
  set("overdue_sessions", row.overdue)
  set("double_winners", row.double_winners)
  set("paid_without_session", row.orphans)
})
