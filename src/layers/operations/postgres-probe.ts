// Whether Postgres does what a server needs of it: answer, write, have room and hold our schema. Read by
// readiness every two seconds, so it is one small statement and one small write.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import { isSqlError } from "effect/sql/SqlError"
import { FailureLog } from "../../services/operations/failures.ts"
import * as RealTime from "../../services/platform/real-time.ts"
import { failureOf } from "../platform/postgres/failure-kinds.ts"
import { windowProblem } from "../platform/postgres/schema-window.ts"

export type PostgresTrouble = "postgres_down" | "postgres_read_only" | "postgres_full" | "schema_mismatch"

/** After a statement failed for want of room, the probe asks for room itself until it gets some. */
const fullForMs = 60_000

const troubleOf = (error: unknown): PostgresTrouble => {
  if (!isSqlError(error)) return "postgres_down"
  const { kind } = failureOf(error)
  return kind === "postgres_full" || kind === "postgres_read_only" ? kind : "postgres_down"
}

interface Looked {
  readonly replica: boolean
  readonly read_only: boolean
  readonly version: number | null
  readonly oldest_code: number | null
}

const look = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const [found] = yield* sql<Looked>`
    SELECT pg_is_in_recovery() AS replica, current_setting('transaction_read_only') = 'on' AS read_only,
      (SELECT max(migration_id)::int FROM schema_migrations) AS version,
      (SELECT oldest_code FROM schema_window) AS oldest_code`
  if (found?.replica === true || found?.read_only === true) return "postgres_read_only" as const
  // A newer one is fine while nothing is gone that this version reads: the next one is being deployed.
  const schema = { version: found?.version ?? 0, oldest_code: found?.oldest_code ?? 0 }
  if (windowProblem(schema) !== null) return "schema_mismatch" as const
  yield* sql`SELECT pg_logical_emit_message(true, 'halobestie.readyz', '')::text`
  const full = (yield* FailureLog).last.get("postgres_full")
  if (full === undefined || (yield* Clock.currentTimeMillis) - full > fullForMs) return null
  // Pages of a table, as rows need them: half a megabyte that is given back at once.
  yield* sql.withTransaction(sql`
    CREATE TEMP TABLE readyz_probe ON COMMIT DROP AS
    SELECT repeat(md5(n::text), 200) AS filler FROM generate_series(1, 500) AS n`)
  return null
})

/** Null while all is well. A pool with nothing free, or no answer in two seconds, is down. */
export const postgresTrouble: Effect.Effect<PostgresTrouble | null, never, SqlClient.SqlClient> = look.pipe(
  RealTime.timeout("2 seconds"),
  Effect.catch((error) => Effect.succeed(troubleOf(error))),
  Effect.catchDefect((defect) => Effect.succeed(troubleOf(defect)))
)
