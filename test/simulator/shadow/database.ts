// A database that remembers every row the journal writes, and takes rows of other ports as they are, past
// all constraints.
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import { makeRowHistory } from "../../../simulator/postgres/row-history.ts"
import { type Columns, type ShadowedTable, shadowed } from "./columns.ts"

const tables = Object.keys(shadowed) as ReadonlyArray<ShadowedTable>

export const makeShadowDatabase = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const { isTime, types, written } = yield* makeRowHistory(tables)

  const outgoing = (table: ShadowedTable, columns: Columns): Columns =>
    Object.fromEntries(
      Object.entries(columns).map(([name, value]) => [
        name,
        isTime(table, name) && typeof value === "number" ? new Date(value).toISOString() : value
      ])
    )

  /** Adds or replaces whole rows; triggers and foreign keys look away. */
  const put = Effect.fnUntraced(function*(rows: ReadonlyMap<ShadowedTable, ReadonlyArray<Columns>>) {
    yield* sql`SET LOCAL session_replication_role = replica`
    for (const [table, some] of rows) {
      const names = [...types.get(table)?.keys() ?? []]
      const document = JSON.stringify(some.map((columns) => outgoing(table, columns)))
      yield* sql`INSERT INTO ${sql(table)} SELECT * FROM jsonb_populate_recordset(NULL::${
        sql(table)
      }, ${document}::jsonb)
        ON CONFLICT (${sql.literal(shadowed[table].key.join(", "))})
        DO UPDATE SET ${sql.literal(names.map((name) => `${name} = excluded.${name}`).join(", "))}`
    }
  }, sql.withTransaction)

  /** Only from tables with a key of one column. */
  const remove = (table: ShadowedTable, key: string) =>
    Effect.andThen(
      sql`SET LOCAL session_replication_role = replica`,
      sql`DELETE FROM ${sql(table)} WHERE ${sql(shadowed[table].key.join(" "))} = ${key}`
    ).pipe(sql.withTransaction)

  return { put, remove, written }
})

export type ShadowDatabase = Effect.Success<typeof makeShadowDatabase>
