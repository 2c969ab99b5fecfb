// People in Postgres: customers, mitras (with their status row) and staff accounts.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { proofOf } from "../domain/phone.ts"
import { type MitraAccount, People, type StaffAccount } from "../services/people.ts"
import { lockFor } from "./postgres/advisory-locks.ts"
import { firstOf, Millis, timestamp, timestampOrNull } from "./postgres/columns.ts"
import { answered } from "./postgres/failure.ts"

const customerOf = firstOf(Schema.Struct({
  id: Schema.String,
  call_name: Schema.String,
  phone: Schema.NullOr(Schema.String),
  belongs_to: Schema.NullOr(Schema.String),
  created_at: Millis
}))

export const mitraOf = firstOf(Schema.Struct({
  id: Schema.String,
  display_name: Schema.String,
  phone: Schema.String,
  is_active: Schema.Boolean
}))

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

/** A call that is repeated because its first answer was lost finds its own row: that is no conflict. */
const isOurs = (id: string) => (row: { readonly id: string } | null): boolean => row?.id === id

const customerColumns = "id, call_name, phone, belongs_to, created_at"

/** Whoever proves a phone takes its lock first: between looking for its owner and writing none appears. */
const provePhone = (sql: SqlClient.SqlClient) =>
  Effect.fnUntraced(
    function*(customerId: string, phone: string) {
      yield* lockFor(sql, "customer_phone", phone)
      const columns = sql.literal(customerColumns)
      const account = yield* Effect.flatMap(
        sql`SELECT ${columns} FROM customers WHERE id = ${customerId} FOR UPDATE`,
        customerOf
      )
      const owner = yield* Effect.flatMap(
        sql`SELECT ${columns} FROM customers WHERE phone = ${phone}`,
        customerOf
      )
      const proof = proofOf(account, owner, phone)
      if (proof._tag === "Proven") yield* sql`UPDATE customers SET phone = ${phone} WHERE id = ${customerId}`
      if (proof._tag === "BelongsTo") {
        yield* sql`UPDATE customers SET belongs_to = ${proof.customer_id} WHERE id = ${customerId}`
      }
      return proof
    },
    sql.withTransaction,
    answered
  )

type CustomerCalls = "createCustomer" | "findCustomer" | "findCustomerByPhone" | "provePhone"

const customers = (sql: SqlClient.SqlClient): Pick<People["Service"], CustomerCalls> => ({
  createCustomer: (customer) =>
    sql`INSERT INTO customers (id, call_name, phone, created_at)
      VALUES (${customer.id}, ${customer.call_name}, ${customer.phone}, ${timestamp(customer.created_at)})
      ON CONFLICT (id) DO NOTHING`.pipe(Effect.asVoid, answered),
  findCustomer: (id) =>
    sql`SELECT ${sql.literal(customerColumns)} FROM customers WHERE id = ${id}`.pipe(
      Effect.flatMap(customerOf),
      answered
    ),
  findCustomerByPhone: (phone) =>
    sql`SELECT ${sql.literal(customerColumns)} FROM customers WHERE phone = ${phone}`.pipe(
      Effect.flatMap(customerOf),
      answered
    ),
  provePhone: provePhone(sql)
})

const insertMitra = (sql: SqlClient.SqlClient, mitra: MitraAccount, at: number) =>
  sql`WITH made AS (
      INSERT INTO mitras (id, display_name, phone, is_active, created_at, deactivated_at)
      VALUES (${mitra.id}, ${mitra.display_name}, ${mitra.phone}, ${mitra.is_active}, ${timestamp(at)},
        ${timestampOrNull(mitra.is_active ? null : at)})
      ON CONFLICT (phone) DO NOTHING
      RETURNING id
    )
    INSERT INTO mitra_status (mitra_id) SELECT id FROM made`

/** False when the phone is another mitra's. Also a part of AccountChanges. */
export const takeMitra = (sql: SqlClient.SqlClient, mitra: MitraAccount, at: number) =>
  insertMitra(sql, mitra, at).pipe(
    Effect.andThen(sql`SELECT id FROM mitras WHERE phone = ${mitra.phone}`),
    Effect.flatMap(idOf),
    Effect.map(isOurs(mitra.id))
  )

const mitras = (
  sql: SqlClient.SqlClient
): Pick<People["Service"], "createMitra" | "findMitra" | "findMitraByPhone"> => ({
  createMitra: (mitra, at) => answered(takeMitra(sql, mitra, at)),
  findMitra: (id) =>
    sql`SELECT id, display_name, phone, is_active FROM mitras WHERE id = ${id}`.pipe(
      Effect.flatMap(mitraOf),
      answered
    ),
  findMitraByPhone: (phone) =>
    sql`SELECT id, display_name, phone, is_active FROM mitras WHERE phone = ${phone}`.pipe(
      Effect.flatMap(mitraOf),
      answered
    )
})

const insertStaff = (
  sql: SqlClient.SqlClient,
  staff: Pick<StaffAccount, "id" | "email" | "password_hash" | "role">,
  at: number
) =>
  sql`INSERT INTO staff (id, email, password_hash, role, created_at)
    VALUES (${staff.id}, ${staff.email}, ${staff.password_hash}, ${staff.role}, ${timestamp(at)})
    ON CONFLICT (lower(email)) DO NOTHING`

/** False when the email is somebody else's. Also a part of AccountChanges. */
export const takeStaff = (
  sql: SqlClient.SqlClient,
  account: Pick<StaffAccount, "id" | "email" | "password_hash" | "role">,
  at: number
) =>
  insertStaff(sql, account, at).pipe(
    Effect.andThen(sql`SELECT id FROM staff WHERE lower(email) = lower(${account.email})`),
    Effect.flatMap(idOf),
    Effect.map(isOurs(account.id))
  )

const staffColumns = "id, email, password_hash, role, is_active, failed_attempts, locked_until"

const staff = (sql: SqlClient.SqlClient): Omit<
  People["Service"],
  CustomerCalls | "createMitra" | "findMitra" | "findMitraByPhone"
> => ({
  createStaff: (account, at) => answered(takeStaff(sql, account, at)),
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
  staffSignInFailed: (id, lockAfter, lockedUntil) =>
    sql`UPDATE staff SET failed_attempts = failed_attempts + 1,
        locked_until = CASE WHEN failed_attempts + 1 >= ${lockAfter}::int
          THEN greatest(locked_until, ${timestamp(lockedUntil)}::timestamptz) ELSE locked_until END
      WHERE id = ${id} RETURNING failed_attempts`.pipe(
      Effect.flatMap(attemptsOf),
      Effect.map((row) => row?.failed_attempts ?? 0),
      answered
    ),
  staffSignedIn: (id) =>
    sql`UPDATE staff SET failed_attempts = 0, locked_until = NULL WHERE id = ${id}`.pipe(
      Effect.asVoid,
      answered
    )
})

export const layer = Layer.effect(People)(
  Effect.map(SqlClient.SqlClient, (sql) => People.of({ ...customers(sql), ...mitras(sql), ...staff(sql) }))
)
