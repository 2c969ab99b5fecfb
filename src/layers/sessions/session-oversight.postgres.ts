// SessionOversight in Postgres: what staff and the sweeps must find among all sessions: those whose time has
// come, those who wait, those whose mitra is gone. Pages and proposals come from the files beside it.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { sessionStatuses, topics } from "../../domain/session/state.ts"
import { Cipher } from "../../services/encryption/cipher.ts"
import { SessionOversight } from "../../services/sessions/session-oversight.ts"
import { allOf, BigCount, firstOf, Millis, timestamp } from "../platform/postgres/columns.ts"
import { answered } from "../platform/postgres/failure.ts"
import { makeOfferTimes } from "./offer-times.postgres.ts"
import { past } from "./past.postgres.ts"
import { proposals } from "./proposals.postgres.ts"

type Sql = SqlClient.SqlClient
type Part<Key extends keyof SessionOversight["Service"]> = Pick<SessionOversight["Service"], Key>

const ids = allOf(Schema.Struct({ id: Schema.String }))
const stuckSessions = allOf(Schema.Struct({
  id: Schema.String,
  status: Schema.Literals(sessionStatuses),
  customer_id: Schema.String,
  mitra_id: Schema.NullOr(Schema.String),
  deadline_at: Millis,
  owner_runner: Schema.NullOr(Schema.String),
  owner_epoch: BigCount
}))
const topicChanges = allOf(Schema.Struct({
  seq: BigCount,
  at: Millis,
  topic: Schema.Literals(topics),
  by: Schema.NullOr(Schema.String)
}))

const ownerOf = firstOf(Schema.Struct({ runner: Schema.NullOr(Schema.String), epoch: BigCount }))
const sentAtOf = firstOf(Schema.Struct({ sent_at: Millis }))
const countsOf = firstOf(Schema.Struct({ waiting: BigCount, active: BigCount, closing: BigCount }))

const alive = (sql: Sql): Part<"due" | "waiting" | "counts"> => ({
  due: (horizon, limit) =>
    sql`SELECT id FROM chat_sessions WHERE deadline_at <= ${timestamp(horizon)}
      ORDER BY deadline_at, id LIMIT ${limit}`.pipe(
      Effect.flatMap(ids),
      Effect.map((rows) => rows.map((row) => row.id)),
      answered
    ),
  waiting: (now, limit) =>
    sql`SELECT id FROM chat_sessions
      WHERE status IN ('searching', 'pending_acceptance') AND kind = 'blast' AND status = 'searching'
        AND search_ends_at > ${timestamp(now)}
      ORDER BY requested_at, id LIMIT ${limit}`.pipe(
      Effect.flatMap(ids),
      Effect.map((rows) => rows.map((row) => row.id)),
      answered
    ),
  // Whatever still has a deadline is alive: the index of deadlines bounds the count to those.
  counts: sql`SELECT count(*) FILTER (WHERE status IN ('searching', 'pending_acceptance')) AS waiting,
      count(*) FILTER (WHERE status IN ('active', 'extending')) AS active,
      count(*) FILTER (WHERE status = 'closing') AS closing
    FROM chat_sessions WHERE deadline_at IS NOT NULL`.pipe(
    Effect.flatMap(countsOf),
    Effect.map((counts) => counts ?? { waiting: 0, active: 0, closing: 0 }),
    answered
  )
})

const inTrouble = (sql: Sql): Part<"stuck" | "withoutMitra"> => ({
  stuck: (dueBefore, limit) =>
    sql`SELECT id, status, customer_id, mitra_id, deadline_at, owner_runner, owner_epoch FROM chat_sessions
      WHERE deadline_at < ${timestamp(dueBefore)} ORDER BY deadline_at, id LIMIT ${limit}`.pipe(
      Effect.flatMap(stuckSessions),
      answered
    ),
  // The slots are the running chats: what this costs follows them, not the mitras or the past.
  withoutMitra: (offlineBefore, limit) =>
    sql`SELECT s.id FROM mitra_slots held JOIN chat_sessions s ON s.id = held.session_id
        JOIN mitras m ON m.id = held.mitra_id JOIN mitra_status o ON o.mitra_id = held.mitra_id
      WHERE s.absence IS NOT NULL OR NOT m.is_active OR (NOT o.is_online AND coalesce((
        SELECT l.at FROM mitra_online_logs l WHERE l.mitra_id = held.mitra_id ORDER BY l.id DESC LIMIT 1),
        s.started_at) <= ${timestamp(offlineBefore)})
      ORDER BY s.absence IS NOT NULL, s.id LIMIT ${limit}`.pipe(
      Effect.flatMap(ids),
      Effect.map((rows) => rows.map((row) => row.id)),
      answered
    )
})

const details = (sql: Sql): Part<"topicChanges" | "firstReplyAt" | "ownerOf"> => ({
  topicChanges: (sessionId, limit) =>
    sql`SELECT seq, at, event->>'topic' AS topic, event->>'by' AS by FROM session_events
      WHERE session_id = ${sessionId} AND type = 'TopicChanged' ORDER BY seq LIMIT ${limit}`.pipe(
      Effect.flatMap(topicChanges),
      answered
    ),
  // By the messages' own key: it stops at the first one.
  firstReplyAt: (sessionId) =>
    sql`SELECT sent_at FROM messages WHERE session_id = ${sessionId} AND side = 'mitra'
      ORDER BY seq LIMIT 1`.pipe(
      Effect.flatMap(sentAtOf),
      Effect.map((row) => row?.sent_at ?? null),
      answered
    ),
  ownerOf: (sessionId) =>
    sql`SELECT owner_runner AS runner, owner_epoch AS epoch FROM chat_sessions WHERE id = ${sessionId}`.pipe(
      Effect.flatMap(ownerOf),
      answered
    )
})

export const layer = Layer.effect(SessionOversight)(Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const cipher = yield* Cipher
  return SessionOversight.of({
    ...alive(sql),
    ...inTrouble(sql),
    ...details(sql),
    ...past(sql, cipher),
    ...proposals(sql),
    ...(yield* makeOfferTimes(sql))
  })
}))
