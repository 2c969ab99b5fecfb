// A database that remembers every row the journal writes, and takes rows of other ports as they are, past
// all constraints.
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import { type Columns, type ShadowedTable, shadowed } from "./columns.ts"

export interface Written {
  readonly table: ShadowedTable
  /** Null: deleted. */
  readonly after: Columns | null
  readonly before: Columns | null
}

const tables = Object.keys(shadowed) as ReadonlyArray<ShadowedTable>

const remember = [
  `CREATE TABLE shadow_history (n bigserial PRIMARY KEY, name text NOT NULL, before jsonb, after jsonb)`,
  `CREATE FUNCTION shadow_remember() RETURNS trigger AS $$ BEGIN
    INSERT INTO shadow_history (name, before, after) VALUES (TG_TABLE_NAME,
      CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END, CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END);
    RETURN NULL;
  END $$ LANGUAGE plpgsql`,
  ...tables.map((table) =>
    `CREATE TRIGGER shadow AFTER INSERT OR UPDATE OR DELETE ON ${table}
      FOR EACH ROW EXECUTE FUNCTION shadow_remember()`
  )
]

/** A number given by the database itself. */
const isGenerated = (table: ShadowedTable, column: string) => table === "mitra_online_logs" && column === "id"

export const makeShadowDatabase = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  for (const statement of remember) yield* sql.unsafe(statement)
  const listed = yield* sql<{ table_name: string; column_name: string; data_type: string }>`
    SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'`
  const typesOf = (table: ShadowedTable) =>
    new Map(
      listed.filter(({ column_name, table_name }) => table_name === table && !isGenerated(table, column_name))
        .map(({ column_name, data_type }) => [column_name, data_type])
    )
  const types = new Map(tables.map((table) => [table, typesOf(table)]))
  const isTime = (table: ShadowedTable, column: string) =>
    types.get(table)?.get(column)?.startsWith("timestamp") === true

  const outgoing = (table: ShadowedTable, columns: Columns): Columns =>
    Object.fromEntries(
      Object.entries(columns).map(([name, value]) => [
        name,
        isTime(table, name) && typeof value === "number" ? new Date(value).toISOString() : value
      ])
    )
  const incoming = (table: ShadowedTable, columns: Columns): Columns =>
    Object.fromEntries(
      Object.entries(columns).filter(([name]) => !isGenerated(table, name)).map(([name, value]) => [
        name,
        isTime(table, name) && typeof value === "string" ? Date.parse(value) : value
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

  /** What was written since the last call, oldest first. */
  const written = Effect.map(
    sql<{ name: ShadowedTable; before: Columns | null; after: Columns | null }>`
      WITH gone AS (DELETE FROM shadow_history RETURNING *) SELECT name, before, after FROM gone ORDER BY n`,
    (rows) =>
      rows.map(({ after, before, name }): Written => ({
        table: name,
        before: before === null ? null : incoming(name, before),
        after: after === null ? null : incoming(name, after)
      }))
  )
  return { put, remove, written }
})

export type ShadowDatabase = Effect.Success<typeof makeShadowDatabase>
