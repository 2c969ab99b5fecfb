// The statements that write a judged group: at most one per table, and none for a table it does not
// touch. The rows travel as one JSON parameter: measured against UNNEST of arrays it costs the same for
// 50 rows and less for one, and the driver cannot send arrays of nothing but nulls.
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { unlessEmpty } from "../platform/postgres/document.ts"
import { closeProposals, openProposals, upsertAssignments } from "./assignment-writes.postgres.ts"
import type { Rows } from "./rows.postgres.ts"

type Sql = SqlClient.SqlClient

const updateSessions = (sql: Sql, { sessions }: Rows) =>
  unlessEmpty(sessions, (rows) =>
    sql`UPDATE chat_sessions s SET
      topic = r.topic, status = r.status, mitra_id = r.mitra_id, search_ends_at = r.search_ends_at,
      next_wave_at = r.next_wave_at, wave = r.wave, started_at = r.started_at, ends_at = r.ends_at,
      warned_seconds = r.warned_seconds, extension = r.extension, absence = r.absence,
      closing_ends_at = r.closing_ends_at, ended_at = r.ended_at,
      ended_by = r.ended_by, end_reason = r.end_reason, ledger = r.ledger,
      customer_goodbye = r.customer_goodbye, customer_goodbye_sealed = r.customer_goodbye_sealed,
      mitra_goodbye = r.mitra_goodbye, mitra_goodbye_sealed = r.mitra_goodbye_sealed,
      customer_delivered_seq = r.customer_delivered_seq, customer_read_seq = r.customer_read_seq,
      mitra_delivered_seq = r.mitra_delivered_seq, mitra_read_seq = r.mitra_read_seq,
      last_seq = r.last_seq, deadline_at = r.deadline_at
    FROM json_to_recordset(${rows}::json) AS r(
      id uuid, topic text, status text, mitra_id uuid, search_ends_at timestamptz,
      next_wave_at timestamptz, wave integer, started_at timestamptz, ends_at timestamptz,
      warned_seconds integer, extension jsonb, absence jsonb, closing_ends_at timestamptz,
      ended_at timestamptz,
      ended_by text, end_reason text, ledger jsonb, customer_goodbye text,
      customer_goodbye_sealed text, mitra_goodbye text, mitra_goodbye_sealed text,
      customer_delivered_seq bigint, customer_read_seq bigint, mitra_delivered_seq bigint,
      mitra_read_seq bigint, last_seq bigint, deadline_at timestamptz)
    WHERE s.id = r.id`)

const upsertOffers = (sql: Sql, { offers }: Rows) =>
  unlessEmpty(
    offers,
    (rows) =>
      sql`INSERT INTO chat_request_notifications (session_id, mitra_id, position, status, ending, wave,
        sent_at, deadline_at, responded_at, sessions_at_offer)
      SELECT * FROM json_to_recordset(${rows}::json) AS r(session_id uuid, mitra_id uuid,
        position integer, status text, ending text, wave integer, sent_at timestamptz,
        deadline_at timestamptz, responded_at timestamptz, sessions_at_offer integer)
      ON CONFLICT (session_id, mitra_id) DO UPDATE SET
        status = excluded.status, ending = excluded.ending, deadline_at = excluded.deadline_at,
        responded_at = excluded.responded_at`
  )

const insertEvents = (sql: Sql, { events }: Rows) =>
  unlessEmpty(events, (rows) =>
    sql`INSERT INTO session_events (session_id, seq, type, event, text_sealed, at)
      SELECT * FROM json_to_recordset(${rows}::json) AS r(session_id uuid, seq bigint, type text,
        event jsonb, text_sealed text, at timestamptz)`)

const insertMessages = (sql: Sql, { messages }: Rows) =>
  unlessEmpty(
    messages,
    (rows) =>
      sql`INSERT INTO messages
          (session_id, seq, message_id, client_message_id, side, sender_id, body, body_sealed,
          sent_at)
      SELECT * FROM json_to_recordset(${rows}::json) AS r(session_id uuid, seq bigint, message_id uuid,
        client_message_id text, side text, sender_id uuid, body text, body_sealed text,
        sent_at timestamptz)`
  )

const releaseSlots = (sql: Sql, { released }: Rows) =>
  released.length === 0
    ? Effect.void
    : sql`DELETE FROM mitra_slots WHERE session_id = ANY(${released}::uuid[])`

const claimSlots = (sql: Sql, { slots }: Rows) =>
  unlessEmpty(slots, (rows) =>
    sql`INSERT INTO mitra_slots (mitra_id, slot, session_id, claimed_at)
      SELECT * FROM json_to_recordset(${rows}::json) AS r(mitra_id uuid, slot integer, session_id uuid,
        claimed_at timestamptz)`)

const consumePayments = (sql: Sql, { consumed }: Rows) =>
  consumed.length === 0
    ? Effect.void
    : sql`UPDATE payment_requests SET status = 'consumed', failure_cause = NULL, failed_at = NULL
      WHERE id = ANY(${consumed}::uuid[])`

/** One that was given up meanwhile is left as it is: its failure is recorded already. */
const failPayments = (sql: Sql, { failed }: Rows) =>
  unlessEmpty(
    failed,
    (rows) =>
      sql`UPDATE payment_requests p SET status = r.status, failure_cause = r.cause, failed_at = r.at
      FROM json_to_recordset(${rows}::json) AS r(payment_id uuid, status text, cause text, at timestamptz)
      WHERE p.id = r.payment_id AND p.status = 'confirmed'`
  )

const insertTransactions = (sql: Sql, { transactions }: Rows) =>
  unlessEmpty(
    transactions,
    (rows) =>
      sql`INSERT INTO transactions
          (id, session_id, payment_id, customer_id, mitra_id, product, amount_idr, at)
      SELECT * FROM json_to_recordset(${rows}::json) AS r(id uuid, session_id uuid, payment_id uuid,
        customer_id uuid, mitra_id uuid, product text, amount_idr integer, at timestamptz)`
  )

/**
 * One pending message push speaks for all. It is locked although it is not changed: a worker that takes it in
 * this very moment is waited for, because what it takes may say nothing of this message.
 */
const insertPush = (sql: Sql, { push }: Rows) =>
  unlessEmpty(
    push,
    (rows) =>
      sql`INSERT INTO push_outbox AS p
          (id, user_type, user_id, kind, session_id, created_at, due_at, expires_at)
      SELECT * FROM json_to_recordset(${rows}::json) AS r(id uuid, user_type text, user_id uuid, kind text,
        session_id uuid, created_at timestamptz, due_at timestamptz, expires_at timestamptz)
      ON CONFLICT (session_id, user_id) WHERE kind = 'message' AND status = 'pending'
        DO UPDATE SET status = p.status WHERE false`
  )

const cancelPush = (sql: Sql, { cancelled_push }: Rows) =>
  unlessEmpty(cancelled_push, (rows) =>
    sql`UPDATE push_outbox p SET status = 'cancelled', finished_at = r.at
      FROM json_to_recordset(${rows}::json) AS r(session_id uuid, user_id uuid, at timestamptz)
      WHERE p.session_id = r.session_id AND p.user_id = r.user_id
        AND p.kind = 'offer' AND p.status IN ('pending', 'retrying', 'sending')`)

const updateStatuses = (sql: Sql, { statuses }: Rows) =>
  unlessEmpty(
    statuses,
    (rows) =>
      sql`UPDATE mitra_status m SET is_online = r.is_online, online_since = r.online_since,
        last_heartbeat_at = GREATEST(m.last_heartbeat_at, r.heard_at)
      FROM json_to_recordset(${rows}::json) AS r(mitra_id uuid, is_online boolean,
        online_since timestamptz, heard_at timestamptz)
      WHERE m.mitra_id = r.mitra_id`
  )

const insertOnlineLogs = (sql: Sql, { online_logs }: Rows) =>
  unlessEmpty(online_logs, (rows) =>
    sql`INSERT INTO mitra_online_logs (mitra_id, is_online, cause, at)
      SELECT * FROM json_to_recordset(${rows}::json) AS r(mitra_id uuid, is_online boolean, cause text,
        at timestamptz)`)

/** A deactivated mitra is signed out everywhere in the same instant. */
const updateAccounts = (sql: Sql, { accounts }: Rows) =>
  unlessEmpty(accounts, (rows) =>
    sql`WITH r AS (
        SELECT * FROM json_to_recordset(${rows}::json)
          AS r(id uuid, is_active boolean, deactivated_at timestamptz)
      ), revoked AS (
        UPDATE auth_sessions a SET revoked_at = r.deactivated_at, revoked_reason = 'deactivated'
        FROM r WHERE NOT r.is_active AND a.user_type = 'mitra' AND a.user_id = r.id AND a.revoked_at IS NULL
      )
      UPDATE mitras m SET is_active = r.is_active, deactivated_at = r.deactivated_at
      FROM r WHERE m.id = r.id`)

const insertAudit = (sql: Sql, { audit }: Rows) =>
  unlessEmpty(
    audit,
    (rows) =>
      sql`INSERT INTO audit_log (id, staff_id, action, target_type, target_id, before, after, peer, at)
      SELECT id, staff_id, action, target_type, target_id, before::jsonb, after::jsonb, peer, at
      FROM json_to_recordset(${rows}::json) AS r(id uuid, staff_id uuid, action text,
        target_type text, target_id text, before text, after text, peer text, at timestamptz)`
  )

const insertCommands = (sql: Sql, { commands }: Rows) =>
  unlessEmpty(commands, (rows) =>
    sql`INSERT INTO commands_seen (actor_id, sender_id, command_id, outcome, at)
      SELECT actor_id, sender_id, command_id, outcome::jsonb, at
      FROM json_to_recordset(${rows}::json) AS r(actor_id uuid, sender_id text, command_id text,
        outcome text, at timestamptz)`)

/** Only fairness hangs on it, so a row that somebody holds (a ping, say) is passed over, never waited for. */
const noteOffered = (sql: Sql, { offered }: Rows) =>
  unlessEmpty(offered, (rows) =>
    sql`WITH r AS (
        SELECT mitra_id, max(at) AS at FROM json_to_recordset(${rows}::json)
          AS r(mitra_id uuid, at timestamptz) GROUP BY mitra_id
      ), free AS (
        SELECT m.mitra_id FROM mitra_status m JOIN r USING (mitra_id) FOR NO KEY UPDATE OF m SKIP LOCKED
      )
      UPDATE mitra_status m SET last_offer_at = GREATEST(m.last_offer_at, r.at)
      FROM r JOIN free USING (mitra_id) WHERE m.mitra_id = r.mitra_id`)

// Slots are given back before they are claimed. The last one waits for nobody, so holding every other
// lock meanwhile cannot close a ring.
const statements = [
  releaseSlots,
  claimSlots,
  updateSessions,
  upsertOffers,
  upsertAssignments,
  openProposals,
  closeProposals,
  insertEvents,
  insertMessages,
  consumePayments,
  failPayments,
  insertTransactions,
  updateStatuses,
  insertOnlineLogs,
  updateAccounts,
  insertPush,
  cancelPush,
  insertAudit,
  insertCommands,
  noteOffered
]

export const writeRows = (sql: Sql, rows: Rows): Effect.Effect<void, SqlError> =>
  Effect.forEach(statements, (statement) => statement(sql, rows), { discard: true })
