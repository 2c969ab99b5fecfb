// Heartbeats on their way to Postgres: pings of many mitras that arrive while a statement runs share
// the next one, and each caller still gets its own answer. An idle server writes at once.
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { HeartbeatOutcome } from "../../services/availability/availability.ts"
import { Unavailable } from "../../services/platform/unavailable.ts"
import { allOf, timestamp } from "../platform/postgres/columns.ts"
import { orUnavailable } from "../platform/postgres/failure.ts"
import { stopBudgets } from "../../services/platform/stop-budgets.ts"
import * as RealTime from "../../services/platform/real-time.ts"

const queueLimit = 8_192
const groupLimit = 1_000
const groupWithinMs = 5_000
const answerWithinMs = 10_000

const busy = new Unavailable({ what: "postgres", retryable: true })
const draining = new Unavailable({ what: "draining", retryable: true })

interface Ping {
  readonly mitra_id: string
  readonly at: number
  readonly answer: Deferred.Deferred<HeartbeatOutcome, Unavailable>
}

const decode = allOf(Schema.Struct({
  mitra_id: Schema.String,
  outcome: Schema.Literals(["seen", "offline", "deactivated"])
}))

// One malformed id must not fail the statement of everybody else.
const isUuid = (id: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)

/** The latest instant of each mitra in the group. */
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
  const queue = yield* Queue.dropping<Ping, Cause.Done>(queueLimit)

  const answerGroup = (group: ReadonlyArray<Ping>) =>
    Effect.gen(function*() {
      const times = latest(group)
      const rows = times.size === 0 ? [] : yield* record(sql, times)
      const outcomes = new Map(rows.map((row) => [row.mitra_id, row.outcome]))
      for (const { answer, mitra_id } of group) {
        Deferred.doneUnsafe(answer, Effect.succeed(outcomes.get(mitra_id.toLowerCase()) ?? "offline"))
      }
    }).pipe(
      // Whatever happened, interruption included, nobody is left waiting; a defect is everybody's.
      Effect.onError((cause) =>
        Effect.sync(() => {
          const failure = Cause.hasInterruptsOnly(cause) ? Effect.fail(draining) : Effect.failCause(cause)
          for (const { answer } of group) Deferred.doneUnsafe(answer, failure)
        })
      )
    )

  const worker = yield* Queue.takeBetween(queue, 1, groupLimit).pipe(
    // The callers have the failure; the worker goes on with the next group.
    Effect.flatMap((group) => Effect.exit(answerGroup(group))),
    Effect.forever,
    Effect.catchIf(Cause.isDone, () => Effect.void),
    Effect.forkScoped
  )
  // Runs before the worker is interrupted: pings already taken in get their answer.
  yield* Effect.addFinalizer(() =>
    Effect.andThen(
      Queue.end(queue),
      Effect.ignore(RealTime.timeout(Fiber.await(worker), stopBudgets.heartbeats_ms))
    )
  )

  return (mitraId: string, at: number): Effect.Effect<HeartbeatOutcome, Unavailable> =>
    Effect.suspend(() => {
      const answer = Deferred.makeUnsafe<HeartbeatOutcome, Unavailable>()
      if (!Queue.offerUnsafe(queue, { mitra_id: mitraId, at, answer })) {
        return Effect.fail(queue.state._tag === "Open" ? busy : draining)
      }
      return Deferred.await(answer).pipe(
        RealTime.timeoutOrElse({ duration: answerWithinMs, orElse: () => Effect.fail(busy) })
      )
    })
})
