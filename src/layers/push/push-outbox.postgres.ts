// PushOutbox in Postgres. A claim locks what is due without waiting for other locks, then decides in a later
// statement, whose snapshot is newer than the locks: a withdrawal that was committed is seen.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { pushKinds } from "../../domain/push.ts"
import {
  type ClaimedPush,
  type PushFinish,
  type PushHold,
  PushOutbox
} from "../../services/push/push-outbox.ts"
import { allOf, firstOf, Millis, timestamp } from "../platform/postgres/columns.ts"
import { answered } from "../platform/postgres/failure.ts"
import { dayIn, TimeZone } from "../../services/platform/time-zone.ts"
import { costs, deadLetters, depth, replay } from "./push-admin.postgres.ts"

type Sql = SqlClient.SqlClient

const Claim = Schema.Struct({
  id: Schema.String,
  user_type: Schema.Literals(["customer", "mitra"]),
  user_id: Schema.String,
  kind: Schema.Literals(pushKinds),
  session_id: Schema.NullOr(Schema.String),
  auth_session_id: Schema.NullOr(Schema.String),
  due_at: Millis,
  expires_at: Millis,
  created_at: Millis,
  claims: Schema.Int,
  attempts: Schema.Int,
  status: Schema.String
})
const claimsOf = allOf(Claim)
const idsOf = allOf(Schema.Struct({ id: Schema.String }))
const wantedOf = firstOf(Schema.Struct({ is_wanted: Schema.Boolean }))

const open = "status IN ('pending', 'retrying', 'sending')"

/** Of a row `p` and its session `s`, if it has one: is the push still of use to its receiver? */
const isWanted = `CASE p.kind
    WHEN 'sign_in' THEN EXISTS (SELECT 1 FROM auth_sessions a WHERE a.family_id = p.auth_session_id)
      AND NOT EXISTS (SELECT 1 FROM auth_sessions a
        WHERE a.family_id = p.auth_session_id AND a.revoked_at IS NOT NULL)
    WHEN 'offer' THEN EXISTS (SELECT 1 FROM chat_request_notifications o
      WHERE o.session_id = p.session_id AND o.mitra_id = p.user_id AND o.status = 'pending')
    ELSE (p.user_id = s.customer_id OR p.user_id = s.mitra_id) AND CASE p.kind
      WHEN 'paired' THEN s.status IN ('active', 'extending')
      WHEN 'extension' THEN s.status = 'extending'
      WHEN 'closing' THEN s.status = 'closing'
      ELSE EXISTS (SELECT 1 FROM messages m
        WHERE m.session_id = p.session_id AND m.side <> p.user_type AND m.seq >
          CASE p.user_type WHEN 'customer' THEN s.customer_delivered_seq ELSE s.mitra_delivered_seq END)
      END
    END`

/** A newer row that waits tells the same. */
const isSuperseded = `(p.kind = 'message' AND EXISTS (SELECT 1 FROM push_outbox q
    WHERE q.session_id = p.session_id AND q.user_id = p.user_id AND q.kind = 'message'
      AND q.status IN ('pending', 'retrying') AND q.id > p.id))`

const decide = `WITH decided AS (
    SELECT p.id, CASE
      WHEN p.expires_at <= $2::timestamptz THEN 'expired'
      WHEN ${isSuperseded} OR NOT (${isWanted}) THEN 'cancelled'
      ELSE 'sending' END AS status
    FROM push_outbox p LEFT JOIN chat_sessions s ON s.id = p.session_id
    WHERE p.id = ANY($1::uuid[])
  )
  UPDATE push_outbox p SET status = j.status, claims = p.claims + 1,
    due_at = CASE j.status WHEN 'sending' THEN $3::timestamptz ELSE p.due_at END,
    finished_at = CASE j.status WHEN 'sending' THEN NULL ELSE $2::timestamptz END
  FROM decided j WHERE j.id = p.id
  RETURNING p.id, p.user_type, p.user_id, p.kind, p.session_id, p.auth_session_id, p.due_at, p.expires_at,
    p.created_at, p.claims, p.attempts, p.status`

const claim = (sql: Sql) =>
  Effect.fnUntraced(
    function*({ lease_until, limit, now }: Parameters<PushOutbox["Service"]["claim"]>[0]) {
      const due = yield* Effect.flatMap(
        sql.unsafe(
          `SELECT id FROM push_outbox WHERE ${open} AND due_at <= $1::timestamptz
             AND NOT EXISTS (SELECT 1 FROM push_hold WHERE until > $1::timestamptz)
           ORDER BY expires_at, id LIMIT $2::int FOR UPDATE SKIP LOCKED`,
          [timestamp(now), limit]
        ),
        idsOf
      )
      if (due.length === 0) return { pushes: [], over: 0 }
      const ids = due.map(({ id }) => id)
      const decided = yield* Effect.flatMap(
        sql.unsafe(decide, [ids, timestamp(now), timestamp(lease_until)]),
        claimsOf
      )
      // Nearly every message reaches an open app: nothing about it is worth keeping.
      const told = decided.filter((row) => row.kind === "message" && row.status === "cancelled")
      if (told.length > 0) {
        yield* sql`DELETE FROM push_outbox WHERE id = ANY(${told.map(({ id }) => id)}::uuid[])`
      }
      const pushes = decided
        .filter((row) => row.status === "sending")
        .map(({ status: _status, ...push }): ClaimedPush => push)
        .toSorted((a, b) => a.expires_at - b.expires_at || (a.id < b.id ? -1 : 1))
      return { pushes, over: decided.length - pushes.length }
    },
    sql.withTransaction,
    answered
  )

const stillWanted = (sql: Sql) => (push: ClaimedPush, now: number) =>
  sql.unsafe(
    `SELECT (${isWanted}) AS is_wanted FROM push_outbox p LEFT JOIN chat_sessions s ON s.id = p.session_id
     WHERE p.id = $1::uuid AND p.claims = $2::int AND p.status = 'sending'
       AND p.expires_at > $3::timestamptz`,
    [push.id, push.claims, timestamp(now)]
  ).pipe(Effect.flatMap(wantedOf), Effect.map((row) => row?.is_wanted === true), answered)

const statusOf = ({ outcome }: PushFinish): string => {
  switch (outcome._tag) {
    case "Sent":
      return "sent"
    case "Skipped":
      return "skipped"
    case "Expired":
      return "expired"
    case "Over":
      return "cancelled"
    case "Dead":
      return "dead"
    default:
      return "retrying"
  }
}

const errorOf = ({ outcome }: PushFinish): string | null =>
  "code" in outcome ? outcome.code : outcome._tag === "Skipped" ? outcome.reason : null

const finish = (sql: Sql, zone: string) =>
  Effect.fnUntraced(
    function*(done: PushFinish, now: number) {
      const { outcome, push } = done
      const status = statusOf(done)
      const tried = outcome._tag === "Retry" || outcome._tag === "Dead" ? 1 : 0
      const dueAt = "due_at" in outcome ? outcome.due_at : push.due_at
      yield* sql`UPDATE push_outbox SET status = ${status}, attempts = attempts + ${tried},
          due_at = ${timestamp(dueAt)}, last_error = ${errorOf(done)},
          finished_at = ${status === "retrying" ? null : timestamp(now)}
        WHERE id = ${push.id} AND claims = ${push.claims} AND status = 'sending'`
      if (done.sent + done.failed === 0) return
      yield* sql`INSERT INTO push_costs AS c (day, kind, sent, failed)
        VALUES (${dayIn(zone, now)}::date, ${push.kind}, ${done.sent}, ${done.failed})
        ON CONFLICT (day, kind) DO UPDATE
          SET sent = c.sent + excluded.sent, failed = c.failed + excluded.failed`
    },
    sql.withTransaction,
    answered
  )

const hold = (sql: Sql) => ({ reason, until }: PushHold) =>
  sql`INSERT INTO push_hold AS h (until, reason) VALUES (${timestamp(until)}, ${reason})
    ON CONFLICT (only_one) DO UPDATE SET until = excluded.until, reason = excluded.reason
      WHERE h.until < excluded.until`.pipe(Effect.asVoid, answered)

const tidy = (sql: Sql) => (options: Parameters<PushOutbox["Service"]["tidy"]>[0]) =>
  Effect.gen(function*() {
    const now = timestamp(options.now)
    const expired = yield* Effect.flatMap(
      sql`UPDATE push_outbox SET status = 'expired', finished_at = ${now}
      WHERE id IN (SELECT id FROM push_outbox
        WHERE ${sql.literal(open)} AND expires_at <= ${now}
        ORDER BY expires_at, id LIMIT ${options.limit} FOR UPDATE SKIP LOCKED) RETURNING id`,
      idsOf
    )
    const deleted = yield* Effect.flatMap(
      sql`DELETE FROM push_outbox WHERE id IN (SELECT id FROM push_outbox
        WHERE finished_at < ${timestamp(options.done_before)}
          AND (status <> 'dead' OR finished_at < ${timestamp(options.dead_before)})
        ORDER BY finished_at LIMIT ${options.limit} FOR UPDATE SKIP LOCKED) RETURNING id`,
      idsOf
    )
    return { expired: expired.length, deleted: deleted.length }
  }).pipe(answered)

export const layer = Layer.effect(PushOutbox)(
  Effect.map(Effect.all([SqlClient.SqlClient, TimeZone]), ([sql, zone]) =>
    PushOutbox.of({
      claim: claim(sql),
      isWanted: stillWanted(sql),
      finish: finish(sql, zone),
      hold: hold(sql),
      tidy: tidy(sql),
      depth: depth(sql),
      deadLetters: deadLetters(sql),
      replay: replay(sql),
      costs: costs(sql, zone)
    }))
)
