// What a call reads of each table, as Postgres counts it: rows found by indexes, and rows passed by scans of
// whole tables. Needs a pool of one connection, PostgreSQL 15 and nobody else at work.
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

export interface Read {
  readonly table: string
  readonly by_index: number
  readonly by_scan: number
}

/** So far, by everybody. What this connection has not told yet it tells first. */
const counted = (sql: SqlClient.SqlClient) =>
  Effect.andThen(
    sql`SELECT pg_stat_force_next_flush()`,
    Effect.map(
      // Parts of a table count as the table.
      sql<Read>`SELECT coalesce(p.relname, t.relname)::text AS table,
          sum(coalesce(idx_tup_fetch, 0))::float8 AS by_index, sum(seq_tup_read)::float8 AS by_scan
        FROM pg_stat_user_tables t LEFT JOIN pg_inherits i ON i.inhrelid = t.relid
        LEFT JOIN pg_class p ON p.oid = i.inhparent GROUP BY 1`,
      (rows) => new Map(rows.map((row) => [row.table, row]))
    )
  )

const readsOnce = Effect.fnUntraced(function*<E, R>(call: Effect.Effect<unknown, E, R>) {
  const sql = yield* SqlClient.SqlClient
  const before = yield* counted(sql)
  const began = performance.now()
  yield* call
  const ms = performance.now() - began
  const reads = [...(yield* counted(sql)).values()].map(({ by_index, by_scan, table }): Read => {
    const was = before.get(table)
    return { table, by_index: by_index - (was?.by_index ?? 0), by_scan: by_scan - (was?.by_scan ?? 0) }
  })
  return { ms, reads: reads.filter((read) => read.by_index + read.by_scan > 0) }
})

/** The second time, when plans and pages are there. */
export const readsOf = <E, R>(call: Effect.Effect<unknown, E, R>) =>
  Effect.andThen(readsOnce(call), readsOnce(call))
