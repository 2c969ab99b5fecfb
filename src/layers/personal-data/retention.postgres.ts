// What the retention sweep takes away, part of PersonalData in Postgres: each statement is bounded and goes
// by an index (migration 0019); repeating any of them is harmless.
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import { erased, type RecordKind } from "../../domain/retention.ts"
import type { PersonalData } from "../../services/personal-data/personal-data.ts"
import { allOf, firstOf, timestamp } from "../platform/postgres/columns.ts"
import { answered } from "../platform/postgres/failure.ts"

type Sql = SqlClient.SqlClient
type Part = Pick<PersonalData["Service"], "eraseTexts" | "anonymous" | "purge">

const idOf = firstOf(Schema.Struct({ id: Schema.String }))
const lookedAt = allOf(Schema.Struct({
  id: Schema.String,
  is_unused: Schema.Boolean,
  is_inactive: Schema.Boolean
}))

const countOf = firstOf(Schema.Struct({ count: Schema.Int }))

/** Of one customer: messages first, then, when none is left, the goodbyes and the mark that it is done. */
const eraseTexts = (sql: Sql): Part["eraseTexts"] =>
  Effect.fnUntraced(
    function*(limit, now) {
      const next = yield* Effect.flatMap(
        sql`SELECT id FROM customers WHERE deleted_at IS NOT NULL AND erased_at IS NULL ORDER BY id LIMIT 1
          FOR UPDATE SKIP LOCKED`,
        idOf
      )
      if (next === null) return 0
      const messages = yield* sql`WITH found AS (
          SELECT m.session_id, m.seq FROM chat_sessions s JOIN messages m ON m.session_id = s.id
          WHERE s.customer_id = ${next.id} AND m.body IS DISTINCT FROM ${erased}
          LIMIT ${limit} FOR UPDATE OF m
        )
        UPDATE messages m SET body = ${erased}, body_sealed = NULL
        FROM found WHERE m.session_id = found.session_id AND m.seq = found.seq RETURNING 1 AS one`
      if (messages.length > 0) return messages.length
      // In months that lie detached until they are dropped (migration 0030).
      const detached = yield* Effect.flatMap(
        sql`SELECT erase_detached_texts(${next.id}, ${limit}) AS count`,
        countOf
      )
      if (detached !== null && detached.count > 0) return detached.count
      yield* sql`UPDATE session_events e
        SET event = jsonb_set(e.event, '{text}', to_jsonb(${erased}::text)), text_sealed = NULL
        FROM chat_sessions s
        WHERE s.customer_id = ${next.id} AND e.session_id = s.id AND e.type = 'GoodbyeLeft'`
      yield* sql`UPDATE chat_sessions SET customer_goodbye_sealed = NULL, mitra_goodbye_sealed = NULL,
          customer_goodbye = CASE WHEN num_nonnulls(customer_goodbye, customer_goodbye_sealed) > 0
            THEN ${erased} END,
          mitra_goodbye = CASE WHEN num_nonnulls(mitra_goodbye, mitra_goodbye_sealed) > 0 THEN ${erased} END
        WHERE customer_id = ${next.id}`
      yield* sql`UPDATE customers SET erased_at = ${timestamp(now)} WHERE id = ${next.id}`
      return 1
    },
    sql.withTransaction,
    answered
  )

// Opened means: signed in, or a token refreshed, which every start of the app does within the hour.
const anonymous = (sql: Sql): Part["anonymous"] =>
  Effect.fnUntraced(
    function*({ after, inactive_before, limit, unused_before }) {
      const isOpenedSince = (at: number) =>
        sql`(c.created_at >= ${timestamp(at)}::timestamptz OR EXISTS (SELECT 1 FROM auth_sessions a
          WHERE a.user_type = 'customer' AND a.user_id = c.id AND a.revoked_at IS NULL
            AND a.created_at >= ${timestamp(at)}::timestamptz))`
      const found = yield* Effect.flatMap(
        sql`SELECT c.id, NOT ${isOpenedSince(unused_before)}
              AND NOT EXISTS (SELECT 1 FROM payment_requests p WHERE p.customer_id = c.id)
              AND c.belongs_to IS NULL AS is_unused,
            NOT ${isOpenedSince(inactive_before)} AS is_inactive
          FROM customers c
          WHERE c.phone IS NULL AND c.phone_sealed IS NULL AND c.deleted_at IS NULL
            ${after === null ? sql`` : sql`AND c.id > ${after}`}
          ORDER BY c.id LIMIT ${limit}`,
        lookedAt
      )
      const unused = found.filter((row) => row.is_unused).map((row) => row.id)
      if (unused.length > 0) {
        yield* sql`DELETE FROM auth_sessions
          WHERE user_type = 'customer' AND user_id = ANY(${unused}::uuid[])`
        yield* sql`DELETE FROM devices WHERE user_type = 'customer' AND user_id = ANY(${unused}::uuid[])`
        yield* sql`DELETE FROM customers WHERE id = ANY(${unused}::uuid[])`
      }
      return {
        deleted: unused.length,
        inactive: found.filter((row) => row.is_inactive && !row.is_unused).map((row) => row.id),
        last: found.length < limit ? null : found.at(-1)?.id ?? null
      }
    },
    sql.withTransaction,
    answered
  )

/** A sign-in's first row stays while a later one lives: it says when it was opened. */
const doomed = (sql: Sql, kind: RecordKind, before: number, limit: number) => {
  const at = timestamp(before)
  switch (kind) {
    case "codes":
      return sql`DELETE FROM one_time_codes WHERE id IN (
        SELECT id FROM one_time_codes WHERE created_at < ${at} ORDER BY created_at LIMIT ${limit})`
    case "sign_ins":
      return sql`DELETE FROM auth_sessions WHERE id IN (
        SELECT a.id FROM auth_sessions a WHERE a.expires_at < ${at} AND (a.id <> a.family_id OR NOT EXISTS (
          SELECT 1 FROM auth_sessions b WHERE b.family_id = a.family_id AND b.expires_at >= ${at}))
        ORDER BY a.expires_at LIMIT ${limit})`
    case "commands":
      return sql`DELETE FROM commands_seen WHERE (actor_id, sender_id, command_id) IN (
        SELECT actor_id, sender_id, command_id FROM commands_seen WHERE at < ${at}
        ORDER BY at LIMIT ${limit})`
    case "webhooks":
      // An array, so that each id is looked up in its part: a join might read all parts instead.
      return sql`DELETE FROM webhook_logs WHERE id = ANY (ARRAY(
        SELECT id FROM webhook_logs WHERE received_at < ${at} ORDER BY received_at LIMIT ${limit}))`
  }
}

export const retention = (sql: Sql): Part => ({
  eraseTexts: eraseTexts(sql),
  anonymous: anonymous(sql),
  purge: (kind, before, limit) =>
    sql`WITH gone AS (${doomed(sql, kind, before, limit)} RETURNING 1) SELECT 1 AS one FROM gone`.pipe(
      Effect.map((rows) => rows.length),
      answered
    )
})
