// Writes of one transaction that share a statement: each statement costs a trip to Postgres and back, and an
// accept has ten writes. Owns what may share one, and in which order Postgres runs them.
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { RowsStatement } from "../platform/postgres/table.ts"
import type { Rows } from "./rows.postgres.ts"

/** A write with one parameter, without the RETURNING. */
interface Part {
  readonly text: string
  readonly parameter: unknown
}

export interface Write {
  /** What it writes: two writes of the same never share a statement, because neither would see the other. */
  readonly of: string
  /** Null when there is nothing to write. */
  readonly part: (rows: Rows) => Part | null
  /** It changes more than one table by itself, and that Postgres allows only on its own. */
  readonly alone?: true
}

/** Writes these rows by their table's statement. */
export const writing = <Row>(
  of: string,
  { document, text }: RowsStatement<Row>,
  rowsIn: (rows: Rows) => ReadonlyArray<Row>
): Write => ({
  of,
  part: (all) => {
    const rows = rowsIn(all)
    return rows.length === 0 ? null : { text, parameter: document(rows) }
  }
})

/** The same by a statement of its own, in which they are `$1`. */
export const writingBy = <Row>(
  of: string,
  text: string,
  rowsIn: (rows: Rows) => ReadonlyArray<Row>
): Write => writing(of, { text, document: (rows) => JSON.stringify(rows) }, rowsIn)

/** By the ids of rows. */
export const writingIds = (
  of: string,
  text: string,
  idsIn: (rows: Rows) => ReadonlyArray<string>
): Write => ({
  of,
  part: (all) => {
    const ids = idsIn(all)
    return ids.length === 0 ? null : { text, parameter: ids }
  }
})

/** What is written, in its order, as few statements as it takes. */
const statementsOf = (writes: ReadonlyArray<Write>, rows: Rows): ReadonlyArray<ReadonlyArray<Part>> => {
  const statements: Array<Array<Part>> = []
  const written = new Set<string>()
  let isClosed = true
  for (const { alone = false, of, part } of writes) {
    const one = part(rows)
    if (one === null) continue
    if (isClosed || alone || written.has(of)) {
      statements.push([])
      written.clear()
    }
    statements.at(-1)?.push(one)
    written.add(of)
    isClosed = alone
  }
  return statements
}

const numbered = (text: string, nth: number): string => text.replaceAll("$1", () => `$${nth + 1}`)

/** The counts are asked for because only that makes Postgres run the writes in their order. */
const together = (parts: ReadonlyArray<Part>): string => {
  const all = parts.map(({ text }, n) => `w${n} AS (${numbered(text, n)} RETURNING 1)`)
  return `WITH ${all.join(", ")} SELECT ${parts.map((_, n) => `(SELECT count(*) FROM w${n})`).join(", ")}`
}

const run = (sql: SqlClient.SqlClient, parts: ReadonlyArray<Part>) => {
  const [first] = parts
  const text = first !== undefined && parts.length === 1 ? first.text : together(parts)
  return sql.unsafe(text, parts.map(({ parameter }) => parameter))
}

/** In the order of `writes`. */
export const writeTogether = (
  sql: SqlClient.SqlClient,
  writes: ReadonlyArray<Write>,
  rows: Rows
): Effect.Effect<void, SqlError> =>
  Effect.forEach(statementsOf(writes, rows), (parts) => run(sql, parts), { discard: true })
