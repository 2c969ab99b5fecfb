// Sealed columns page by page, in the order of their keys: how many texts each key holds, which texts are not
// under the key they should be under, and the exchange of one for another. No statement is ever long.
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import { allOf } from "../platform/postgres/columns.ts"
import type { SealedColumn } from "./sealed-columns.ts"

type Sql = SqlClient.SqlClient
export type Key = ReadonlyArray<string>

/** What is said of texts that no key seals. */
export const plainTexts = "plain"

export const keyIdSql = (column: SealedColumn): string =>
  `CASE WHEN t.${column.sealed} IS NOT NULL THEN split_part(t.${column.sealed}, '.', 2)
    WHEN ${column.plain} IS NOT NULL THEN '${plainTexts}' END`

const keyColumns = ({ key }: SealedColumn): string => key.map(({ column }) => `t.${column}`).join(", ")
const keyText = ({ key }: SealedColumn): string => key.map(({ column }) => `t.${column}::text`).join(", ")

const rowsAfter = (sql: Sql, column: SealedColumn, after: Key | null) => {
  const from = sql.literal(`FROM ${column.table} t WHERE ${column.where}`)
  if (after === null) return from
  const values = column.key.map(({ type }, index) => sql`${after[index] ?? ""}::${sql.literal(type)}`)
  const [first, second] = values
  return second === undefined
    ? sql`${from} AND ${sql.literal(keyColumns(column))} > ${first!}`
    : sql`${from} AND (${sql.literal(keyColumns(column))}) > (${first!}, ${second})`
}

const countedPages = allOf(Schema.Struct({
  last: Schema.NullOr(Schema.Array(Schema.String)),
  counts: Schema.NullOr(Schema.Record(Schema.String, Schema.Int))
}))

const countPage = (sql: Sql, column: SealedColumn, after: Key | null, limit: number) =>
  sql`WITH page AS (
      SELECT ARRAY[${sql.literal(keyText(column))}] AS key, ${sql.literal(keyIdSql(column))} AS key_id,
        row_number() OVER (ORDER BY ${sql.literal(keyColumns(column))}) AS place
      ${rowsAfter(sql, column, after)} ORDER BY ${sql.literal(keyColumns(column))} LIMIT ${limit}::int
    )
    SELECT (SELECT key FROM page ORDER BY place DESC LIMIT 1) AS last,
      (SELECT jsonb_object_agg(key_id, texts) FROM (
        SELECT key_id, count(*) AS texts FROM page WHERE key_id IS NOT NULL GROUP BY key_id) each) AS counts`
    .pipe(Effect.flatMap(countedPages), Effect.map(([page]) => page ?? { last: null, counts: null }))

/** How many texts of this column each key holds. */
export const countTexts = Effect.fnUntraced(function*(sql: Sql, column: SealedColumn) {
  const counts = new Map<string, number>()
  let after: Key | null = null
  do {
    const page: { readonly last: Key | null; readonly counts: Readonly<Record<string, number>> | null } =
      yield* countPage(sql, column, after, 10_000)
    for (const [id, count] of Object.entries(page.counts ?? {})) counts.set(id, (counts.get(id) ?? 0) + count)
    after = page.last
  } while (after !== null)
  return counts
})

const Found = Schema.Struct({
  key: Schema.Array(Schema.String),
  is_due: Schema.Boolean,
  plain: Schema.NullOr(Schema.String),
  sealed: Schema.NullOr(Schema.String)
})
export type FoundText = typeof Found.Type
const foundTexts = allOf(Found)

/** The next rows; only those whose text is not under `keyId` (or, when null, not plain) come with it. */
export const pageOf = (
  sql: Sql,
  column: SealedColumn,
  keyId: string | null,
  after: Key | null,
  limit: number
) =>
  sql`SELECT key, is_due, CASE WHEN is_due THEN plain END AS plain, CASE WHEN is_due THEN sealed END AS sealed
    FROM (
      SELECT ARRAY[${sql.literal(keyText(column))}] AS key, ${sql.literal(column.plain)} AS plain,
        t.${sql.literal(column.sealed)} AS sealed,
        coalesce(${sql.literal(keyIdSql(column))} <> ${keyId ?? plainTexts}, false) AS is_due
      ${rowsAfter(sql, column, after)} ORDER BY ${sql.literal(keyColumns(column))} LIMIT ${limit}::int
    ) page`.pipe(Effect.flatMap(foundTexts))

export interface Exchange {
  readonly key: Key
  readonly old_plain: string | null
  readonly old_sealed: string | null
  readonly plain: string | null
  readonly sealed: string | null
  readonly blind_index: string | null
}

/**
 * Writes those whose text is still the one that was read; gives their number. A locked row is passed over,
 * so that a running server and we never wait for each other in a ring; the next pass finds it.
 */
export const exchange = (sql: Sql, column: SealedColumn, texts: ReadonlyArray<Exchange>) => {
  const document = texts.map(({ key, ...text }) => ({
    ...text,
    ...Object.fromEntries(column.key.map(({ column }, index) => [column, key[index]]))
  }))
  const names = column.key.map(({ column }) => column)
  const same = (other: string) => names.map((name) => `t.${name} = ${other}.${name}`).join(" AND ")
  const types = column.key.map(({ column, type }) => `${column} ${type}`).join(", ")
  // A mark is a unique key, so changing it takes the stronger lock.
  const lock = column.indexed === null ? "FOR NO KEY UPDATE" : "FOR UPDATE"
  return sql`WITH r AS (
      SELECT * FROM json_to_recordset(${JSON.stringify(document)}::json) AS r(${sql.literal(types)},
        old_plain text, old_sealed text, plain text, sealed text, blind_index text)
    ), held AS (
      SELECT ${sql.literal(keyColumns(column))} FROM ${sql.literal(column.table)} t JOIN r
        ON ${sql.literal(same("r"))}
      ORDER BY ${sql.literal(keyColumns(column))} ${sql.literal(lock)} OF t SKIP LOCKED
    )
    UPDATE ${sql.literal(column.table)} t SET ${sql.literal(column.set)}
    FROM r, held WHERE ${sql.literal(same("r"))} AND ${sql.literal(same("held"))}
      AND t.${sql.literal(column.sealed)} IS NOT DISTINCT FROM r.old_sealed
      AND ${sql.literal(column.plain)} IS NOT DISTINCT FROM r.old_plain
    RETURNING 1 AS written`.pipe(Effect.map((rows) => rows.length))
}
