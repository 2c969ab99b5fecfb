// What a real database wrote, row by row: a trigger keeps every change of the watched tables, and a reader
// takes what was committed since its last visit.
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

export type Columns = Readonly<Record<string, unknown>>

export interface Written<Table extends string> {
  readonly table: Table
  /** Null: deleted. */
  readonly after: Columns | null
  readonly before: Columns | null
}

/**
 * A transaction that is kept open for a few milliseconds after a write, now and then: others meet it there,
 * as they seldom would on a database that lies in the same machine.
 */
const lingering = `IF random() < 0.08 THEN PERFORM pg_sleep(random() * 0.012); END IF;`

const remember = (tables: ReadonlyArray<string>, lingers: boolean): ReadonlyArray<string> => [
  `CREATE TABLE shadow_history (n bigserial PRIMARY KEY, name text NOT NULL, before jsonb, after jsonb)`,
  `CREATE FUNCTION shadow_remember() RETURNS trigger AS $$ BEGIN
    INSERT INTO shadow_history (name, before, after) VALUES (TG_TABLE_NAME,
      CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END, CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END);
    ${lingers ? lingering : ""}
    RETURN NULL;
  END $$ LANGUAGE plpgsql`,
  ...tables.map((table) =>
    `CREATE TRIGGER shadow AFTER INSERT OR UPDATE OR DELETE ON ${table}
      FOR EACH ROW EXECUTE FUNCTION shadow_remember()`
  )
]

/** A number given by the database itself. */
const isGenerated = (table: string, column: string) => table === "mitra_online_logs" && column === "id"

/** On a fresh database, once. Instants are epoch milliseconds. */
export const makeRowHistory = Effect.fnUntraced(
  function*<Table extends string>(tables: ReadonlyArray<Table>, lingers = false) {
    const sql = yield* SqlClient.SqlClient
    for (const statement of remember(tables, lingers)) yield* sql.unsafe(statement)
    const listed = yield* sql<{ table_name: string; column_name: string; data_type: string }>`
    SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'`
    const typesOf = (table: Table) =>
      new Map(
        listed.filter(({ column_name, table_name }) =>
          table_name === table && !isGenerated(table, column_name)
        )
          .map(({ column_name, data_type }) => [column_name, data_type])
      )
    const types = new Map(tables.map((table) => [table, typesOf(table)]))
    const isTime = (table: Table, column: string) =>
      types.get(table)?.get(column)?.startsWith("timestamp") === true

    const incoming = (table: Table, columns: Columns): Columns =>
      Object.fromEntries(
        Object.entries(columns).filter(([name]) => !isGenerated(table, name)).map(([name, value]) => [
          name,
          isTime(table, name) && typeof value === "string" ? Date.parse(value) : value
        ])
      )

    /** What was committed since the last call, oldest first. */
    const written = Effect.map(
      sql<{ name: Table; before: Columns | null; after: Columns | null }>`
      WITH gone AS (DELETE FROM shadow_history RETURNING *) SELECT name, before, after FROM gone ORDER BY n`,
      (rows) =>
        rows.map(({ after, before, name }): Written<Table> => ({
          table: name,
          before: before === null ? null : incoming(name, before),
          after: after === null ? null : incoming(name, after)
        }))
    )
    return { isTime, types, written }
  }
)
