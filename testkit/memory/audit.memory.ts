// Audit in memory: entries as rows of the shared in-memory store.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Audit, type AuditEntry } from "../../src/services/accounts/audit.ts"
import { holdReference } from "./store/constraints.ts"
import { MemoryTables, type Tables } from "./store/tables.ts"

/** Also a part of other adapters' steps. False when the entry is there already: a repeated call. */
export const appendEntry = (tables: Tables, entry: AuditEntry): boolean => {
  if (tables.audit_log.has(entry.id)) return false
  holdReference(tables.staff, entry.staff_id, "audit_log_staff_id_fkey")
  tables.audit_log.set(entry.id, entry)
  return true
}

export const layer = Layer.effect(Audit)(
  Effect.map(MemoryTables, (tables) =>
    Audit.of({
      append: (entry) =>
        Effect.sync(() => {
          appendEntry(tables, entry)
        }),
      page: ({ before, limit }) =>
        Effect.sync(() =>
          [...tables.audit_log.values()]
            .filter((entry) => before === null || entry.id < before)
            .toSorted((a, b) => (a.id < b.id ? 1 : -1))
            .slice(0, limit)
        )
    }))
)
