// The rows behind the mirror: everything it says of a mitra, read in one statement for many of them. And
// the one way back: heartbeat times that so far only the mirror, or a runner's memory, knows.
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { Language } from "../../domain/matching.ts"
import { Topic } from "../../domain/session/state.ts"
import { allOf, timestamp } from "../platform/postgres/columns.ts"
import { answered } from "../platform/postgres/failure.ts"
import { isUuid } from "../../domain/uuid.ts"

const MirrorRow = Schema.Struct({
  mitra_id: Schema.String,
  display_name: Schema.String,
  is_active: Schema.Boolean,
  is_online: Schema.Boolean,
  is_draining: Schema.Boolean,
  /** She has a phone that a push can reach. */
  has_device: Schema.Boolean,
  online_since: Schema.NullOr(Schema.Number),
  last_offer_at: Schema.NullOr(Schema.Number),
  /** Her last ping by the rows, coming online being the first. */
  seen_at: Schema.NullOr(Schema.Number),
  sessions: Schema.Number,
  languages: Schema.Array(Language),
  topics: Schema.Array(Topic),
  open_offers: Schema.Number,
  declined_at: Schema.NullOr(Schema.Number)
})
export type MirrorRow = typeof MirrorRow.Type

const decode = allOf(MirrorRow)
const decodeWritten = allOf(Schema.Struct({ written: Schema.Number }))

/** Instants as plain numbers: a page of thousands is decoded without making a Date of each. */
const ms = (column: string) => `round(extract(epoch FROM ${column}) * 1000)::float8`

/** A push token whose sign-in lives; one that the provider refused is gone. */
export const hasDevice = (mitraId: string) =>
  `EXISTS (SELECT FROM devices d WHERE d.user_type = 'mitra' AND d.user_id = ${mitraId}
    AND NOT EXISTS (SELECT FROM auth_sessions a
      WHERE a.family_id = d.auth_session_id AND a.revoked_at IS NOT NULL))`

const columns = `m.id AS mitra_id, m.display_name, m.is_active, coalesce(s.is_online, false) AS is_online,
  coalesce(s.is_draining, false) AS is_draining, ${hasDevice("m.id")} AS has_device,
  to_json(m.languages) AS languages, to_json(m.topics) AS topics, ${ms("s.online_since")} AS online_since, ${
  ms("s.last_offer_at")
} AS last_offer_at,
  ${ms("greatest(s.last_heartbeat_at, s.online_since)")} AS seen_at,
  (SELECT count(*)::int FROM mitra_slots x WHERE x.mitra_id = m.id) AS sessions,
  (SELECT count(*)::int FROM chat_request_notifications o
    WHERE o.mitra_id = m.id AND o.status = 'pending') AS open_offers,
  (SELECT ${ms("max(coalesce(o.responded_at, o.deadline_at))")} FROM chat_request_notifications o
    WHERE o.mitra_id = m.id AND (o.status = 'declined' OR o.ending = 'expired')) AS declined_at`

export const makeMirrorRows = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const from = sql.literal(`SELECT ${columns} FROM mitras m LEFT JOIN mitra_status s ON s.mitra_id = m.id`)
  return {
    /** Those of `ids` that exist. */
    of: (ids: ReadonlyArray<string>) =>
      sql`${from} WHERE m.id = ANY (${ids.filter(isUuid)}::uuid[])`.pipe(Effect.flatMap(decode), answered),
    /** All mitras of the mirror: online, deactivated or in a chat; in id order, after `after`. */
    page: (after: string | null, limit: number) =>
      sql`${from} WHERE (s.is_online OR NOT m.is_active
          OR EXISTS (SELECT FROM mitra_slots x WHERE x.mitra_id = m.id))
        ${after === null ? sql`` : sql`AND m.id > ${after}::uuid`}
        ORDER BY m.id LIMIT ${limit}::int`.pipe(Effect.flatMap(decode), answered),
    /**
     * One statement for all. Only forwards, only mitras who are online, and only rows that change.
     * Locked in id order, as every writer locks them.
     */
    recordHeartbeats: (times: ReadonlyArray<readonly [mitraId: string, at: number]>) => {
      const known = times.filter(([id]) => isUuid(id))
      if (known.length === 0) return Effect.succeed(0)
      return sql`
        WITH ping AS (
          SELECT * FROM unnest(${known.map(([id]) => id)}::uuid[], ${
        known.map(([, at]) => timestamp(at))
      }::timestamptz[]) AS ping (mitra_id, at)
        ), held AS (
          SELECT mitra_id, ping.at FROM mitra_status s JOIN ping USING (mitra_id)
          WHERE s.is_online AND (s.last_heartbeat_at IS NULL OR s.last_heartbeat_at < ping.at)
          ORDER BY mitra_id FOR NO KEY UPDATE OF s
        ), moved AS (
          UPDATE mitra_status s SET last_heartbeat_at = held.at FROM held
          WHERE s.mitra_id = held.mitra_id AND s.is_online
            AND (s.last_heartbeat_at IS NULL OR s.last_heartbeat_at < held.at)
          RETURNING 1
        )
        SELECT count(*)::int AS written FROM moved`.pipe(
        Effect.flatMap(decodeWritten),
        Effect.map((rows) => rows[0]?.written ?? 0),
        answered
      )
    }
  }
})

export type MirrorRows = Effect.Success<typeof makeMirrorRows>
