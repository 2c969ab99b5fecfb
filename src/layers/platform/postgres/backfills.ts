// Work on rows of before that is too much for one transaction: done in batches while every version serves,
// each batch and how far it came in one transaction of its own, so that a run that ends midway goes on.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { growingTables } from "../../../../migrations/growing-tables.ts"
import { BigCount, firstOf, timestamp } from "./columns.ts"
import type { MigrationName } from "./migrations.ts"

export { growingTables }

export interface Backfill {
  /** Never changes once it was released: it is how a database knows that it is done. */
  readonly name: string
  /** It needs what this migration added; a later contract waits for it. */
  readonly after: MigrationName
  /**
   * One batch, of a thousand rows or so: begins after the row where the last one ended (null for the first),
   * says how many rows it looked at and where it ended; null when there are no more.
   */
  readonly batch: (after_row: string | null) => Effect.Effect<BatchDone, unknown, SqlClient.SqlClient>
}

export interface BatchDone {
  readonly rows: number
  readonly last_row: string | null
}

/** Reads each table once while everybody goes on: a bound that is checked is not read under a lock later. */
const checkBounds: Backfill = {
  name: "check bounds of growing tables",
  after: "0025_bound_growing_tables",
  batch: Effect.fnUntraced(function*(after_row) {
    const sql = yield* SqlClient.SqlClient
    const next = growingTables[growingTables.findIndex(({ name }) => name === after_row) + 1]
    if (next === undefined) return { rows: 0, last_row: null }
    yield* sql`SET LOCAL statement_timeout = 0`
    yield* sql`SET LOCAL lock_timeout = '3s'`
    // Gone where every migration was applied at once.
    const [bound] = yield* sql`SELECT 1 FROM pg_constraint WHERE conname = ${`${next.name}_until`}`
    if (bound !== undefined) {
      yield* sql.unsafe(`ALTER TABLE ${next.name} VALIDATE CONSTRAINT ${next.name}_until`)
    }
    return { rows: 1, last_row: next.name }
  })
}

/** In the order of their migrations. */
export const backfills: ReadonlyArray<Backfill> = [checkBounds]

export interface BackfillProgress {
  readonly rows_done: number
  readonly is_finished: boolean
}

const progressOf = firstOf(Schema.Struct({
  after_row: Schema.NullOr(Schema.String),
  rows_done: BigCount,
  is_finished: Schema.Boolean
}))

/** How far it is; not begun is nothing done. */
export const backfillProgress = Effect.fnUntraced(function*(name: string) {
  const sql = yield* SqlClient.SqlClient
  const row = yield* Effect.flatMap(
    sql`SELECT after_row, rows_done, finished_at IS NOT NULL AS is_finished
        FROM schema_backfills WHERE name = ${name}`,
    progressOf
  )
  return { rows_done: row?.rows_done ?? 0, is_finished: row?.is_finished ?? false }
})

const oneBatch = Effect.fnUntraced(function*(backfill: Backfill) {
  const sql = yield* SqlClient.SqlClient
  return yield* sql.withTransaction(Effect.gen(function*() {
    yield* sql`INSERT INTO schema_backfills (name) VALUES (${backfill.name}) ON CONFLICT DO NOTHING`
    // Two runs at once take turns: the second one sees what the first did.
    const row = yield* Effect.flatMap(
      sql`SELECT after_row, rows_done, finished_at IS NOT NULL AS is_finished
          FROM schema_backfills WHERE name = ${backfill.name} FOR UPDATE`,
      progressOf
    )
    if (row === null || row.is_finished) return { rows_done: row?.rows_done ?? 0, is_finished: true }
    const done = yield* backfill.batch(row.after_row)
    const finished_at = done.last_row === null ? timestamp(yield* Clock.currentTimeMillis) : null
    yield* sql`
      UPDATE schema_backfills SET after_row = ${done.last_row}, rows_done = rows_done + ${done.rows}::bigint,
        finished_at = ${finished_at}
      WHERE name = ${backfill.name}`
    return { rows_done: row.rows_done + done.rows, is_finished: done.last_row === null }
  }))
})

/** Goes on where it is, to its end; says after each batch how far it came. */
export const runBackfill = <R>(
  backfill: Backfill,
  tell: (progress: BackfillProgress) => Effect.Effect<void, never, R>
) =>
  oneBatch(backfill).pipe(
    Effect.tap(tell),
    Effect.repeat({ while: ({ is_finished }) => !is_finished })
  )
