// The statements that write the accepted turns of a group: at most one per table, and none for a table it
// does not touch. The rows travel as one JSON parameter: measured against UNNEST of arrays it costs the same
// for 50 rows and less for one, and the driver cannot send arrays of nothing but nulls.
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { unlessEmpty, writeAll } from "../platform/postgres/document.ts"
import { insertRows, updateRows, upsertRows } from "../platform/postgres/table.ts"
import { chatSessions } from "../sessions/chat-sessions.table.ts"
import { mitraSlots, offers as offersTable } from "../sessions/pairing.tables.ts"
import { messages as messagesTable, sessionEvents } from "../sessions/transcript.tables.ts"
import { closeProposals, openProposals, upsertAssignments } from "./assignment-writes.postgres.ts"
import {
  auditLog,
  commandsSeen,
  mitraOnlineLogs,
  pushOutbox,
  transactions as transactionsTable
} from "./journal.tables.ts"
import type { Rows } from "./rows.postgres.ts"

type Sql = SqlClient.SqlClient

const changedSessions = updateRows(chatSessions)
const sentOffers = upsertRows(offersTable)
const newEvents = insertRows(sessionEvents)
const newMessages = insertRows(messagesTable)

const updateSessions = (sql: Sql, { sessions }: Rows) => writeAll(sql, changedSessions, sessions)
const upsertOffers = (sql: Sql, { offers }: Rows) => writeAll(sql, sentOffers, offers)
const insertEvents = (sql: Sql, { events }: Rows) => writeAll(sql, newEvents, events)
const insertMessages = (sql: Sql, { messages }: Rows) => writeAll(sql, newMessages, messages)

const releaseSlots = (sql: Sql, { released }: Rows) =>
  released.length === 0
    ? Effect.void
    : sql`DELETE FROM mitra_slots WHERE session_id = ANY(${released}::uuid[])`

const claimedSlots = insertRows(mitraSlots)
const claimSlots = (sql: Sql, { slots }: Rows) => writeAll(sql, claimedSlots, slots)

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
      WHERE p.id = r.payment_id
        AND p.status = CASE r.status WHEN 'consumed' THEN 'consumed' ELSE 'confirmed' END`
  )

const newTransactions = insertRows(transactionsTable)
const insertTransactions = (sql: Sql, { transactions }: Rows) => writeAll(sql, newTransactions, transactions)

/**
 * One pending message push speaks for all. It is locked although it is not changed: a worker that takes it in
 * this very moment is waited for, because what it takes may say nothing of this message.
 */
const newPushes = insertRows(pushOutbox, {
  as: "p",
  end: `ON CONFLICT (session_id, user_id) WHERE kind = 'message' AND status = 'pending'
    DO UPDATE SET status = p.status WHERE false`
})
const insertPush = (sql: Sql, { push }: Rows) => writeAll(sql, newPushes, push)

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
        is_draining = r.is_draining, is_held = r.is_held, held_until = r.held_until,
        last_heartbeat_at = GREATEST(m.last_heartbeat_at, r.heard_at)
      FROM json_to_recordset(${rows}::json) AS r(mitra_id uuid, is_online boolean, online_since timestamptz,
        is_draining boolean, is_held boolean, held_until timestamptz, heard_at timestamptz)
      WHERE m.mitra_id = r.mitra_id`
  )

const newOnlineLogs = insertRows(mitraOnlineLogs)
const insertOnlineLogs = (sql: Sql, { online_logs }: Rows) => writeAll(sql, newOnlineLogs, online_logs)

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

const newEntries = insertRows(auditLog)
const insertAudit = (sql: Sql, { audit }: Rows) => writeAll(sql, newEntries, audit)

const newCommands = insertRows(commandsSeen)
const insertCommands = (sql: Sql, { commands }: Rows) => writeAll(sql, newCommands, commands)

/** Only fairness hangs on it, so a row that is locked (by a ping, say) is passed over, never waited for. */
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

// Slots are given back before they are claimed. The last statement waits for no lock, so holding every
// other one meanwhile cannot close a ring.
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
