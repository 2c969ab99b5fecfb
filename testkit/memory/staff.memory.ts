// Staff in memory: accounts and the audit log as rows of the shared in-memory store, with the answers and the
// constraints of the Postgres adapter.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ChangeEntry } from "../../src/domain/audit.ts"
import {
  type NewStaff,
  Staff,
  type StaffAccount,
  type StaffChange,
  type StaffChanged,
  staffListMax,
  type StaffSummary
} from "../../src/services/accounts/staff.ts"
import { appendEntry } from "./audit-log.memory.ts"
import { hold } from "./store/constraints.ts"
import { MemoryTables, type StaffRow, type Tables } from "./store/tables.ts"

const roles = new Set(["admin", "operator", "viewer"])

const accountOfStaff = ({ created_at: _created, ...account }: StaffRow): StaffAccount => account

const staffWithEmail = (tables: Tables, email: string) =>
  [...tables.staff.values()].find((row) => row.email.toLowerCase() === email.toLowerCase()) ?? null

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

const addStaff = (
  tables: Tables,
  staff: NewStaff,
  at: number,
  entry: ChangeEntry | undefined
): boolean => {
  hold(roles.has(staff.role), "staff_role_check")
  const taken = staffWithEmail(tables, staff.email)
  if (taken !== null) return taken.id === staff.id
  hold(!tables.staff.has(staff.id), "staff_pkey")
  tables.staff.set(staff.id, {
    id: staff.id,
    email: staff.email,
    password_hash: staff.password_hash,
    role: staff.role,
    is_active: true,
    failed_attempts: 0,
    locked_until: null,
    created_at: at
  })
  const after = { email: staff.email, role: staff.role }
  if (entry !== undefined) appendEntry(tables, { ...entry, before: null, after })
  return true
}

const countFailure = (tables: Tables, id: string, lockAfter: number, lockedUntil: number): number => {
  const row = tables.staff.get(id)
  if (row === undefined) return 0
  const failed_attempts = row.failed_attempts + 1
  const locked_until = failed_attempts >= lockAfter
    ? Math.max(row.locked_until ?? lockedUntil, lockedUntil)
    : row.locked_until
  tables.staff.set(id, { ...row, failed_attempts, locked_until })
  return failed_attempts
}

export const layer = Layer.effect(Staff)(
  Effect.map(MemoryTables, (tables) =>
    Staff.of({
      createStaff: (staff, at, entry) => Effect.sync(() => addStaff(tables, staff, at, entry)),
      findStaff: (id) =>
        Effect.sync(() => {
          const row = tables.staff.get(id)
          return row === undefined ? null : accountOfStaff(row)
        }),
      findStaffByEmail: (email) =>
        Effect.sync(() => {
          const row = staffWithEmail(tables, email)
          return row === null ? null : accountOfStaff(row)
        }),
      staffSignInFailed: (id, lockAfter, lockedUntil, now = 0) =>
        Effect.sync(() => {
          const row = tables.staff.get(id)
          // The lock is over: counting begins anew.
          if (row !== undefined && row.locked_until !== null && row.locked_until <= now) {
            tables.staff.set(id, { ...row, failed_attempts: 0, locked_until: null })
          }
          return countFailure(tables, id, lockAfter, lockedUntil)
        }),
      staffSignedIn: (id) =>
        Effect.sync(() => {
          const row = tables.staff.get(id)
          if (row !== undefined) tables.staff.set(id, { ...row, failed_attempts: 0, locked_until: null })
        }),
      listStaff: Effect.sync(() =>
        [...tables.staff.values()]
          .map(summary)
          .toSorted((a, b) => (a.email.toLowerCase() < b.email.toLowerCase() ? -1 : 1))
          .slice(0, staffListMax)
      ),
      changeStaff: (id, change, entry) => Effect.sync(() => changeStaff(tables, id, change, entry)),
      appendAudit: (entry) => Effect.sync(() => void appendEntry(tables, entry)),
      auditPage: ({ before, limit }) =>
        Effect.sync(() =>
          [...tables.audit_log.values()]
            .filter((entry) => before === null || entry.id < before)
            .toSorted((a, b) => (a.id < b.id ? 1 : -1))
            .slice(0, limit)
        )
    }))
)
