// People in Postgres: customers, mitras (with their status row) and staff accounts.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { proofOf } from "../../domain/phone.ts"
import { Cipher } from "../../services/encryption/cipher.ts"
import {
  type Customer,
  type MitraAccount,
  Accounts,
  type StaffAccount
} from "../../services/accounts/accounts.ts"
import {
  hasPhone,
  keptPhone,
  openPhone,
  phoneColumns,
  type PhoneColumns,
  phoneFields
} from "../encryption/phones.ts"
import { lockFor } from "../platform/postgres/advisory-locks.ts"
import { devices } from "./devices.postgres.ts"
import { firstOf, Millis, timestamp, timestampOrNull } from "../platform/postgres/columns.ts"
import { answered } from "../platform/postgres/failure.ts"

type Sql = SqlClient.SqlClient
type Ciphers = Cipher["Service"]

const customerOf = firstOf(Schema.Struct({
  id: Schema.String,
  call_name: Schema.String,
  ...phoneFields,
  belongs_to: Schema.NullOr(Schema.String),
  created_at: Millis
}))

const mitraOf = firstOf(Schema.Struct({
  id: Schema.String,
  display_name: Schema.String,
  ...phoneFields,
  is_active: Schema.Boolean
}))

/** The account in the row, its phone opened. */
const customerIn = (cipher: Ciphers) =>
  Effect.fnUntraced(function*(rows: ReadonlyArray<unknown>) {
    const row = yield* customerOf(rows)
    if (row === null) return null
    const { phone_sealed: _, ...account } = row
    return { ...account, phone: yield* openPhone(cipher, "customers", row) }
  })

export const mitraIn = (cipher: Ciphers) =>
  Effect.fnUntraced(function*(rows: ReadonlyArray<unknown>) {
    const row = yield* mitraOf(rows)
    if (row === null) return null
    const { phone_sealed: _, ...account } = row
    return { ...account, phone: (yield* openPhone(cipher, "mitras", row)) ?? "" }
  })

const staffOf = firstOf(Schema.Struct({
  id: Schema.String,
  email: Schema.String,
  password_hash: Schema.String,
  role: Schema.String,
  is_active: Schema.Boolean,
  failed_attempts: Schema.Int,
  locked_until: Schema.NullOr(Millis)
}))

const noPhone: PhoneColumns = { phone: null, phone_sealed: null, phone_mark: null }
const idOf = firstOf(Schema.Struct({ id: Schema.String }))
const attemptsOf = firstOf(Schema.Struct({ failed_attempts: Schema.Int }))

/** A call that is repeated because its first answer was lost finds its own row: that is no conflict. */
const isOurs = (id: string) => (row: { readonly id: string } | null): boolean => row?.id === id

const customerColumns = `id, call_name, ${phoneColumns}, belongs_to, created_at`
export const mitraColumns = `id, display_name, ${phoneColumns}, is_active`

const ownerOfPhone = (sql: Sql, cipher: Ciphers, phone: string) =>
  sql`SELECT ${sql.literal(customerColumns)} FROM customers
    WHERE ${hasPhone(sql, cipher, "customers", phone)}`.pipe(Effect.flatMap(customerIn(cipher)))

const setPhone = Effect.fnUntraced(function*(sql: Sql, cipher: Ciphers, customerId: string, phone: string) {
  const kept = yield* keptPhone(cipher, "customers", customerId, phone)
  yield* sql`UPDATE customers SET phone = ${kept.phone}, phone_sealed = ${kept.phone_sealed},
    phone_mark = ${kept.phone_mark} WHERE id = ${customerId}`
})

/** Whoever proves a phone takes its lock first: between looking for its owner and writing none appears. */
const provePhone = (sql: Sql, cipher: Ciphers) =>
  Effect.fnUntraced(
    function*(customerId: string, phone: string) {
      yield* lockFor(sql, "customer_phone", phone)
      const account = yield* Effect.flatMap(
        sql`SELECT ${sql.literal(customerColumns)} FROM customers WHERE id = ${customerId} FOR UPDATE`,
        customerIn(cipher)
      )
      const owner = yield* ownerOfPhone(sql, cipher, phone)
      const proof = proofOf(account, owner, phone)
      if (proof._tag === "Proven" && account?.phone === null) yield* setPhone(sql, cipher, customerId, phone)
      if (proof._tag === "BelongsTo") {
        yield* sql`UPDATE customers SET belongs_to = ${proof.customer_id} WHERE id = ${customerId}`
      }
      return proof
    },
    sql.withTransaction,
    answered
  )

const insertCustomer = (sql: Sql, customer: Omit<Customer, "phone">, kept: PhoneColumns) =>
  sql`INSERT INTO customers (id, call_name, phone, phone_sealed, phone_mark, created_at)
    VALUES (${customer.id}, ${customer.call_name}, ${kept.phone}, ${kept.phone_sealed}, ${kept.phone_mark},
      ${timestamp(customer.created_at)})
    ON CONFLICT (id) DO NOTHING`.pipe(Effect.asVoid)

/** Under the phone's lock, because sealed with another key it is not the same to the index. */
const createCustomerWith = (sql: Sql, cipher: Ciphers) =>
  Effect.fnUntraced(
    function*(customer: Customer, phone: string) {
      yield* lockFor(sql, "customer_phone", phone)
      const owner = yield* ownerOfPhone(sql, cipher, phone)
      if (owner !== null && owner.id !== customer.id) {
        return yield* Effect.die(new Error("customers: this phone is in use"))
      }
      yield* insertCustomer(sql, customer, yield* keptPhone(cipher, "customers", customer.id, phone))
    },
    sql.withTransaction,
    answered
  )

type CustomerCalls = "createCustomer" | "findCustomer" | "findCustomerByPhone" | "provePhone"

const customers = (sql: Sql, cipher: Ciphers): Pick<Accounts["Service"], CustomerCalls> => ({
  createCustomer: (customer) =>
    customer.phone === null
      ? answered(insertCustomer(sql, customer, noPhone))
      : createCustomerWith(sql, cipher)(customer, customer.phone),
  findCustomer: (id) =>
    sql`SELECT ${sql.literal(customerColumns)} FROM customers WHERE id = ${id}`.pipe(
      Effect.flatMap(customerIn(cipher)),
      answered
    ),
  findCustomerByPhone: (phone) => answered(ownerOfPhone(sql, cipher, phone)),
  provePhone: provePhone(sql, cipher)
})

/**
 * False when the phone is another mitra's. Inside a transaction: the phone's lock keeps others away between
 * the look and the row. Also a part of AccountChanges.
 */
export const takeMitra = Effect.fnUntraced(function*(
  sql: Sql,
  cipher: Ciphers,
  mitra: MitraAccount,
  at: number
) {
  yield* lockFor(sql, "mitra_phone", mitra.phone)
  const owner = yield* Effect.flatMap(
    sql`SELECT id FROM mitras WHERE ${hasPhone(sql, cipher, "mitras", mitra.phone)}`,
    idOf
  )
  if (owner !== null) return isOurs(mitra.id)(owner)
  const kept = yield* keptPhone(cipher, "mitras", mitra.id, mitra.phone)
  yield* sql`INSERT INTO mitras (id, display_name, phone, phone_sealed, phone_mark, is_active, created_at,
      deactivated_at)
    VALUES (${mitra.id}, ${mitra.display_name}, ${kept.phone}, ${kept.phone_sealed}, ${kept.phone_mark},
      ${mitra.is_active}, ${timestamp(at)}, ${timestampOrNull(mitra.is_active ? null : at)})`
  yield* sql`INSERT INTO mitra_status (mitra_id) VALUES (${mitra.id})`
  return true
})

const mitras = (
  sql: Sql,
  cipher: Ciphers
): Pick<Accounts["Service"], "createMitra" | "findMitra" | "findMitraByPhone"> => ({
  createMitra: (mitra, at) => takeMitra(sql, cipher, mitra, at).pipe(sql.withTransaction, answered),
  findMitra: (id) =>
    sql`SELECT ${sql.literal(mitraColumns)} FROM mitras WHERE id = ${id}`.pipe(
      Effect.flatMap(mitraIn(cipher)),
      answered
    ),
  findMitraByPhone: (phone) =>
    sql`SELECT ${sql.literal(mitraColumns)} FROM mitras WHERE ${hasPhone(sql, cipher, "mitras", phone)}`.pipe(
      Effect.flatMap(mitraIn(cipher)),
      answered
    )
})

const insertStaff = (
  sql: Sql,
  staff: Pick<StaffAccount, "id" | "email" | "password_hash" | "role">,
  at: number
) =>
  sql`INSERT INTO staff (id, email, password_hash, role, created_at)
    VALUES (${staff.id}, ${staff.email}, ${staff.password_hash}, ${staff.role}, ${timestamp(at)})
    ON CONFLICT (lower(email)) DO NOTHING`

/** False when the email is somebody else's. Also a part of AccountChanges. */
export const takeStaff = (
  sql: Sql,
  account: Pick<StaffAccount, "id" | "email" | "password_hash" | "role">,
  at: number
) =>
  insertStaff(sql, account, at).pipe(
    Effect.andThen(sql`SELECT id FROM staff WHERE lower(email) = lower(${account.email})`),
    Effect.flatMap(idOf),
    Effect.map(isOurs(account.id))
  )

const staffColumns = "id, email, password_hash, role, is_active, failed_attempts, locked_until"

type StaffCalls = "createStaff" | "findStaff" | "findStaffByEmail" | "staffSignInFailed" | "staffSignedIn"

const staff = (sql: Sql): Pick<Accounts["Service"], StaffCalls> => ({
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
    )
})

export const layer = Layer.effect(Accounts)(Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const cipher = yield* Cipher
  return Accounts.of({ ...customers(sql, cipher), ...mitras(sql, cipher), ...staff(sql), ...devices(sql) })
}))
