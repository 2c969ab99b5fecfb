// TestNumbers in Postgres, each change in one transaction with its audit entry. The entry says that a code
// was set, not which: more people may read the log than may sign in as a tester.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { ChangeEntry } from "../services/audit.ts"
import { type TestNumber, TestNumbers, testNumbersMax } from "../services/test-numbers.ts"
import { insertAuditEntry } from "./postgres/audit-log.ts"
import { allOf, firstOf, timestamp } from "./postgres/columns.ts"
import { answered } from "./postgres/failure.ts"

const numbersOf = allOf(Schema.Struct({ phone: Schema.String, code: Schema.String }))
const numberOf = firstOf(Schema.Struct({ phone: Schema.String, code: Schema.String }))

const find = (sql: SqlClient.SqlClient, phone: string) =>
  sql`SELECT phone, code FROM test_numbers WHERE phone = ${phone}`.pipe(Effect.flatMap(numberOf))

const put = (sql: SqlClient.SqlClient) =>
  Effect.fnUntraced(
    function*(number: TestNumber, entry: ChangeEntry) {
      // Writers one after the other: the number of rows is what is being limited.
      yield* sql`LOCK TABLE test_numbers IN SHARE ROW EXCLUSIVE MODE`
      const before = yield* find(sql, number.phone)
      const others = yield* sql`SELECT 1 FROM test_numbers WHERE phone <> ${number.phone}`
      if (before === null && others.length >= testNumbersMax) return false
      // A repeat of a write whose answer was lost must not undo what was written after it.
      const added = yield* insertAuditEntry(sql, {
        ...entry,
        before: { is_set: before !== null },
        after: { is_set: true }
      })
      if (added.length === 0) return true
      yield* sql`INSERT INTO test_numbers (phone, code, updated_at)
        VALUES (${number.phone}, ${number.code}, ${timestamp(entry.at)})
        ON CONFLICT (phone) DO UPDATE SET code = excluded.code, updated_at = excluded.updated_at`
      return true
    },
    sql.withTransaction,
    answered
  )

const remove = (sql: SqlClient.SqlClient) =>
  Effect.fnUntraced(
    function*(phone: string, entry: ChangeEntry) {
      const removed = yield* sql`DELETE FROM test_numbers WHERE phone = ${phone} RETURNING phone`
      if (removed.length === 0) return false
      yield* insertAuditEntry(sql, { ...entry, before: { is_set: true }, after: { is_set: false } })
      return true
    },
    sql.withTransaction,
    answered
  )

export const layer = Layer.effect(TestNumbers)(
  Effect.map(SqlClient.SqlClient, (sql) =>
    TestNumbers.of({
      list: sql`SELECT phone, code FROM test_numbers ORDER BY phone LIMIT ${testNumbersMax}`.pipe(
        Effect.flatMap(numbersOf),
        answered
      ),
      codeOf: (phone) => find(sql, phone).pipe(Effect.map((number) => number?.code ?? null), answered),
      put: put(sql),
      remove: remove(sql)
    }))
)
