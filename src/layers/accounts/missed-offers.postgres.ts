// Offers that mitras let run out, one after the other, from the offer rows. Only those that ran out lately
// are looked at, so this costs what was missed, not what is online. Part of mitras.postgres.ts.
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import type { Mitras } from "../../services/accounts/mitras.ts"
import { allOf, firstOf, timestamp } from "../platform/postgres/columns.ts"
import { answered } from "../platform/postgres/failure.ts"

const countOf = firstOf(Schema.Struct({ missed: Schema.Int }))
const idsOf = allOf(Schema.Struct({ mitra_id: Schema.String }))

/** Her newest offers that she answered or let run out: how many of them before the first answered one. */
const rowOf = (mitra: string, since: string, limit: string) => `
  SELECT count(*)::int FROM (
    SELECT bool_and(ending IS NOT DISTINCT FROM 'expired')
      OVER (ORDER BY sent_at DESC, session_id DESC) AS is_missed
    FROM (
      SELECT sent_at, session_id, ending FROM chat_request_notifications o
      WHERE o.mitra_id = ${mitra} AND o.sent_at >= ${since}
        AND (o.status IN ('accepted', 'declined') OR o.ending = 'expired')
      ORDER BY o.sent_at DESC, o.session_id DESC LIMIT ${limit}
    ) newest
  ) story WHERE is_missed`

export const missedOffers = (
  sql: SqlClient.SqlClient
): Pick<Mitras["Service"], "missedInARow" | "whoMissed"> => ({
  missedInARow: (mitraId, since, limit) =>
    sql.unsafe(`SELECT (${rowOf("$1::uuid", "$2::timestamptz", "$3::int")}) AS missed`, [
      mitraId,
      timestamp(since),
      limit
    ]).pipe(Effect.flatMap(countOf), Effect.map((row) => row?.missed ?? 0), answered),
  whoMissed: ({ after, count, limit }) =>
    sql.unsafe(
      `SELECT s.mitra_id FROM mitra_status s
           WHERE s.is_online AND s.mitra_id IN (
             SELECT mitra_id FROM chat_request_notifications
             WHERE ending = 'expired' AND deadline_at > $1::timestamptz
           ) AND (${rowOf("s.mitra_id", "s.online_since", "$2::int")}) >= $2::int
           ORDER BY s.mitra_id LIMIT $3::int`,
      [timestamp(after), count, limit]
    ).pipe(Effect.flatMap(idsOf), Effect.map((rows) => rows.map((row) => row.mitra_id)), answered)
})
