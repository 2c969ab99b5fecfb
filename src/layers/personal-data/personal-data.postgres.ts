// PersonalData in Postgres: accounts are ended under their row's lock, which an order of the same moment
// waits for; what the retention sweep takes away is in retention.postgres.ts.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { ChangeEntry } from "../../domain/audit.ts"
import { erased } from "../../domain/retention.ts"
import type { Person } from "../../domain/trust.ts"
import { Cipher } from "../../services/encryption/cipher.ts"
import {
  type Erasure,
  type HeldAccount,
  heldPaymentsMax,
  PersonalData
} from "../../services/personal-data/personal-data.ts"
import { insertAuditEntry } from "../accounts/audit-log.postgres.ts"
import { hasPhone, openPhone, phoneColumns, phoneFields } from "../encryption/phones.ts"
import { allOf, firstOf, idColumnOf, Millis, timestamp } from "../platform/postgres/columns.ts"
import { answered } from "../platform/postgres/failure.ts"
import { keepMonths } from "./months.postgres.ts"
import { retention } from "./retention.postgres.ts"

type Sql = SqlClient.SqlClient
type Ciphers = Cipher["Service"]

const accountOf = firstOf(Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  ...phoneFields,
  created_at: Millis,
  deleted_at: Schema.NullOr(Millis)
}))
const idsOf = allOf(Schema.Struct({ id: Schema.String }))
const idOf = firstOf(Schema.Struct({ id: Schema.String }))
const paymentsOf = allOf(Schema.Struct({
  id: Schema.String,
  status: Schema.String,
  product: Schema.String,
  amount_idr: Schema.Int,
  created_at: Millis,
  confirmed_at: Schema.NullOr(Millis)
}))

const live = `status IN ('searching', 'pending_acceptance', 'active', 'extending', 'closing')`

const accountColumns = {
  customer: `id, call_name AS name, ${phoneColumns}, created_at, deleted_at FROM customers`,
  mitra: `id, display_name AS name, ${phoneColumns}, created_at, deleted_at FROM mitras`
}

const find = (sql: Sql, { user_id, user_type }: Person, suffix: "" | "FOR UPDATE" = "") =>
  sql`SELECT ${sql.literal(accountColumns[user_type])} WHERE id = ${user_id} ${sql.literal(suffix)}`.pipe(
    Effect.flatMap(accountOf)
  )

const busy = Effect.fnUntraced(function*(sql: Sql, { user_id, user_type }: Person) {
  const theirs = sql.literal(idColumnOf(user_type))
  const session = yield* Effect.flatMap(
    sql`SELECT id FROM chat_sessions WHERE ${theirs} = ${user_id} AND ${sql.literal(live)} LIMIT 1`,
    idOf
  )
  if (session !== null) return { _tag: "Busy", session_id: session.id, payment_id: null } satisfies Erasure
  if (user_type === "mitra") return null
  const payment = yield* Effect.flatMap(
    sql`SELECT id FROM payment_requests WHERE customer_id = ${user_id} AND status IN ('pending', 'confirmed')
      LIMIT 1`,
    idOf
  )
  return payment === null
    ? null
    : { _tag: "Busy", session_id: null, payment_id: payment.id } satisfies Erasure
})

/** Everything but the texts, which may be many. */
const scrub = Effect.fnUntraced(function*(sql: Sql, { user_id, user_type }: Person, at: number) {
  const theirs = sql`user_type = ${user_type} AND user_id = ${user_id}`
  yield* sql`UPDATE auth_sessions SET revoked_at = ${timestamp(at)}, revoked_reason = 'deleted'
    WHERE ${theirs} AND revoked_at IS NULL`
  yield* sql`DELETE FROM devices WHERE ${theirs}`
  yield* sql`DELETE FROM blocks WHERE by_side = ${user_type}
    AND ${sql.literal(idColumnOf(user_type))} = ${user_id}`
  const gone = sql`phone = NULL, phone_sealed = NULL, phone_mark = NULL, deleted_at = ${timestamp(at)}`
  if (user_type === "customer") {
    yield* sql`UPDATE customers SET call_name = ${erased}, belongs_to = NULL, ${gone} WHERE id = ${user_id}`
  } else {
    yield* sql`UPDATE mitras SET display_name = ${erased}, is_active = false, ${gone},
      deactivated_at = coalesce(deactivated_at, ${timestamp(at)}) WHERE id = ${user_id}`
    yield* sql`DELETE FROM mitra_online_logs WHERE mitra_id = ${user_id}`
    yield* sql`SELECT erase_detached_log(${user_id})`
  }
})

/** Codes that were sent to this phone say whose it was. */
const dropCodes = Effect.fnUntraced(function*(sql: Sql, cipher: Ciphers, person: Person, phone: string) {
  yield* sql`DELETE FROM one_time_codes
    WHERE ${hasPhone(sql, cipher, "one_time_codes", phone)} AND user_type = ${person.user_type}`
})

const erase = (sql: Sql, cipher: Ciphers) =>
  Effect.fnUntraced(
    function*(person: Person, at: number, entry?: ChangeEntry) {
      const { user_type } = person
      const account = yield* find(sql, person, "FOR UPDATE")
      if (account === null) return { _tag: "Unknown" } satisfies Erasure
      if (account.deleted_at !== null) return { _tag: "Erased" } satisfies Erasure
      // The anonymous accounts of before the phone was proven are the same person.
      const others = user_type === "customer"
        ? yield* Effect.flatMap(
          sql`SELECT id FROM customers WHERE belongs_to = ${account.id} AND deleted_at IS NULL
            ORDER BY id FOR UPDATE`,
          idsOf
        )
        : []
      const accounts = [account, ...others].map(({ id }) => ({ user_type, user_id: id }))
      for (const one of accounts) {
        const why = yield* busy(sql, one)
        if (why !== null) return why
      }
      const phone = yield* openPhone(cipher, user_type === "customer" ? "customers" : "mitras", account)
      if (phone !== null) yield* dropCodes(sql, cipher, person, phone)
      for (const one of accounts) yield* scrub(sql, one, at)
      if (entry !== undefined) {
        yield* insertAuditEntry(sql, {
          ...entry,
          before: null,
          after: { deleted: true }
        })
      }
      return { _tag: "Erased" } satisfies Erasure
    },
    sql.withTransaction,
    answered
  )

const heldOf = (sql: Sql, cipher: Ciphers) =>
  Effect.fnUntraced(function*(person: Person) {
    const account = yield* find(sql, person)
    if (account === null || account.deleted_at !== null) return null
    const { created_at, name } = account
    const phone = yield* openPhone(cipher, person.user_type === "customer" ? "customers" : "mitras", account)
    const payments = person.user_type === "mitra" ? [] : yield* Effect.flatMap(
      sql`SELECT id, status, product, amount_idr, created_at, confirmed_at FROM payment_requests
        WHERE customer_id = ${person.user_id} ORDER BY id DESC LIMIT ${heldPaymentsMax}`,
      paymentsOf
    )
    return { name, phone, created_at, payments } satisfies HeldAccount
  }, answered)

export const layer = Layer.effect(PersonalData)(Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const cipher = yield* Cipher
  return PersonalData.of({
    erase: erase(sql, cipher),
    heldOf: heldOf(sql, cipher),
    keepMonths: keepMonths(sql),
    ...retention(sql)
  })
}))
