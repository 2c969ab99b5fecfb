// AccountChanges in memory: what staff change about accounts, in the shared in-memory store.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { maskedPhone } from "../../src/domain/phone.ts"
import {
  AccountChanges,
  type StaffChange,
  type StaffChanged,
  staffListMax,
  type StaffSummary
} from "../../src/services/accounts/account-changes.ts"
import type { ChangeEntry } from "../../src/services/accounts/audit.ts"
import { appendEntry } from "./audit.memory.ts"
import { MemoryTables, type StaffRow, type Tables } from "./store/tables.ts"
import { addMitra, addStaff } from "./accounts.memory.ts"

const summary = ({ id, email, role, is_active, locked_until }: StaffRow): StaffSummary => ({
  id,
  email,
  role,
  is_active,
  locked_until
})

const standing = ({ role, is_active }: Pick<StaffRow, "role" | "is_active">) => ({ role, is_active })
const isAdmin = (row: StaffRow): boolean => row.role === "admin" && row.is_active

const changeStaff = (
  tables: Tables,
  staffId: string,
  change: StaffChange,
  entry: ChangeEntry
): StaffChanged => {
  const before = tables.staff.get(staffId)
  if (before === undefined) return { _tag: "Unknown" }
  const after: StaffRow = { ...before, ...change }
  const others = [...tables.staff.values()].filter((row) => row.id !== staffId)
  if (isAdmin(before) && !isAdmin(after) && !others.some(isAdmin)) return { _tag: "LastAdmin" }
  if (before.role !== after.role || before.is_active !== after.is_active) {
    appendEntry(tables, { ...entry, before: standing(before), after: standing(after) })
    tables.staff.set(staffId, after)
  }
  return { _tag: "Done", staff: summary(after) }
}

const rename = (tables: Tables, mitraId: string, name: string, entry: ChangeEntry) => {
  const row = tables.mitras.get(mitraId)
  if (row === undefined) return null
  if (row.display_name !== name) {
    appendEntry(tables, {
      ...entry,
      before: { display_name: row.display_name },
      after: { display_name: name }
    })
    tables.mitras.set(mitraId, { ...row, display_name: name })
  }
  return { id: row.id, display_name: name, phone: row.phone, is_active: row.is_active }
}

export const layer = Layer.effect(AccountChanges)(
  Effect.map(MemoryTables, (tables) =>
    AccountChanges.of({
      staff: Effect.sync(() =>
        [...tables.staff.values()]
          .map(summary)
          .toSorted((a, b) => (a.email.toLowerCase() < b.email.toLowerCase() ? -1 : 1))
          .slice(0, staffListMax)
      ),
      createStaff: (staff, entry) =>
        Effect.sync(() => {
          const added = addStaff(tables, staff, entry.at)
          const after = { email: staff.email, role: staff.role }
          if (added) appendEntry(tables, { ...entry, before: null, after })
          return added
        }),
      changeStaff: (id, change, entry) => Effect.sync(() => changeStaff(tables, id, change, entry)),
      createMitra: (mitra, entry) =>
        Effect.sync(() => {
          const added = addMitra(tables, mitra, entry.at)
          const after = { display_name: mitra.display_name, phone: maskedPhone(mitra.phone) }
          if (added) appendEntry(tables, { ...entry, before: null, after })
          return added
        }),
      renameMitra: (id, name, entry) => Effect.sync(() => rename(tables, id, name, entry))
    }))
)
