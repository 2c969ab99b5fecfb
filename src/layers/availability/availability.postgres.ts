// Availability, from the rows themselves. One statement per question; nothing is counted up or down,
// so there is nothing that could drift: used capacity is the number of a mitra's slots.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { Freshness } from "../../domain/freshness.ts"
import { Language } from "../../domain/matching.ts"
import type { Candidate } from "../../domain/pairing.ts"
import { Topic } from "../../domain/session/state.ts"
import { Availability } from "../../services/availability/availability.ts"
import { allOf, firstOf, Millis, timestamp } from "../platform/postgres/columns.ts"
import { answered } from "../platform/postgres/failure.ts"
import { makeHeartbeats } from "./heartbeats.postgres.ts"
import { hasDevice } from "./mirror-rows.postgres.ts"

type CandidatesOptions = Parameters<Availability["Service"]["candidates"]>[0]

const decodeCandidates = allOf(Schema.Struct({
  mitra_id: Schema.String,
  mitra_name: Schema.String,
  sessions: Schema.Int,
  languages: Schema.Array(Language),
  topics: Schema.Array(Topic)
}))
const decodeCounts = firstOf(Schema.Struct({ online: Schema.Int, available: Schema.Int }))
const decodeIds = allOf(Schema.Struct({ mitra_id: Schema.String }))
const decodeSeenAt = firstOf(Schema.Struct({ seen_at: Millis }))

// Coming online counts as a ping; greatest() ignores a null.
const seenAt = "greatest(s.last_heartbeat_at, s.online_since)"

const isFresh = (sql: SqlClient.SqlClient, { background_before, stale_before }: Freshness) =>
  stale_before === null
    ? sql`true`
    : sql`(${sql.literal(seenAt)} > ${timestamp(stale_before)}${
      background_before === undefined || background_before >= stale_before
        ? sql``
        : sql` OR ${sql.literal(seenAt)} > ${timestamp(background_before)} AND ${
          sql.literal(hasDevice("s.mitra_id"))
        }`
    })`

/** Both look into a partial index of few rows; the second one only while a cool-down is set. */
const isFairToAsk = (sql: SqlClient.SqlClient, { declined_since, open_offers_max }: CandidatesOptions) =>
  sql`(SELECT count(*) FROM chat_request_notifications o
      WHERE o.mitra_id = s.mitra_id AND o.status = 'pending') < ${open_offers_max}
    ${
    declined_since === null ? sql`` : sql`AND NOT EXISTS (SELECT FROM chat_request_notifications o
      WHERE o.mitra_id = s.mitra_id AND (o.status = 'declined' OR o.ending = 'expired')
        AND coalesce(o.responded_at, o.deadline_at) >= ${timestamp(declined_since)})`
  }`

const isWanted = (sql: SqlClient.SqlClient, { wanted: { language, topic } }: CandidatesOptions) =>
  sql`${topic} = ANY (m.topics)${language === null ? sql`` : sql` AND ${language} = ANY (m.languages)`}`

/**
 * Idle mitras come from an index in the order of asking, so this costs what is asked for, not what
 * is online (20,000 online, 200 asked: 3 ms, against 25 ms for sorting all of them). Those who have
 * sessions are only looked at when too few are idle: LIMIT 0 never starts its query.
 */
const selectCandidates = (sql: SqlClient.SqlClient, options: CandidatesOptions) => {
  const eligible = sql`s.is_online AND m.is_active AND NOT s.is_draining AND ${isFresh(sql, options)}
    AND ${isFairToAsk(sql, options)} AND ${
    isWanted(sql, options)
  } AND s.mitra_id <> ALL (${options.exclude}::uuid[])
    ${options.only === null ? sql`` : sql`AND s.mitra_id = ${options.only}`}`
  return sql`
    WITH idle AS MATERIALIZED (
      SELECT s.mitra_id, m.display_name, m.languages, m.topics, 0 AS sessions, s.last_offer_at, s.online_since
      FROM mitra_status s JOIN mitras m ON m.id = s.mitra_id
      WHERE ${eligible} AND NOT EXISTS (SELECT FROM mitra_slots x WHERE x.mitra_id = s.mitra_id)
      ORDER BY s.last_offer_at NULLS FIRST, s.online_since, s.mitra_id
      LIMIT ${options.limit}::int
    ), busy AS (
      SELECT s.mitra_id, m.display_name, m.languages, m.topics, used.sessions, s.last_offer_at, s.online_since
      FROM (SELECT mitra_id, count(*)::int AS sessions FROM mitra_slots GROUP BY mitra_id) used
      JOIN mitra_status s ON s.mitra_id = used.mitra_id
      JOIN mitras m ON m.id = s.mitra_id
      WHERE ${eligible} AND used.sessions < ${options.max_customers}
      ORDER BY used.sessions, s.last_offer_at NULLS FIRST, s.online_since, s.mitra_id
      LIMIT ${options.limit}::int - (SELECT count(*) FROM idle)
    )
    SELECT mitra_id, display_name AS mitra_name, sessions, to_json(languages) AS languages,
      to_json(topics) AS topics
    FROM (SELECT * FROM idle UNION ALL SELECT * FROM busy) found
    ORDER BY sessions, last_offer_at NULLS FIRST, online_since, mitra_id`
}

/** Reads every online mitra: ask it about once a second, not once per poll (see availability.ts). */
const selectCounts = (sql: SqlClient.SqlClient, freshness: Freshness) =>
  sql`
    SELECT count(*)::int AS online,
      (count(*) FILTER (WHERE m.is_active AND NOT s.is_draining AND busy.mitra_id IS NULL
        AND ${isFresh(sql, freshness)}))::int AS available
    FROM mitra_status s
    JOIN mitras m ON m.id = s.mitra_id
    LEFT JOIN (
      SELECT mitra_id FROM mitra_slots GROUP BY mitra_id HAVING count(*) >= ${freshness.max_customers}
    ) busy ON busy.mitra_id = s.mitra_id
    WHERE s.is_online`

export const layer = Layer.effect(Availability)(Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const heartbeat = yield* makeHeartbeats
  return {
    heartbeat,
    candidates: (options) =>
      options.limit <= 0 || options.max_customers <= 0
        ? Effect.succeed<ReadonlyArray<Candidate>>([])
        : selectCandidates(sql, options).pipe(Effect.flatMap(decodeCandidates), answered),
    counts: (freshness) =>
      selectCounts(sql, freshness).pipe(
        Effect.flatMap(decodeCounts),
        Effect.map((counts) => counts ?? { online: 0, available: 0 }),
        answered
      ),
    stale: (staleBefore, limit, backgroundBefore = staleBefore) =>
      sql`
        SELECT s.mitra_id FROM mitra_status s
        WHERE s.is_online AND ${sql.literal(seenAt)} <= ${timestamp(staleBefore)}
          AND (${sql.literal(seenAt)} <= ${timestamp(backgroundBefore)}
            OR NOT ${sql.literal(hasDevice("s.mitra_id"))})
        ORDER BY ${sql.literal(seenAt)}, s.mitra_id LIMIT ${Math.max(0, limit)}::int`.pipe(
        Effect.flatMap(decodeIds),
        Effect.map((rows) => rows.map((row) => row.mitra_id)),
        answered
      ),
    lastHeartbeat: (mitraId) =>
      sql`SELECT ${sql.literal(seenAt)} AS seen_at FROM mitra_status s
        WHERE s.mitra_id = ${mitraId} AND s.is_online`.pipe(
        Effect.flatMap(decodeSeenAt),
        Effect.map((row) => row?.seen_at ?? null),
        answered
      ),
    // The rows are the truth and these reads ask the rows: there is no mirror to tell.
    changed: () => Effect.void
  }
}))
