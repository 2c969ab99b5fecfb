// Append-only tables: those that remember who did what refuse every change of a row that is there, by the
// database's own hand.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import { freshDatabase } from "../../../support/postgres.ts"

const tables = [
  { table: "audit_log", column: "action" },
  { table: "pricing_history", column: "subject_id" }
]

describe("a table that only grows", () => {
  for (const { column, table } of tables) {
    it.live(`refuses to change, delete or empty: ${table}`, () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const refusal = (statement: string) =>
          Effect.map(Effect.flip(sql.unsafe(statement)), (error) => String(error.reason.cause))
        assert.include(yield* refusal(`UPDATE ${table} SET ${column} = 'rewritten'`), "append-only")
        assert.include(yield* refusal(`DELETE FROM ${table}`), "append-only")
        assert.include(yield* refusal(`TRUNCATE ${table} CASCADE`), "append-only")
      }).pipe(Effect.provide(freshDatabase)))
  }
})
