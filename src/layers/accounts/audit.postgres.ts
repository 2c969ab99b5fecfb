// Audit in Postgres: the append-only log and its pages.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { Audit } from "../../services/accounts/audit.ts"
import { insertAuditEntry } from "./audit-log.postgres.ts"
import { allOf, Millis } from "../platform/postgres/columns.ts"
import { answered } from "../platform/postgres/failure.ts"

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

export const layer = Layer.effect(Audit)(
  Effect.map(SqlClient.SqlClient, (sql) =>
    Audit.of({
      append: (entry) => insertAuditEntry(sql, entry).pipe(Effect.asVoid, answered),
      page: ({ before, limit }) =>
        sql`SELECT id, staff_id, action, target_type, target_id, before, after, peer, at FROM audit_log
          ${before === null ? sql`` : sql`WHERE id < ${before}`}
          ORDER BY id DESC LIMIT ${limit}`.pipe(Effect.flatMap(entriesOf), answered)
    }))
)
