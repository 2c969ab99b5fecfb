// Test numbers in Postgres, part of SignIns: each change in one transaction with its audit entry. The entry
// says that a code was set, not which: more people may read the log than may sign in as a tester.
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { ChangeEntry } from "../../domain/audit.ts"
import { Cipher } from "../../services/encryption/cipher.ts"
import { type SignIns, type TestNumber, testNumbersMax } from "../../services/accounts/sign-ins.ts"
import { hasPhone, keptPhone, openPhone, phoneColumns, phoneFields } from "../encryption/phones.ts"
import { insertAuditEntry } from "./audit-log.postgres.ts"
import { allOf, firstOf, timestamp } from "../platform/postgres/columns.ts"
import { answered } from "../platform/postgres/failure.ts"

type Sql = SqlClient.SqlClient
type Ciphers = Cipher["Service"]

const NumberRow = Schema.Struct({ id: Schema.String, ...phoneFields, code: Schema.String })
const numbersOf = allOf(NumberRow)
const numberOf = firstOf(NumberRow)
const columns = `id, ${phoneColumns}, code`

const opened = Effect.fnUntraced(function*(cipher: Ciphers, row: typeof NumberRow.Type) {
  return { phone: (yield* openPhone(cipher, "test_numbers", row)) ?? "", code: row.code }
})

const find = (sql: Sql, cipher: Ciphers, phone: string) =>
  sql`SELECT ${sql.literal(columns)} FROM test_numbers
    WHERE ${hasPhone(sql, cipher, "test_numbers", phone)}`.pipe(Effect.flatMap(numberOf))

const list = (sql: Sql, cipher: Ciphers) =>
  sql`SELECT ${sql.literal(columns)} FROM test_numbers LIMIT ${testNumbersMax}`.pipe(
    Effect.flatMap(numbersOf),
    Effect.flatMap(Effect.forEach((row) => opened(cipher, row))),
    Effect.map((numbers) => numbers.toSorted((a, b) => (a.phone < b.phone ? -1 : 1))),
    answered
  )

/** A new row's id is that of its audit entry. */
const write = Effect.fnUntraced(function*(
  sql: Sql,
  cipher: Ciphers,
  { code, phone }: TestNumber,
  { at, id }: ChangeEntry
) {
  const kept = yield* keptPhone(cipher, "test_numbers", id, phone)
  yield* sql`INSERT INTO test_numbers (id, phone, phone_sealed, phone_mark, code, updated_at)
    VALUES (${id}, ${kept.phone}, ${kept.phone_sealed}, ${kept.phone_mark}, ${code}, ${timestamp(at)})`
})

const put = (sql: Sql, cipher: Ciphers) =>
  Effect.fnUntraced(
    function*(number: TestNumber, entry: ChangeEntry) {
      // Writers one after the other: the number of rows is what is being limited.
      yield* sql`LOCK TABLE test_numbers IN SHARE ROW EXCLUSIVE MODE`
      const before = yield* find(sql, cipher, number.phone)
      const present = yield* sql`SELECT 1 FROM test_numbers`
      if (before === null && present.length >= testNumbersMax) return false
      // A repeat of a write whose answer was lost must not undo what was written after it.
      const added = yield* insertAuditEntry(sql, {
        ...entry,
        before: { is_set: before !== null },
        after: { is_set: true }
      })
      if (added.length === 0) return true
      if (before === null) yield* write(sql, cipher, number, entry)
      else {
        yield* sql`UPDATE test_numbers SET code = ${number.code}, updated_at = ${timestamp(entry.at)}
          WHERE id = ${before.id}`
      }
      return true
    },
    sql.withTransaction,
    answered
  )

const remove = (sql: Sql, cipher: Ciphers) =>
  Effect.fnUntraced(
    function*(phone: string, entry: ChangeEntry) {
      const removed = yield* sql`DELETE FROM test_numbers
        WHERE ${hasPhone(sql, cipher, "test_numbers", phone)} RETURNING id`
      if (removed.length === 0) return false
      yield* insertAuditEntry(sql, { ...entry, before: { is_set: true }, after: { is_set: false } })
      return true
    },
    sql.withTransaction,
    answered
  )

type Part = Pick<SignIns["Service"], "testNumbers" | "testCodeOf" | "putTestNumber" | "removeTestNumber">
const part = (calls: Part): Part => calls

export const makeTestNumbers = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const cipher = yield* Cipher
  return part({
    testNumbers: list(sql, cipher),
    testCodeOf: (phone) =>
      find(sql, cipher, phone).pipe(Effect.map((number) => number?.code ?? null), answered),
    putTestNumber: put(sql, cipher),
    removeTestNumber: remove(sql, cipher)
  })
})
