// Mitras in Postgres: taking ownership of one mitra's row, and reading it with its slots and log.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { type MitraState, offlineCauses } from "../../domain/mitra.ts"
import { Mitras } from "../../services/accounts/mitras.ts"
import { allOf, BigCount, firstOf, Millis, timestamp } from "../platform/postgres/columns.ts"
import { missedOffers } from "./missed-offers.postgres.ts"
import { answered } from "../platform/postgres/failure.ts"
import { makeGroupedRead } from "../platform/postgres/grouped-read.ts"

const rowOf = firstOf(Schema.Struct({
  id: Schema.String,
  display_name: Schema.String,
  is_active: Schema.Boolean,
  is_online: Schema.Boolean,
  online_since: Schema.NullOr(Millis),
  is_draining: Schema.Boolean,
  is_held: Schema.Boolean,
  held_until: Schema.NullOr(Millis)
}))
const idsOf = allOf(Schema.Struct({ mitra_id: Schema.String }))
const ownerOf = firstOf(Schema.Struct({ runner: Schema.NullOr(Schema.String), epoch: BigCount }))
const slotsOf = allOf(Schema.Struct({ slot: Schema.Int, session_id: Schema.String }))
const logOf = allOf(Schema.Struct({
  is_online: Schema.Boolean,
  cause: Schema.Literals(offlineCauses),
  at: Millis
}))

const noActivity = {
  offers: 0,
  accepted: 0,
  declined: 0,
  missed: 0,
  run_out: 0,
  called_off: 0,
  open: 0,
  response_ms_mean: null,
  response_ms_median: null
}
const offersOf = firstOf(Schema.Struct({
  offers: Schema.Int,
  accepted: Schema.Int,
  declined: Schema.Int,
  missed: Schema.Int,
  run_out: Schema.Int,
  called_off: Schema.Int,
  open: Schema.Int,
  response_ms_mean: Schema.NullOr(Schema.Number),
  response_ms_median: Schema.NullOr(Schema.Number)
}))
const chatsOf = firstOf(Schema.Struct({
  chats: Schema.Int,
  chats_taken_over: Schema.Int,
  chats_handed_over: Schema.Int
}))

/** Her offers by her own index; what it costs follows how much she did, not how many mitras there are. */
// Offers are found by the id of their chat, which begins with when it was asked for: no chat is offered
// longer than this after it.
const offeredWithin = "7 days"

const activity = (sql: SqlClient.SqlClient) =>
  Effect.fnUntraced(function*(mitraId: string, since: number, until: number) {
    const offers = yield* sql`WITH sent AS (
        SELECT status, ending, CASE WHEN status IN ('accepted', 'declined')
          THEN (extract(epoch FROM responded_at - sent_at) * 1000)::float8 END AS ms
        FROM chat_request_notifications WHERE mitra_id = ${mitraId}
          AND session_id >= first_uuid_at(${timestamp(since)}::timestamptz - ${offeredWithin}::interval)
          AND sent_at >= ${timestamp(since)} AND sent_at < ${timestamp(until)})
      SELECT count(*)::int AS offers, count(*) FILTER (WHERE status = 'accepted')::int AS accepted,
        count(*) FILTER (WHERE status = 'declined')::int AS declined,
        count(*) FILTER (WHERE status = 'missed')::int AS missed,
        count(*) FILTER (WHERE ending = 'expired')::int AS run_out,
        count(*) FILTER (WHERE ending IN ('cancelled', 'withdrawn'))::int AS called_off,
        count(*) FILTER (WHERE status = 'pending')::int AS open,
        avg(ms) AS response_ms_mean, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) AS response_ms_median
      FROM sent`.pipe(Effect.flatMap(offersOf))
    const chats = yield* sql`SELECT count(*)::int AS chats,
        count(*) FILTER (WHERE by_staff_id IS NOT NULL)::int AS chats_taken_over,
        count(*) FILTER (WHERE left_seq IS NOT NULL)::int AS chats_handed_over
      FROM mitra_assignments WHERE mitra_id = ${mitraId}
        AND started_at >= ${timestamp(since)} AND started_at < ${timestamp(until)}`.pipe(
      Effect.flatMap(chatsOf)
    )
    const none = { chats: 0, chats_taken_over: 0, chats_handed_over: 0 }
    return { ...offers ?? noActivity, ...chats ?? none }
  }, answered)

const openOffersOf = allOf(Schema.Struct({ session_id: Schema.String, mitra_id: Schema.String }))

const find = (sql: SqlClient.SqlClient, mitraId: string) =>
  sql`SELECT mitras.id, display_name, is_active, is_online, online_since, is_draining, is_held, held_until
    FROM mitras JOIN mitra_status ON mitra_status.mitra_id = mitras.id
    WHERE mitras.id = ${mitraId}`.pipe(
    Effect.flatMap(rowOf),
    Effect.map((row): MitraState | null => {
      if (row === null) return null
      const { held_until, is_held, ...state } = row
      return { ...state, hold: is_held ? { until: held_until } : null }
    })
  )

/**
 * The epoch first, the state in a later statement. An UPDATE that waited for the old owner's commit
 * returns its own row as it is now but joined rows as they were before, is_active among them. Once
 * the epoch is committed no older owner can write, so what is read then stays true.
 */
const claim = (sql: SqlClient.SqlClient) =>
  Effect.fnUntraced(function*(mitraId: string, runner: string) {
    const owner = yield* Effect.flatMap(
      sql`UPDATE mitra_status SET owner_epoch = owner_epoch + 1, owner_runner = ${runner}
        WHERE mitra_id = ${mitraId} RETURNING owner_runner AS runner, owner_epoch AS epoch`,
      ownerOf
    )
    const state = owner === null ? null : yield* find(sql, mitraId)
    return owner === null || state === null ? null : { epoch: owner.epoch, state }
  }, answered)

const makeLog = (sql: SqlClient.SqlClient) =>
  makeGroupedRead<{ readonly id: string; readonly rows: number }>((asks) =>
    sql`SELECT ask.asked, log.is_online, log.cause, log.at
      FROM json_to_recordset(${asks}::json) AS ask (asked integer, id uuid, rows integer)
      CROSS JOIN LATERAL (SELECT l.id, l.is_online, l.cause, l.at FROM mitra_online_logs l
        WHERE l.mitra_id = ask.id ORDER BY l.id DESC LIMIT ask.rows) AS log
      ORDER BY ask.asked, log.id DESC`
  )

export const layer = Layer.effect(Mitras)(
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const log = yield* makeLog(sql)
    return Mitras.of({
      ...missedOffers(sql),
      claim: claim(sql),
      find: (mitraId) => answered(find(sql, mitraId)),
      ownerOf: (mitraId) =>
        sql`SELECT owner_runner AS runner, owner_epoch AS epoch FROM mitra_status
          WHERE mitra_id = ${mitraId}`.pipe(Effect.flatMap(ownerOf), answered),
      slotsOf: (mitraId) =>
        sql`SELECT slot, session_id FROM mitra_slots WHERE mitra_id = ${mitraId} ORDER BY slot`.pipe(
          Effect.flatMap(slotsOf),
          answered
        ),
      activity: activity(sql),
      onlineLog: (id, rows) => Effect.flatMap(log({ id, rows }), logOf),
      drained: (limit) =>
        sql`SELECT s.mitra_id FROM mitra_status s WHERE s.is_draining
            AND NOT EXISTS (SELECT FROM mitra_slots x WHERE x.mitra_id = s.mitra_id)
          ORDER BY s.mitra_id LIMIT ${limit}`.pipe(
          Effect.flatMap(idsOf),
          Effect.map((rows) => rows.map((row) => row.mitra_id)),
          answered
        ),
      offersToWithdraw: (limit) =>
        sql`SELECT o.session_id, o.mitra_id FROM chat_request_notifications o
          JOIN mitras m ON m.id = o.mitra_id JOIN mitra_status s ON s.mitra_id = o.mitra_id
          WHERE o.status = 'pending' AND (NOT m.is_active OR s.is_draining OR EXISTS (
            SELECT 1 FROM chat_sessions c JOIN blocks b ON b.customer_id = c.customer_id
            WHERE c.id = o.session_id AND b.mitra_id = o.mitra_id))
          ORDER BY o.session_id, o.mitra_id LIMIT ${limit}`.pipe(Effect.flatMap(openOffersOf), answered)
    })
  })
)
