// Proposals in Postgres: pages, and a dismissal in one transaction with its audit entry. The row's lock
// decides between two colleagues, and between them and the session that ends meanwhile. Part of
// session-oversight.postgres.ts.
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import { absenceCauses, sessionStatuses } from "../../domain/session/state.ts"
import type { ChangeEntry } from "../../domain/audit.ts"
import {
  type Dismissed,
  proposalStatuses,
  type SessionOversight
} from "../../services/sessions/session-oversight.ts"
import { insertAuditEntry } from "../accounts/audit-log.postgres.ts"
import { allOf, firstOf, Millis, timestamp } from "../platform/postgres/columns.ts"
import { answered } from "../platform/postgres/failure.ts"

const Row = Schema.Struct({
  id: Schema.String,
  session_id: Schema.String,
  session_status: Schema.Literals(sessionStatuses),
  customer_name: Schema.String,
  mitra_id: Schema.String,
  mitra_name: Schema.String,
  cause: Schema.Literals(absenceCauses),
  since: Millis,
  status: Schema.Literals(proposalStatuses),
  created_at: Millis,
  decided_at: Schema.NullOr(Millis),
  decided_by: Schema.NullOr(Schema.String),
  resolution: Schema.NullOr(Schema.String)
})
const proposalsOf = allOf(Row)
const proposalOf = firstOf(Row)
const statusOf = firstOf(Schema.Struct({ status: Schema.String }))

const selected = (sql: SqlClient.SqlClient) =>
  sql`SELECT p.id, p.session_id, s.status AS session_status, c.call_name AS customer_name, p.mitra_id,
      m.display_name AS mitra_name, p.cause, p.since, p.status, p.created_at, p.decided_at, p.decided_by,
      p.resolution
    FROM reroute_proposals p JOIN chat_sessions s ON s.id = p.session_id
    JOIN customers c ON c.id = s.customer_id JOIN mitras m ON m.id = p.mitra_id`

const dismiss = (sql: SqlClient.SqlClient) =>
  Effect.fnUntraced(
    function*(id: string, reason: string, entry: ChangeEntry) {
      const before = yield* sql`SELECT status FROM reroute_proposals WHERE id = ${id}
        FOR NO KEY UPDATE`.pipe(Effect.flatMap(statusOf))
      if (before === null) return { _tag: "Unknown" } satisfies Dismissed
      if (before.status === "open") {
        yield* insertAuditEntry(sql, { ...entry, before, after: { status: "dismissed", resolution: reason } })
        yield* sql`UPDATE reroute_proposals SET status = 'dismissed', resolution = ${reason},
          decided_at = ${timestamp(entry.at)}, decided_by = ${entry.staff_id} WHERE id = ${id}`
      }
      const proposal = yield* sql`${selected(sql)} WHERE p.id = ${id}`.pipe(Effect.flatMap(proposalOf))
      if (proposal === null) return { _tag: "Unknown" } satisfies Dismissed
      return { _tag: before.status === "open" ? "Dismissed" : "Decided", proposal } satisfies Dismissed
    },
    sql.withTransaction,
    answered
  )

export const proposals = (
  sql: SqlClient.SqlClient
): Pick<SessionOversight["Service"], "proposals" | "dismissProposal"> => ({
  proposals: ({ before, limit, status }) =>
    sql`${selected(sql)} WHERE ${status === null ? sql`true` : sql`p.status = ${status}`}
        AND ${before === null ? sql`true` : sql`p.id < ${before}::uuid`}
      ORDER BY p.id DESC LIMIT ${limit}`.pipe(Effect.flatMap(proposalsOf), answered),
  dismissProposal: dismiss(sql)
})
