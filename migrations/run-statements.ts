// Runs a migration's statements one by one; the migrator wraps all of them in one transaction.
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

export const runStatements = (statements: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    yield* Effect.forEach(statements, (statement) => sql.unsafe(statement), { discard: true })
  })
