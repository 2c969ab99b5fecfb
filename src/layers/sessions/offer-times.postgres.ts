// When offers were seen or accepted too late: notes of many mitras that arrive while a statement runs share
// the next one, as a blast asks up to 200 at once. Part of session-oversight.postgres.ts.
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { OfferNote, SessionOversight } from "../../services/sessions/session-oversight.ts"
import { Unavailable } from "../../services/platform/unavailable.ts"
import { makeBatcher } from "../platform/batcher.ts"
import { allOf, Millis, timestampOrNull } from "../platform/postgres/columns.ts"
import { answered } from "../platform/postgres/failure.ts"

const queueMax = 2_048
const batchMax = 500

const busy = new Unavailable({ what: "postgres", retryable: true })
const draining = new Unavailable({ what: "draining", retryable: true })

const asked = allOf(Schema.Struct({ session_id: Schema.String, mitra_id: Schema.String }))
const times = allOf(Schema.Struct({
  mitra_id: Schema.String,
  seen_at: Schema.NullOr(Millis),
  late_accept_at: Schema.NullOr(Millis)
}))

interface Noted {
  readonly session_id: string
  readonly mitra_id: string
  readonly seen_at: number | null
  readonly late_accept_at: number | null
}

const keyOf = ({ mitra_id, session_id }: Pick<Noted, "mitra_id" | "session_id">) =>
  `${session_id}/${mitra_id}`

const earlier = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? a ?? b : Math.min(a, b)

/** One row for each offer: a statement may not change one row twice. */
const merged = (notes: ReadonlyArray<OfferNote>): ReadonlyArray<Noted> => {
  const rows = new Map<string, Noted>()
  for (const { at, mitra_id, session_id, what } of notes) {
    const row = rows.get(keyOf({ mitra_id, session_id })) ??
      { session_id, mitra_id, seen_at: null, late_accept_at: null }
    rows.set(keyOf(row), { ...row, [what]: earlier(row[what], at) })
  }
  return [...rows.values()]
}

const parameterOf = ({ late_accept_at, seen_at, ...offer }: Noted) => ({
  ...offer,
  seen_at: timestampOrNull(seen_at),
  late_accept_at: timestampOrNull(late_accept_at)
})

// In the order of their keys, so that two runners never wait for each other in a ring.
const write = (sql: SqlClient.SqlClient, rows: ReadonlyArray<Noted>) =>
  sql`INSERT INTO offer_times (session_id, mitra_id, seen_at, late_accept_at)
    SELECT session_id, mitra_id, noted.seen_at, noted.late_accept_at
    FROM json_to_recordset(${JSON.stringify(rows.map(parameterOf))}::json)
      AS noted (session_id uuid, mitra_id uuid, seen_at timestamptz, late_accept_at timestamptz)
    JOIN chat_request_notifications USING (session_id, mitra_id) ORDER BY session_id, mitra_id
    ON CONFLICT (session_id, mitra_id) DO UPDATE SET
      seen_at = coalesce(offer_times.seen_at, excluded.seen_at),
      late_accept_at = coalesce(offer_times.late_accept_at, excluded.late_accept_at)
    RETURNING session_id, mitra_id`.pipe(Effect.flatMap(asked), answered)

/** Lives until the scope closes. */
export const makeOfferTimes = Effect.fnUntraced(function*(sql: SqlClient.SqlClient) {
  const note = yield* makeBatcher<OfferNote, boolean>({
    queue_max: queueMax,
    batch_max: batchMax,
    overloaded: busy,
    stopped: draining,
    // What is lost here is a line on staff's page, not worth a moment of the stop.
    drain_ms: 0,
    run: Effect.fnUntraced(function*(notes) {
      const found = new Set((yield* write(sql, merged(notes))).map(keyOf))
      return notes.map((one) => found.has(keyOf(one)))
    })
  })
  const calls: Pick<SessionOversight["Service"], "noteOffer" | "offerTimes"> = {
    noteOffer: note,
    offerTimes: (sessionId) =>
      sql`SELECT mitra_id, seen_at, late_accept_at FROM offer_times WHERE session_id = ${sessionId}
        ORDER BY mitra_id`.pipe(Effect.flatMap(times), answered)
  }
  return calls
})
