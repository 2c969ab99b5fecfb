// Accounts in Postgres: customers, mitras (with their status row), and devices from devices.postgres.ts.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { ChangeEntry } from "../../domain/audit.ts"
import { isOutrun } from "../../domain/mitra.ts"
import { maskedPhone, proofOf } from "../../domain/phone.ts"
import { Cipher } from "../../services/encryption/cipher.ts"
import { Accounts, type Customer, type MitraAccount } from "../../services/accounts/accounts.ts"
import {
  hasPhone,
  keptPhone,
  openPhone,
  phoneColumns,
  type PhoneColumns,
  phoneFields
} from "../encryption/phones.ts"
import { lockFor } from "../platform/postgres/advisory-locks.ts"
import { auditedWhenNew, insertAuditEntry } from "./audit-log.postgres.ts"
import { profiles } from "./mitra-profiles.postgres.ts"
import { devices } from "./devices.postgres.ts"
import { allOf, firstOf, Millis, timestamp, timestampOrNull } from "../platform/postgres/columns.ts"
import { answered } from "../platform/postgres/failure.ts"
import { makeGroupedRead } from "../platform/postgres/grouped-read.ts"

type Sql = SqlClient.SqlClient
type Ciphers = Cipher["Service"]

const CustomerRow = Schema.Struct({
  id: Schema.String,
  call_name: Schema.String,
  ...phoneFields,
  belongs_to: Schema.NullOr(Schema.String),
  created_at: Millis
})
const customersOf = allOf(CustomerRow)

const mitraOf = firstOf(Schema.Struct({
  id: Schema.String,
  display_name: Schema.String,
  ...phoneFields,
  is_active: Schema.Boolean
}))

/** The accounts in the rows, their phones opened. */
const customersIn = (cipher: Ciphers) =>
  Effect.fnUntraced(function*(rows: ReadonlyArray<unknown>) {
    return yield* Effect.forEach(yield* customersOf(rows), (row) => {
      const { phone_sealed: _, ...account } = row
      return Effect.map(openPhone(cipher, "customers", row), (phone) => ({ ...account, phone }))
    })
  })

const customerIn = (cipher: Ciphers) => (rows: ReadonlyArray<unknown>) =>
  Effect.map(customersIn(cipher)(rows), ([account]) => account ?? null)

const mitraIn = (cipher: Ciphers) =>
  Effect.fnUntraced(function*(rows: ReadonlyArray<unknown>) {
    const row = yield* mitraOf(rows)
    if (row === null) return null
    const { phone_sealed: _, ...account } = row
    return { ...account, phone: (yield* openPhone(cipher, "mitras", row)) ?? "" }
  })

const noPhone: PhoneColumns = { phone: null, phone_sealed: null, phone_mark: null }
const idOf = firstOf(Schema.Struct({ id: Schema.String }))

/** A call that is repeated because its first answer was lost finds its own row: that is no conflict. */
const isOurs = (id: string) => (row: { readonly id: string } | null): boolean => row?.id === id

const customerColumns = `id, call_name, ${phoneColumns}, belongs_to, created_at`
const mitraColumns = `id, display_name, ${phoneColumns}, is_active`

/** Asked for every mitra's phone that connects. */
const makeMitraRead = (sql: Sql) =>
  makeGroupedRead<{ readonly id: string }>((asks) =>
    sql`SELECT ask.asked, found.* FROM json_to_recordset(${asks}::json) AS ask (asked integer, id uuid)
      JOIN (SELECT ${sql.literal(mitraColumns)} FROM mitras) AS found USING (id)`
  )
type MitraRead = Effect.Success<ReturnType<typeof makeMitraRead>>

const ownerOfPhone = (sql: Sql, cipher: Ciphers, phone: string) =>
  sql`SELECT ${sql.literal(customerColumns)} FROM customers
    WHERE ${hasPhone(sql, cipher, "customers", phone)}`.pipe(Effect.flatMap(customerIn(cipher)))

const setPhone = Effect.fnUntraced(function*(sql: Sql, cipher: Ciphers, customerId: string, phone: string) {
  const kept = yield* keptPhone(cipher, "customers", customerId, phone)
  yield* sql`UPDATE customers SET phone = ${kept.phone}, phone_sealed = ${kept.phone_sealed},
    phone_mark = ${kept.phone_mark} WHERE id = ${customerId}`
})

/** Proving a phone takes its lock first, so that no owner appears between the look and the write. */
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

type CustomerCalls =
  | "createCustomer"
  | "findCustomer"
  | "findCustomers"
  | "findCustomerByPhone"
  | "provePhone"

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
  findCustomers: (ids) =>
    sql`SELECT ${sql.literal(customerColumns)} FROM customers
      JOIN json_array_elements_text(${JSON.stringify(ids)}::json) WITH ORDINALITY AS asked (of, place)
        ON customers.id = asked.of::uuid
      ORDER BY asked.place`.pipe(
      Effect.flatMap(customersIn(cipher)),
      answered
    ),
  findCustomerByPhone: (phone) => answered(ownerOfPhone(sql, cipher, phone)),
  provePhone: provePhone(sql, cipher)
})

/**
 * False when the phone is another mitra's. Inside a transaction: the phone's lock keeps others away between
 * the check and the row.
 */
const takeMitra = Effect.fnUntraced(function*(
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

const renameMitra = (sql: Sql, cipher: Cipher["Service"]) =>
  Effect.fnUntraced(
    function*(mitraId: string, display_name: string, entry: ChangeEntry, seen?: string) {
      const before = yield* Effect.flatMap(
        sql`SELECT ${sql.literal(mitraColumns)} FROM mitras WHERE id = ${mitraId} FOR NO KEY UPDATE`,
        mitraIn(cipher)
      )
      if (before === null) return { _tag: "Unknown" } as const
      if (isOutrun(before.display_name, display_name, seen)) return { _tag: "Stale", mitra: before } as const
      if (before.display_name !== display_name) {
        yield* insertAuditEntry(sql, {
          ...entry,
          before: { display_name: before.display_name },
          after: { display_name }
        })
        yield* sql`UPDATE mitras SET display_name = ${display_name} WHERE id = ${mitraId}`
      }
      return { _tag: "Done", mitra: { ...before, display_name } } as const
    },
    sql.withTransaction,
    answered
  )

const mitras = (
  sql: Sql,
  cipher: Ciphers,
  find: MitraRead
): Pick<Accounts["Service"], "createMitra" | "findMitra" | "findMitraByPhone" | "renameMitra"> => ({
  createMitra: (mitra, at, entry) =>
    takeMitra(sql, cipher, mitra, at).pipe(
      auditedWhenNew(sql, entry, { display_name: mitra.display_name, phone: maskedPhone(mitra.phone) }),
      sql.withTransaction,
      answered
    ),
  renameMitra: renameMitra(sql, cipher),
  findMitra: (id) => Effect.flatMap(find({ id }), mitraIn(cipher)),
  findMitraByPhone: (phone) =>
    sql`SELECT ${sql.literal(mitraColumns)} FROM mitras WHERE ${hasPhone(sql, cipher, "mitras", phone)}`.pipe(
      Effect.flatMap(mitraIn(cipher)),
      answered
    )
})

export const layer = Layer.effect(Accounts)(Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const cipher = yield* Cipher
  const find = yield* makeMitraRead(sql)
  return Accounts.of({
    ...customers(sql, cipher),
    ...mitras(sql, cipher, find),
    ...profiles(sql),
    ...devices(sql)
  })
}))
