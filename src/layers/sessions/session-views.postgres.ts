// SessionViews in Postgres: what is alive for one person, her offers, the queue's next end; what was said
// and what is past come from the files beside it. The status lists are written out for the partial indexes.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { sessionStatuses, type Side } from "../../domain/session/state.ts"
import { Cipher } from "../../services/encryption/cipher.ts"
import { SessionViews } from "../../services/sessions/session-views.ts"
import { allOf, firstOf, Millis, timestamp } from "../platform/postgres/columns.ts"
import { answered } from "../platform/postgres/failure.ts"
import { makeGroupedRead, makeSharedRead } from "../platform/postgres/grouped-read.ts"
import { pastOf } from "./past.postgres.ts"
import { offeredRequests, selectOffered, selectSessions, sessionStates } from "./session-rows.postgres.ts"
import { transcript } from "./transcript.postgres.ts"

type Sql = SqlClient.SqlClient
type Ciphers = Cipher["Service"]
type Part<Key extends keyof SessionViews["Service"]> = Pick<SessionViews["Service"], Key>

const liveAtMost = 50
const openOffersAtMost = 200

const ids = allOf(Schema.Struct({ id: Schema.String }))
const endOf = firstOf(Schema.Struct({ ends_at: Millis }))
const participationOf = firstOf(Schema.Struct({
  id: Schema.String,
  status: Schema.Literals(sessionStatuses),
  customer_id: Schema.String,
  mitra_id: Schema.NullOr(Schema.String),
  assigned: Schema.Array(Schema.String)
}))

// Each arm of the OR is one partial index.
const liveWhere = {
  customer: `(s.customer_id = ask.id
        AND s.status IN ('searching', 'pending_acceptance', 'active', 'extending'))
        OR (s.customer_id = ask.id AND s.status = 'closing')`,
  mitra: `s.mitra_id = ask.id AND s.status IN ('active', 'extending', 'closing')`
} satisfies Record<Side, string>

const makeLive = (sql: Sql, side: Side) =>
  makeGroupedRead<{ readonly id: string }>((asks) =>
    sql`SELECT ask.asked, live.* FROM json_to_recordset(${asks}::json) AS ask (asked integer, id uuid)
      CROSS JOIN LATERAL (${selectSessions(sql, { offers: true })} WHERE ${sql.literal(liveWhere[side])}
        ORDER BY s.requested_at, s.id LIMIT ${liveAtMost}) AS live
      ORDER BY ask.asked, live.requested_at, live.id`
  )

const makePersonal = Effect.fnUntraced(function*(sql: Sql, cipher: Ciphers) {
  const live = { customer: yield* makeLive(sql, "customer"), mitra: yield* makeLive(sql, "mitra") }
  const personal: Part<"liveOf" | "participation"> = {
    liveOf: (side, id) => Effect.flatMap(live[side]({ id }), sessionStates(cipher)),
    participation: (sessionId) =>
      sql`SELECT s.id, s.status, s.customer_id, s.mitra_id, coalesce((SELECT json_agg(DISTINCT a.mitra_id)
        FROM mitra_assignments a WHERE a.session_id = s.id), '[]'::json) AS assigned
      FROM chat_sessions s WHERE s.id = ${sessionId}`.pipe(Effect.flatMap(participationOf), answered)
  }
  return personal
})

const makeOffers = Effect.fnUntraced(function*(sql: Sql) {
  const open = yield* makeGroupedRead<{ readonly id: string; readonly now: string }>((asks) =>
    sql`SELECT ask.asked, open.* FROM json_to_recordset(${asks}::json)
        AS ask (asked integer, id uuid, now timestamptz)
      CROSS JOIN LATERAL (${selectOffered(sql)} WHERE o.mitra_id = ask.id AND o.status = 'pending'
          AND o.deadline_at > ask.now
        ORDER BY o.sent_at, o.session_id LIMIT ${openOffersAtMost}) AS open
      ORDER BY ask.asked, open.sent_at, open.session_id`
  )
  const offers: Part<"openOffersOf" | "recentOffersOf"> = {
    openOffersOf: (id, now) => Effect.flatMap(open({ id, now: timestamp(now) }), offeredRequests),
    recentOffersOf: (mitraId, { before, limit }) =>
      sql`${selectOffered(sql)} WHERE o.mitra_id = ${mitraId}
        ${before === null ? sql`` : sql`AND o.session_id < ${before}::uuid`}
      ORDER BY o.session_id DESC LIMIT ${limit}`.pipe(Effect.flatMap(offeredRequests), answered)
  }
  return offers
})

const epochOf = firstOf(Schema.Struct({ epoch: Schema.String }))

// A restore to a point in time and a replica that takes over begin a new timeline; a dump that is read back
// is a database with another oid.
const makeEpoch = (sql: Sql) =>
  makeSharedRead(
    sql`SELECT to_hex((SELECT oid FROM pg_database WHERE datname = current_database())::bigint) || '-' ||
      left(pg_walfile_name(pg_current_wal_lsn()), 8) AS epoch`.pipe(
      Effect.flatMap(epochOf),
      Effect.map((row) => row?.epoch ?? ""),
      answered
    )
  )

const queue = (sql: Sql): Part<"nthEnd" | "haveMet"> => ({
  nthEnd: (nth) =>
    sql`SELECT ends_at FROM chat_sessions WHERE status = 'active' AND ends_at IS NOT NULL
      ORDER BY ends_at LIMIT 1 OFFSET ${nth - 1}`.pipe(
      Effect.flatMap(endOf),
      Effect.map((row) => row?.ends_at ?? null),
      answered
    ),
  // Each arm is one of the customer's own indexes. A mitra who handed the chat over counts, too.
  haveMet: (customerId, mitraId) =>
    sql`SELECT s.id FROM chat_sessions s WHERE ((s.customer_id = ${customerId} AND s.ended_at IS NOT NULL)
          OR (s.customer_id = ${customerId} AND s.status = 'closing'))
        AND EXISTS (SELECT FROM mitra_assignments a WHERE a.session_id = s.id AND a.mitra_id = ${mitraId})
      LIMIT 1`.pipe(
      Effect.flatMap(ids),
      Effect.map((rows) => rows.length > 0),
      answered
    )
})

export const layer = Layer.effect(SessionViews)(Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const cipher = yield* Cipher
  return SessionViews.of({
    ...(yield* makePersonal(sql, cipher)),
    ...(yield* makeOffers(sql)),
    ...queue(sql),
    epoch: yield* makeEpoch(sql),
    ...transcript(sql, cipher),
    ...pastOf(sql, cipher)
  })
}))
