// The audit log's one insert in memory, for every adapter that writes an entry in the step it describes.
import type { AuditEntry } from "../../src/domain/audit.ts"
import { holdReference } from "./store/constraints.ts"
import type { Tables } from "./store/tables.ts"

/** False when the entry is there already: a repeated call. */
export const appendEntry = (tables: Tables, entry: AuditEntry): boolean => {
  if (tables.audit_log.has(entry.id)) return false
  holdReference(tables.staff, entry.staff_id, "audit_log_staff_id_fkey")
  tables.audit_log.set(entry.id, entry)
  return true
}
