// Before the tables that grow are kept in parts (0026): each gets a bound, months ahead, under which all its
// rows lie. Checked for new rows at once and for those of before by a backfill, so that 0026 has not to read
// them while everybody waits. Until 0026 is applied nothing beyond the bound is taken.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import { growingTables } from "./growing-tables.ts"
import { runStatements } from "./run-statements.ts"

const functions = runStatements([
  `CREATE FUNCTION first_uuid_at(at timestamptz) RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid $$`,
  `CREATE FUNCTION time_of_uuid(id uuid) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT to_timestamp(('x' || translate(left(id::text, 13), '-', ''))::bit(48)::bigint / 1000.0) $$`
])

/** Three months ahead of everything. A clock that was moved ahead (in tests, say) has rows of the future. */
const boundAt = Effect.fnUntraced(function*(now: number) {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ at: string; id: string }>`
    SELECT bound::text AS at, first_uuid_at(bound)::text AS id FROM (
      SELECT (date_trunc('month', greatest(
        to_timestamp(${now}::float8 / 1000),
        (SELECT time_of_uuid(id) FROM chat_sessions ORDER BY id DESC LIMIT 1),
        (SELECT time_of_uuid(id) FROM webhook_logs ORDER BY id DESC LIMIT 1),
        (SELECT max(at) FROM mitra_online_logs)
      ) AT TIME ZONE 'UTC') + interval '3 months') AT TIME ZONE 'UTC' AS bound
    ) AS one`
  return row!
})

export default Effect.gen(function*() {
  yield* functions
  const bound = yield* boundAt(yield* Clock.currentTimeMillis)
  yield* runStatements(growingTables.map(({ by, name }) =>
    `ALTER TABLE ${name} ADD CONSTRAINT ${name}_until
      CHECK (${by} < '${by === "at" ? bound.at : bound.id}') NOT VALID`
  ))
})
