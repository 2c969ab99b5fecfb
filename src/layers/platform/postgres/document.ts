// Many rows as one JSON parameter of one statement, and no statement for no rows.
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql/SqlError"

export const unlessEmpty = <Row>(
  rows: ReadonlyArray<Row>,
  statement: (document: string) => Effect.Effect<unknown, SqlError>
): Effect.Effect<unknown, SqlError> =>
  rows.length === 0 ? Effect.void : Effect.suspend(() => statement(JSON.stringify(rows)))
