// AccountChanges in Postgres: what staff change about accounts, each change in one transaction with its
// audit entry.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { Json } from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { maskedPhone } from "../../domain/phone.ts"
import {
  AccountChanges,
  type StaffChange,
  type StaffChanged,
  staffListMax
} from "../../services/accounts/account-changes.ts"
import type { ChangeEntry } from "../../services/accounts/audit.ts"
import { Cipher } from "../../services/encryption/cipher.ts"
import { mitraColumns, mitraIn, takeMitra, takeStaff } from "./accounts.postgres.ts"
import { lockFor } from "../platform/postgres/advisory-locks.ts"
import { insertAuditEntry } from "./audit-log.postgres.ts"
import { allOf, firstOf, Millis } from "../platform/postgres/columns.ts"
import { answered } from "../platform/postgres/failure.ts"

type Sql = SqlClient.SqlClient

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
const columns = "id, email, role, is_active, locked_until"

const standing = ({ role, is_active }: Summary) => ({ role, is_active })
const isAdmin = (staff: Summary): boolean => staff.role === "admin" && staff.is_active

const changeStaff = (sql: Sql) =>
  Effect.fnUntraced(
    function*(staffId: string, change: StaffChange, entry: ChangeEntry) {
      // One at a time: two who take away each other's role must not both find another admin left.
      yield* lockFor(sql, "staff", "changes")
      const selected = sql.literal(columns)
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

/** The entry only for an account that is new: a repeat of the same call finds its own. */
const created = <E, R>(sql: Sql, take: Effect.Effect<boolean, E, R>, entry: ChangeEntry, after: Json) =>
  take.pipe(
    Effect.tap((added) =>
      added ? Effect.asVoid(insertAuditEntry(sql, { ...entry, before: null, after })) : Effect.void
    ),
    sql.withTransaction,
    answered
  )

const renameMitra = (sql: Sql, cipher: Cipher["Service"]) =>
  Effect.fnUntraced(
    function*(mitraId: string, display_name: string, entry: ChangeEntry) {
      const before = yield* Effect.flatMap(
        sql`SELECT ${sql.literal(mitraColumns)} FROM mitras WHERE id = ${mitraId} FOR NO KEY UPDATE`,
        mitraIn(cipher)
      )
      if (before === null) return null
      if (before.display_name !== display_name) {
        yield* insertAuditEntry(sql, {
          ...entry,
          before: { display_name: before.display_name },
          after: { display_name }
        })
        yield* sql`UPDATE mitras SET display_name = ${display_name} WHERE id = ${mitraId}`
      }
      return { ...before, display_name }
    },
    sql.withTransaction,
    answered
  )

export const layer = Layer.effect(AccountChanges)(Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const cipher = yield* Cipher
  return AccountChanges.of({
    staff: sql`SELECT ${sql.literal(columns)} FROM staff ORDER BY lower(email) LIMIT ${staffListMax}`.pipe(
      Effect.flatMap(summariesOf),
      answered
    ),
    createStaff: (staff, entry) =>
      created(sql, takeStaff(sql, staff, entry.at), entry, { email: staff.email, role: staff.role }),
    changeStaff: changeStaff(sql),
    createMitra: (mitra, entry) =>
      created(sql, takeMitra(sql, cipher, mitra, entry.at), entry, {
        display_name: mitra.display_name,
        phone: maskedPhone(mitra.phone)
      }),
    renameMitra: renameMitra(sql, cipher)
  })
}))
