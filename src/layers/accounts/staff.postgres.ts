// Staff in Postgres: accounts and sign-in attempts, and changes of accounts in one transaction with their
// audit entry. The log's own statements are in audit-log.postgres.ts.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { ChangeEntry } from "../../domain/audit.ts"
import {
  type NewStaff,
  Staff,
  type StaffChange,
  type StaffChanged,
  staffListMax
} from "../../services/accounts/staff.ts"
import { lockFor } from "../platform/postgres/advisory-locks.ts"
import { allOf, firstOf, Millis, timestamp } from "../platform/postgres/columns.ts"
import { answered } from "../platform/postgres/failure.ts"
import { auditedWhenNew, auditLogCalls, insertAuditEntry } from "./audit-log.postgres.ts"

type Sql = SqlClient.SqlClient

const staffOf = firstOf(Schema.Struct({
  id: Schema.String,
  email: Schema.String,
  password_hash: Schema.String,
  role: Schema.String,
  is_active: Schema.Boolean,
  failed_attempts: Schema.Int,
  locked_until: Schema.NullOr(Millis)
}))

const idOf = firstOf(Schema.Struct({ id: Schema.String }))
const attemptsOf = firstOf(Schema.Struct({ failed_attempts: Schema.Int }))

const Summary = Schema.Struct({
  id: Schema.String,
  email: Schema.String,
  role: Schema.String,
  is_active: Schema.Boolean,
  locked_until: Schema.NullOr(Millis)
})
type Summary = typeof Summary.Type
const summariesOf = allOf(Summary)
const summaryOf = firstOf(Summary)
const summaryColumns = "id, email, role, is_active, locked_until"

const standing = ({ role, is_active }: Summary) => ({ role, is_active })
const isAdmin = (staff: Summary): boolean => staff.role === "admin" && staff.is_active

const changeStaff = (sql: Sql) =>
  Effect.fnUntraced(
    function*(staffId: string, change: StaffChange, entry: ChangeEntry) {
      // One at a time: two who take away each other's role must not both find another admin left.
      yield* lockFor(sql, "staff", "changes")
      const selected = sql.literal(summaryColumns)
      const admins = yield* Effect.flatMap(
        sql`SELECT ${selected} FROM staff WHERE role = 'admin' AND is_active LIMIT 2`,
        summariesOf
      )
      const before = yield* Effect.flatMap(
        sql`SELECT ${selected} FROM staff WHERE id = ${staffId}`,
        summaryOf
      )
      if (before === null) return { _tag: "Unknown" } satisfies StaffChanged
      const after: Summary = { ...before, ...change }
      const isLast = isAdmin(before) && !isAdmin(after) && admins.every((admin) => admin.id === staffId)
      if (isLast) return { _tag: "LastAdmin" } satisfies StaffChanged
      if (before.role !== after.role || before.is_active !== after.is_active) {
        yield* insertAuditEntry(sql, { ...entry, before: standing(before), after: standing(after) })
        yield* sql`UPDATE staff SET role = ${after.role}, is_active = ${after.is_active}
          WHERE id = ${staffId}`
      }
      return { _tag: "Done", staff: after } satisfies StaffChanged
    },
    sql.withTransaction,
    answered
  )

const insertStaff = (
  sql: Sql,
  staff: NewStaff,
  at: number
) =>
  sql`INSERT INTO staff (id, email, password_hash, role, created_at)
    VALUES (${staff.id}, ${staff.email}, ${staff.password_hash}, ${staff.role}, ${timestamp(at)})
    ON CONFLICT (lower(email)) DO NOTHING`

/** False when the email is somebody else's. */
const takeStaff = (
  sql: Sql,
  account: NewStaff,
  at: number
) =>
  insertStaff(sql, account, at).pipe(
    Effect.andThen(sql`SELECT id FROM staff WHERE lower(email) = lower(${account.email})`),
    Effect.flatMap(idOf),
    // A call that is repeated because its first answer was lost finds its own row: that is no conflict.
    Effect.map((row) => row?.id === account.id)
  )

const staffColumns = "id, email, password_hash, role, is_active, failed_attempts, locked_until"

type StaffCalls = Omit<Staff["Service"], "appendAudit" | "auditPage">

const accounts = (sql: Sql): StaffCalls => ({
  createStaff: (account, at, entry) =>
    takeStaff(sql, account, at).pipe(
      auditedWhenNew(sql, entry, { email: account.email, role: account.role }),
      sql.withTransaction,
      answered
    ),
  findStaff: (id) =>
    sql`SELECT ${sql.literal(staffColumns)} FROM staff WHERE id = ${id}`.pipe(
      Effect.flatMap(staffOf),
      answered
    ),
  findStaffByEmail: (email) =>
    sql`SELECT ${sql.literal(staffColumns)} FROM staff WHERE lower(email) = lower(${email})`.pipe(
      Effect.flatMap(staffOf),
      answered
    ),
  // greatest(): of two failures counted by runners whose clocks differ, the longer lock stays.
  staffSignInFailed: (id, lockAfter, lockedUntil, now = 0) =>
    sql`WITH before AS (
        SELECT id, CASE WHEN locked_until <= ${timestamp(now)} THEN 0 ELSE failed_attempts END AS counted,
          CASE WHEN locked_until <= ${timestamp(now)} THEN NULL ELSE locked_until END AS still_locked
        FROM staff WHERE id = ${id} FOR UPDATE)
      UPDATE staff SET failed_attempts = counted + 1,
        locked_until = CASE WHEN counted + 1 >= ${lockAfter}::int
          THEN greatest(still_locked, ${timestamp(lockedUntil)}::timestamptz) ELSE still_locked END
      FROM before WHERE staff.id = before.id RETURNING failed_attempts`.pipe(
      Effect.flatMap(attemptsOf),
      Effect.map((row) => row?.failed_attempts ?? 0),
      answered
    ),
  staffSignedIn: (id) =>
    sql`UPDATE staff SET failed_attempts = 0, locked_until = NULL WHERE id = ${id}`.pipe(
      Effect.asVoid,
      answered
    ),
  listStaff: sql`SELECT ${sql.literal(summaryColumns)} FROM staff ORDER BY lower(email) LIMIT ${staffListMax}`
    .pipe(
      Effect.flatMap(summariesOf),
      answered
    ),
  changeStaff: changeStaff(sql)
})

export const layer = Layer.effect(Staff)(
  Effect.map(SqlClient.SqlClient, (sql) => Staff.of({ ...accounts(sql), ...auditLogCalls(sql) }))
)
