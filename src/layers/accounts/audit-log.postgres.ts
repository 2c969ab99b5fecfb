// The audit_log table's one insert, for every adapter that writes an entry in the transaction of the
// change it describes.
import type * as SqlClient from "effect/sql/SqlClient"
import type { AuditEntry } from "../../services/accounts/audit.ts"
import { timestamp } from "../platform/postgres/columns.ts"

/** One row for a new entry; none for the same entry again (a call repeated after its answer was lost). */
export const insertAuditEntry = (sql: SqlClient.SqlClient, entry: AuditEntry) =>
  sql`INSERT INTO audit_log (id, staff_id, action, target_type, target_id, before, after, peer, at)
    VALUES (${entry.id}, ${entry.staff_id}, ${entry.action}, ${entry.target_type}, ${entry.target_id},
      ${JSON.stringify(entry.before)}::jsonb, ${JSON.stringify(entry.after)}::jsonb, ${entry.peer},
      ${timestamp(entry.at)})
    ON CONFLICT (id) DO NOTHING RETURNING id`
