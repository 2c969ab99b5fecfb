// Heartbeats on their way to Postgres: pings of many mitras that arrive while a statement runs share
// the next one, and each caller still gets its own answer. An idle server writes at once.
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { HeartbeatOutcome } from "../../services/availability/availability.ts"
import { Unavailable } from "../../services/platform/unavailable.ts"
import { makeBatcher } from "../platform/batcher.ts"
import { allOf, timestamp } from "../platform/postgres/columns.ts"
import { orUnavailable } from "../platform/postgres/failure.ts"
import { stopBudgets } from "../../services/platform/stop-budgets.ts"
import * as RealTime from "../../services/platform/real-time.ts"
import { isUuid } from "../../domain/uuid.ts"

const queueLimit = 8_192
const groupLimit = 1_000
const groupWithinMs = 5_000
const answerWithinMs = 10_000

const busy = new Unavailable({ what: "postgres", retryable: true })
const draining = new Unavailable({ what: "draining", retryable: true })

interface Ping {
  readonly mitra_id: string
  readonly at: number
}

const decode = allOf(Schema.Struct({
  mitra_id: Schema.String,
  outcome: Schema.Literals(["seen", "offline", "deactivated"])
}))

/** The latest instant of each mitra. One malformed id must not fail the statement of all. */
const latest = (group: ReadonlyArray<Ping>): ReadonlyMap<string, number> => {
  const times = new Map<string, number>()
  for (const { at, mitra_id } of group) {
    if (isUuid(mitra_id)) {
      times.set(mitra_id.toLowerCase(), Math.max(times.get(mitra_id.toLowerCase()) ?? at, at))
    }
  }
  return times
}

// Rows are locked in id order, as the journal locks them, so that two writers never wait in a ring.
const record = (sql: SqlClient.SqlClient, times: ReadonlyMap<string, number>) =>
  sql`
    WITH ping AS (
      SELECT * FROM unnest(${[...times.keys()]}::uuid[], ${[...times.values()].map(timestamp)}::timestamptz[])
        AS ping (mitra_id, at)
    ), held AS (
      SELECT mitra_id, ping.at FROM mitra_status s
      JOIN ping USING (mitra_id)
      JOIN mitras m ON m.id = mitra_id
      WHERE s.is_online AND m.is_active
      ORDER BY mitra_id FOR NO KEY UPDATE OF s
    ), seen AS (
      UPDATE mitra_status s SET last_heartbeat_at = greatest(s.last_heartbeat_at, held.at)
      FROM held WHERE s.mitra_id = held.mitra_id RETURNING s.mitra_id
    )
    SELECT m.id AS mitra_id,
      CASE WHEN seen.mitra_id IS NOT NULL THEN 'seen' WHEN m.is_active THEN 'offline' ELSE 'deactivated' END
        AS outcome
    FROM ping JOIN mitras m ON m.id = ping.mitra_id LEFT JOIN seen ON seen.mitra_id = m.id`.pipe(
    Effect.flatMap(decode),
    orUnavailable,
    RealTime.timeoutOrElse({ duration: groupWithinMs, orElse: () => Effect.fail(busy) })
  )

/** The grouped `heartbeat` of the Postgres adapter, alive until the scope closes. */
export const makeHeartbeats = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const note = yield* makeBatcher<Ping, HeartbeatOutcome>({
    queue_max: queueLimit,
    batch_max: groupLimit,
    overloaded: busy,
    stopped: draining,
    drain_ms: stopBudgets.heartbeats_ms,
    run: Effect.fnUntraced(function*(pings) {
      const times = latest(pings)
      const rows = times.size === 0 ? [] : yield* record(sql, times)
      const outcomes = new Map(rows.map((row) => [row.mitra_id, row.outcome]))
      return pings.map(({ mitra_id }) => outcomes.get(mitra_id.toLowerCase()) ?? "offline")
    })
  })
  return (mitra_id: string, at: number): Effect.Effect<HeartbeatOutcome, Unavailable> =>
    note({ mitra_id, at }).pipe(
      RealTime.timeoutOrElse({ duration: answerWithinMs, orElse: () => Effect.fail(busy) })
    )
})
