// Oversight in Postgres. What is alive is found by the index of deadlines, so a look costs what is alive, not
// what is past; which rows changed is told by their version (xmin), without reading them.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { sessionStatuses, sides, topics } from "../../domain/session/state.ts"
import { isUuid } from "../../domain/uuid.ts"
import { alertCountMax, liveMax, Oversight, timelineMax } from "../../services/oversight/oversight.ts"
import { allOf, BigCount, firstOf, Millis, timestamp } from "../platform/postgres/columns.ts"
import { answered } from "../platform/postgres/failure.ts"
import { reviewedPaymentsOf, selectReviewed } from "../payments/payment-rows.postgres.ts"
import { auditPage } from "../accounts/audit-log.postgres.ts"
import { likeEscaped, mitraLines } from "./mitra-lines.postgres.ts"

type Sql = SqlClient.SqlClient
type Part<Key extends keyof Oversight["Service"]> = Pick<Oversight["Service"], Key>

const OptionalText = Schema.NullOr(Schema.String)
const OptionalMillis = Schema.NullOr(Millis)

const liveSessions = allOf(Schema.Struct({
  session_id: Schema.String,
  status: Schema.Literals(sessionStatuses),
  kind: Schema.Literals(["blast", "targeted"]),
  mode: Schema.Literals(["chat", "call"]),
  topic: Schema.Literals(topics),
  customer_id: Schema.String,
  customer_name: Schema.String,
  mitra_id: OptionalText,
  mitra_name: OptionalText,
  requested_at: Millis,
  started_at: OptionalMillis,
  ends_at: OptionalMillis,
  deadline_at: Millis,
  purchased_ms: BigCount,
  owner_runner: OptionalText,
  owner_epoch: BigCount,
  is_without_mitra: Schema.Boolean,
  unread_customer: BigCount,
  unread_mitra: BigCount,
  offers: BigCount,
  offers_open: BigCount
}))

const unread = (side: "customer" | "mitra", other: "customer" | "mitra") =>
  `(SELECT count(*) FROM messages u WHERE u.session_id = s.id AND u.side = '${other}'
    AND u.seq > s.${side}_read_seq) AS unread_${side}`

const lineColumns = `s.id AS session_id, s.status, s.kind, s.mode, s.topic, s.customer_id,
  c.call_name AS customer_name, s.mitra_id, m.display_name AS mitra_name, s.requested_at, s.started_at,
  s.ends_at, s.deadline_at, (s.ledger->>'purchased_ms')::bigint AS purchased_ms, s.owner_runner,
  s.owner_epoch, s.absence IS NOT NULL AS is_without_mitra, ${unread("customer", "mitra")}, ${
  unread("mitra", "customer")
},
  (SELECT count(*) FROM chat_request_notifications o WHERE o.session_id = s.id) AS offers,
  (SELECT count(*) FROM chat_request_notifications o WHERE o.session_id = s.id AND o.status = 'pending')
    AS offers_open`

const selectLive = (sql: Sql) =>
  sql`SELECT ${sql.literal(lineColumns)} FROM chat_sessions s JOIN customers c ON c.id = s.customer_id
    LEFT JOIN mitras m ON m.id = s.mitra_id WHERE s.deadline_at IS NOT NULL`

const live = (sql: Sql): Part<"fingerprints" | "liveOf" | "live" | "nextEnds"> => ({
  // Decoded by hand: this is asked every second, of everything that is alive.
  fingerprints: sql`SELECT id, xmin::text AS version FROM chat_sessions WHERE deadline_at IS NOT NULL
      LIMIT ${liveMax}`.pipe(
    Effect.map((rows) =>
      new Map((rows as ReadonlyArray<{ readonly id: string; readonly version: string }>).map((row) => [
        row.id,
        row.version
      ]))
    ),
    answered
  ),
  liveOf: (ids) =>
    sql`${selectLive(sql)} AND s.id = ANY(${ids}::uuid[])`.pipe(Effect.flatMap(liveSessions), answered),
  live: ({ after, limit, mitra_id, statuses }) =>
    sql`${selectLive(sql)} AND s.status = ANY(${statuses}::text[])
      ${mitra_id === null ? sql`` : sql`AND s.mitra_id = ${mitra_id}`}
      ${
      after === null
        ? sql``
        : sql`AND (s.requested_at, s.id) > (${timestamp(after.at)}::timestamptz, ${after.id}::uuid)`
    } ORDER BY s.requested_at, s.id LIMIT ${limit}`.pipe(Effect.flatMap(liveSessions), answered),
  nextEnds: (limit) =>
    sql`SELECT ends_at FROM chat_sessions WHERE status = 'active' AND ends_at IS NOT NULL
      ORDER BY ends_at LIMIT ${limit}`.pipe(
      Effect.flatMap(allOf(Schema.Struct({ ends_at: Millis }))),
      Effect.map((rows) => rows.map((row) => row.ends_at)),
      answered
    )
})

const timelineEntries = allOf(Schema.Struct({
  seq: BigCount,
  at: Millis,
  type: Schema.String,
  side: Schema.NullOr(Schema.Literals(sides)),
  detail: Schema.Json
}))

// Words are the two people's own, and offers are shown where their answers are.
const story = (sql: Sql): Part<"timeline"> => ({
  timeline: (sessionId) =>
    sql`SELECT seq, at, type, NULL AS side, event - 'text' - 'offers' - 'at' - '_tag' AS detail
        FROM session_events WHERE session_id = ${sessionId}
      UNION ALL SELECT seq, sent_at AS at, 'MessageSent' AS type, side, 'null'::jsonb AS detail
        FROM messages WHERE session_id = ${sessionId}
      ORDER BY seq LIMIT ${timelineMax}`.pipe(Effect.flatMap(timelineEntries), answered)
})

const alertsOf = firstOf(Schema.Struct({
  stuck: BigCount,
  proposals: BigCount,
  failed_pairings: BigCount,
  anomalies: BigCount,
  dead_letters: BigCount
}))

const trouble = "greatest(failed_at, anomaly_at)"
const unresolved = `${trouble} IS NOT NULL AND (resolved_at IS NULL OR resolved_at < ${trouble})`
/** In the order of their index: else Postgres expects to meet such payments soon, and reads all. */
const failedPairings = `payment_requests WHERE ${unresolved} AND anomaly_at IS NULL
  ORDER BY ${trouble} DESC, id DESC`
const anomalies = `payment_requests WHERE ${unresolved} AND anomaly_at IS NOT NULL`

const counted = (where: string) => `(SELECT count(*) FROM (SELECT FROM ${where} LIMIT ${alertCountMax}) few)`

const people = (sql: Sql): Part<"customersNamed"> => ({
  // By its index; the language of the database has no say in what a small letter is.
  customersNamed: (beginning, limit) =>
    sql`SELECT id FROM customers
      WHERE lower(call_name COLLATE "C") LIKE lower(${`${likeEscaped(beginning)}%`}::text COLLATE "C")
      ORDER BY lower(call_name COLLATE "C"), id LIMIT ${limit}`.pipe(
      Effect.flatMap(allOf(Schema.Struct({ id: Schema.String }))),
      Effect.map((rows) => rows.map((row) => row.id)),
      answered
    )
})

const attention = (sql: Sql): Part<"alerts" | "paymentsOf" | "ping"> => ({
  alerts: (stuckBefore) =>
    sql`SELECT (SELECT count(*) FROM (SELECT FROM chat_sessions
          WHERE deadline_at < ${timestamp(stuckBefore)} LIMIT ${alertCountMax}) few) AS stuck,
        ${sql.literal(counted("reroute_proposals WHERE status = 'open'"))} AS proposals,
        ${sql.literal(counted(failedPairings))}
          AS failed_pairings,
        ${sql.literal(counted(anomalies))}
          AS anomalies,
        ${sql.literal(counted("push_outbox WHERE status = 'dead'"))} AS dead_letters`.pipe(
      Effect.flatMap(alertsOf),
      Effect.map((found) =>
        found ?? { stuck: 0, proposals: 0, failed_pairings: 0, anomalies: 0, dead_letters: 0 }
      ),
      answered
    ),
  paymentsOf: (customerId, limit) =>
    isUuid(customerId)
      ? sql`${selectReviewed(sql)} WHERE p.customer_id = ${customerId} ORDER BY p.id DESC LIMIT ${limit}`
        .pipe(
          Effect.flatMap(reviewedPaymentsOf),
          answered
        )
      : Effect.succeed([]),
  ping: sql`SELECT 1`.pipe(Effect.asVoid, answered)
})

export const layer = Layer.effect(Oversight)(
  Effect.map(SqlClient.SqlClient, (sql) =>
    Oversight.of({
      ...live(sql),
      ...story(sql),
      ...attention(sql),
      ...mitraLines(sql),
      ...people(sql),
      audit: (filter) => auditPage(sql, filter)
    }))
)
