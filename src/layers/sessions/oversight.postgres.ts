// What staff and the sweeps must find among the sessions in Postgres: those that nobody woke, those whose
// mitra is gone, and who changed a topic. Part of sessions.postgres.ts.
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import { sessionStatuses, topics } from "../../domain/session/state.ts"
import type { Sessions } from "../../services/sessions/sessions.ts"
import { allOf, BigCount, Millis, timestamp } from "../platform/postgres/columns.ts"
import { answered } from "../platform/postgres/failure.ts"

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

export const oversight = (
  sql: SqlClient.SqlClient
): Pick<Sessions["Service"], "stuck" | "withoutMitra" | "topicChanges"> => ({
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
    ),
  topicChanges: (sessionId, limit) =>
    sql`SELECT seq, at, event->>'topic' AS topic, event->>'by' AS by FROM session_events
      WHERE session_id = ${sessionId} AND type = 'TopicChanged' ORDER BY seq LIMIT ${limit}`.pipe(
      Effect.flatMap(topicChanges),
      answered
    )
})
