// The push outbox as staff see it: how much waits, what died, what it cost; and dead letters sent again.
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Json } from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import { pushKinds } from "../../domain/push.ts"
import type { ChangeEntry } from "../../domain/audit.ts"
import { type Replayed, replayMax } from "../../services/push/push-outbox.ts"
import { lockFor } from "../platform/postgres/advisory-locks.ts"
import { insertAuditEntry } from "../accounts/audit-log.postgres.ts"
import { allOf, firstOf, Millis, timestamp } from "../platform/postgres/columns.ts"
import { dayIn } from "../../services/platform/time-zone.ts"
import { answered } from "../platform/postgres/failure.ts"

type Sql = SqlClient.SqlClient

/** A replay is remembered beside the commands of the actors, under an id that no actor has. */
export const outboxId = "00000000-0000-7000-8000-000000000001"

const Kind = Schema.Literals(pushKinds)
const openOf = allOf(Schema.Struct({ kind: Kind, count: Schema.Int, oldest_created_at: Millis }))
const countOf = firstOf(Schema.Struct({ count: Schema.Int }))
const holdOf = firstOf(Schema.Struct({
  until: Millis,
  reason: Schema.Literals(["rate_limited", "provider_failing"])
}))
const lettersOf = allOf(Schema.Struct({
  id: Schema.String,
  user_type: Schema.Literals(["customer", "mitra"]),
  user_id: Schema.String,
  kind: Kind,
  session_id: Schema.NullOr(Schema.String),
  expires_at: Millis,
  attempts: Schema.Int,
  created_at: Millis,
  died_at: Millis,
  code: Schema.String
}))
const costsOf = allOf(Schema.Struct({
  day: Schema.String,
  kind: Kind,
  sent: Schema.Int,
  failed: Schema.Int
}))
const replayedOf = firstOf(Schema.Struct({
  outcome: Schema.Struct({ replayed: Schema.Int, over: Schema.Int, left: Schema.Int })
}))

const countDead = (sql: Sql) =>
  sql`SELECT count(*)::int AS count FROM push_outbox WHERE status = 'dead'`.pipe(
    Effect.flatMap(countOf),
    Effect.map((row) => row?.count ?? 0)
  )

export const depth = (sql: Sql) => (now: number) =>
  Effect.gen(function*() {
    const open = yield* Effect.flatMap(
      sql`SELECT kind, count(*)::int AS count, min(created_at) AS oldest_created_at FROM push_outbox
        WHERE status IN ('pending', 'retrying', 'sending') GROUP BY kind ORDER BY kind`,
      openOf
    )
    const hold = yield* Effect.flatMap(
      sql`SELECT until, reason FROM push_hold WHERE until > ${timestamp(now)}`,
      holdOf
    )
    return { open, dead: yield* countDead(sql), hold }
  }).pipe(answered)

export const deadLetters = (sql: Sql) => (page: { readonly before: string | null; readonly limit: number }) =>
  sql`SELECT id, user_type, user_id, kind, session_id, expires_at, attempts, created_at,
      finished_at AS died_at, coalesce(last_error, '') AS code
    FROM push_outbox WHERE status = 'dead' AND (${page.before}::uuid IS NULL OR id < ${page.before}::uuid)
    ORDER BY id DESC LIMIT ${page.limit}`.pipe(Effect.flatMap(lettersOf), answered)

/** Those whose time is over stay where they are marked: expired, not dead. */
const revive = (sql: Sql, pushId: string | null, at: string) =>
  sql<{ readonly status: string }>`WITH asked AS (
      SELECT id FROM push_outbox WHERE status = 'dead' AND (${pushId}::uuid IS NULL OR id = ${pushId}::uuid)
      ORDER BY id DESC LIMIT ${replayMax} FOR UPDATE
    )
    UPDATE push_outbox p SET attempts = 0, due_at = ${at},
      status = CASE WHEN p.expires_at > ${at} THEN 'retrying' ELSE 'expired' END,
      finished_at = CASE WHEN p.expires_at > ${at} THEN NULL ELSE ${at}::timestamptz END
    FROM asked WHERE asked.id = p.id RETURNING p.status`

export const replay = (sql: Sql) =>
  Effect.fnUntraced(
    function*(
      pushId: string | null,
      command: { readonly sender_id: string; readonly command_id: string },
      entry: ChangeEntry
    ) {
      // One at a time, so that a repeat finds what its first run did.
      yield* lockFor(sql, "staff", "push replays")
      const before = yield* Effect.flatMap(
        sql`SELECT outcome FROM commands_seen WHERE actor_id = ${outboxId}
          AND sender_id = ${command.sender_id} AND command_id = ${command.command_id}`,
        replayedOf
      )
      if (before !== null) return before.outcome
      const dead = yield* countDead(sql)
      const moved = yield* revive(sql, pushId, timestamp(entry.at))
      const replayed = moved.filter(({ status }) => status === "retrying").length
      const outcome: Replayed = { replayed, over: moved.length - replayed, left: yield* countDead(sql) }
      yield* insertAuditEntry(sql, { ...entry, before: { dead }, after: { ...outcome } satisfies Json })
      yield* sql`INSERT INTO commands_seen (actor_id, sender_id, command_id, outcome, at)
        VALUES (${outboxId}, ${command.sender_id}, ${command.command_id}, ${JSON.stringify(outcome)}::jsonb,
          ${timestamp(entry.at)})`
      return outcome
    },
    sql.withTransaction,
    answered
  )

export const costs = (sql: Sql, zone: string) => (now: number, days: number) =>
  sql`SELECT to_char(day, 'YYYY-MM-DD') AS day, kind, sent, failed FROM push_costs
    WHERE day <= ${dayIn(zone, now)}::date
      AND day > ${dayIn(zone, now)}::date - ${days}::int
    ORDER BY day DESC, kind`.pipe(Effect.flatMap(costsOf), answered)
