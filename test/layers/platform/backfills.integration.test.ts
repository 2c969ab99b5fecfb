// Backfills on rows of before: in batches, resumed where they ended, by two runs in turns, and done once.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import openSchemaWindow from "../../../migrations/0016_open_schema_window.ts"
import {
  type Backfill,
  backfillProgress,
  runBackfill
} from "../../../src/layers/platform/postgres/backfills.ts"
import { freshDatabase } from "../../support/postgres.ts"

const rowCount = 25

/** A table of a release before, whose new column is to be filled ten rows at a time. */
const tableOfBefore = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE of_before (id int PRIMARY KEY, filled int NOT NULL DEFAULT 0)`
  yield* sql`INSERT INTO of_before SELECT n FROM generate_series(1, ${rowCount}::int) AS n`
})

const batch = (after: string | null) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const rows = yield* sql<{ id: number }>`
      UPDATE of_before SET filled = filled + 1
      WHERE id IN (SELECT id FROM of_before WHERE id > ${Number(after ?? 0)} ORDER BY id LIMIT 10)
      RETURNING id`
    const last = Math.max(...rows.map(({ id }) => id))
    return { rows: rows.length, last_row: rows.length < 10 ? null : String(last) }
  })

const fill = { name: "fill of_before", after: "0016_open_schema_window", batch } as unknown as Backfill

const filledTimes = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ filled: number; rows: bigint }>`
    SELECT filled, count(*) AS rows FROM of_before GROUP BY filled ORDER BY filled`
  return rows.map(({ filled, rows }) => [filled, Number(rows)])
})

const onTable = <A, E>(body: Effect.Effect<A, E, SqlClient.SqlClient>) =>
  Effect.andThen(tableOfBefore, body).pipe(Effect.provide(freshDatabase), Effect.scoped)

describe("a backfill", { timeout: 30_000 }, () => {
  it.live("goes through all rows in batches, tells each one, and does nothing the next time", () =>
    onTable(Effect.gen(function*() {
      const told: Array<number> = []
      const run = runBackfill(fill, ({ rows_done }) => Effect.sync(() => void told.push(rows_done)))
      yield* run
      assert.deepStrictEqual(told, [10, 20, 25])
      yield* run
      assert.deepStrictEqual(yield* filledTimes, [[1, rowCount]])
      assert.deepStrictEqual(yield* backfillProgress(fill.name), { rows_done: 25, is_finished: true })
    })))

  it.live("that dies in a batch loses that batch alone, and goes on after the one before", () =>
    onTable(Effect.gen(function*() {
      let batches = 0
      const dying = {
        ...fill,
        batch: (after: string | null) =>
          Effect.tap(
            fill.batch(after),
            () => ++batches === 2 ? Effect.die("the machine is gone") : Effect.void
          )
      }
      yield* Effect.exit(runBackfill(dying, () => Effect.void))
      assert.deepStrictEqual(yield* backfillProgress(fill.name), { rows_done: 10, is_finished: false })
      assert.deepStrictEqual(yield* filledTimes, [[0, 15], [1, 10]])
      yield* runBackfill(fill, () => Effect.void)
      assert.deepStrictEqual(yield* filledTimes, [[1, rowCount]])
    })))

  it.live("that is run twice at once does each row once", () =>
    onTable(Effect.gen(function*() {
      const run = runBackfill(fill, () => Effect.void)
      yield* Effect.all([run, run, run], { concurrency: 3 })
      assert.deepStrictEqual(yield* filledTimes, [[1, rowCount]])
    })))
})

describe("the migration that opens the window", () => {
  it.live("leaves a database in use open to every version", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`DROP TABLE schema_window, schema_backfills`
      yield* openSchemaWindow
      assert.deepStrictEqual(yield* sql`SELECT oldest_code FROM schema_window`, [{ oldest_code: 0 }])
    }).pipe(Effect.provide(freshDatabase), Effect.scoped))
})
