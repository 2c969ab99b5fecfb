// Filtered pages of the audit log in Postgres, newest first. Part of oversight.postgres.ts.
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import type { AuditFilter } from "../../services/oversight/oversight.ts"
import { allOf, Millis } from "../platform/postgres/columns.ts"
import { answered } from "../platform/postgres/failure.ts"

const entries = allOf(Schema.Struct({
  id: Schema.String,
  staff_id: Schema.String,
  action: Schema.String,
  target_type: Schema.String,
  target_id: Schema.String,
  before: Schema.Json,
  after: Schema.Json,
  peer: Schema.String,
  at: Millis
}))

export const auditPage = (sql: SqlClient.SqlClient, filter: AuditFilter) =>
  sql`SELECT id, staff_id, action, target_type, target_id, before, after, peer, at FROM audit_log WHERE true
      ${filter.before === null ? sql`` : sql`AND id < ${filter.before}::uuid`}
      ${filter.staff_id === null ? sql`` : sql`AND staff_id = ${filter.staff_id}::uuid`}
      ${filter.action === null ? sql`` : sql`AND starts_with(action, ${filter.action})`}
      ${filter.target_type === null ? sql`` : sql`AND target_type = ${filter.target_type}`}
      ${filter.target_id === null ? sql`` : sql`AND target_id = ${filter.target_id}`}
    ORDER BY id DESC LIMIT ${filter.limit}`.pipe(Effect.flatMap(entries), answered)
