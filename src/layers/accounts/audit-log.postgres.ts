// The audit_log table's one insert, for every adapter that writes an entry in the transaction of the
// change it describes.
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type { AuditEntry } from "../../services/accounts/audit.ts"
import { auditLog } from "../journal/journal.tables.ts"
import { insertRows } from "../platform/postgres/table.ts"

const newEntry = insertRows(auditLog, { end: "ON CONFLICT (id) DO NOTHING RETURNING id" })

/** One row for a new entry; none for the same entry again (a call repeated after its answer was lost). */
export const insertAuditEntry = (sql: SqlClient.SqlClient, entry: AuditEntry) =>
  Effect.suspend(() => sql.unsafe(newEntry.text, [newEntry.document([entry])]))
