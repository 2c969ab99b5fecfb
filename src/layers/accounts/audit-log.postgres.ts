// The audit_log table, part of Staff and Oversight: its one insert, for every adapter that writes an entry in
// the transaction of the change it describes, and its one read.
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Json } from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import type { AuditEntry, ChangeEntry } from "../../domain/audit.ts"
import type { Staff } from "../../services/accounts/staff.ts"
import type { AuditFilter } from "../../services/oversight/oversight.ts"
import { auditLog } from "../journal/journal.tables.ts"
import { allOf, Millis } from "../platform/postgres/columns.ts"
import { answered } from "../platform/postgres/failure.ts"
import { insertRows } from "../platform/postgres/table.ts"

const entriesOf = allOf(Schema.Struct({
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

const newEntry = insertRows(auditLog, { end: "ON CONFLICT (id) DO NOTHING RETURNING id" })

/** One row for a new entry; none for the same entry again (a call repeated after its answer was lost). */
export const insertAuditEntry = (sql: SqlClient.SqlClient, entry: AuditEntry) =>
  Effect.suspend(() => sql.unsafe(newEntry.text, [newEntry.document([entry])]))

/** The entry only for an account that is new: a repeat of the same call finds its own. */
export const auditedWhenNew =
  (sql: SqlClient.SqlClient, entry: ChangeEntry | undefined, after: Json) =>
  <E, R>(create: Effect.Effect<boolean, E, R>) =>
    Effect.tap(create, (isNew) =>
      isNew && entry !== undefined
        ? Effect.asVoid(insertAuditEntry(sql, { ...entry, before: null, after }))
        : Effect.void)

const everything = { staff_id: null, action: null, target_type: null, target_id: null }

/** Newest first; what the filter leaves null is not asked for. */
export const auditPage = (sql: SqlClient.SqlClient, filter: AuditFilter) =>
  sql`SELECT id, staff_id, action, target_type, target_id, before, after, peer, at FROM audit_log WHERE true
      ${filter.before === null ? sql`` : sql`AND id < ${filter.before}::uuid`}
      ${filter.staff_id === null ? sql`` : sql`AND staff_id = ${filter.staff_id}::uuid`}
      ${filter.action === null ? sql`` : sql`AND starts_with(action, ${filter.action})`}
      ${filter.target_type === null ? sql`` : sql`AND target_type = ${filter.target_type}`}
      ${filter.target_id === null ? sql`` : sql`AND target_id = ${filter.target_id}`}
    ORDER BY id DESC LIMIT ${filter.limit}`.pipe(Effect.flatMap(entriesOf), answered)

export const auditLogCalls = (
  sql: SqlClient.SqlClient
): Pick<Staff["Service"], "appendAudit" | "auditPage"> => ({
  appendAudit: (entry) => insertAuditEntry(sql, entry).pipe(Effect.asVoid, answered),
  auditPage: (page) => auditPage(sql, { ...everything, ...page })
})
