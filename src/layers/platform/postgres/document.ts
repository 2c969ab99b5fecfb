// Many rows as one JSON parameter of one statement, and no statement for no rows.
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { RowsStatement } from "./table.ts"

export const unlessEmpty = <Row>(
  rows: ReadonlyArray<Row>,
  statement: (document: string) => Effect.Effect<unknown, SqlError>
): Effect.Effect<unknown, SqlError> =>
  rows.length === 0 ? Effect.void : Effect.suspend(() => statement(JSON.stringify(rows)))

/** Runs a table's statement for these rows. */
export const writeAll = <Row>(
  sql: SqlClient.SqlClient,
  statement: RowsStatement<Row>,
  rows: ReadonlyArray<Row>
): Effect.Effect<unknown, SqlError> =>
  rows.length === 0
    ? Effect.void
    : Effect.suspend(() => sql.unsafe(statement.text, [statement.document(rows)]))
