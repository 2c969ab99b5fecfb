// What writes the accepted turns of a group: at most one write per table, none for a table it does not touch,
// and all that may share a statement in one, because each costs a trip. The rows of a write travel as one
// JSON parameter: measured against UNNEST of arrays it costs the same for 50 rows and less for one, and the
// driver cannot send arrays of nothing but nulls.
import type * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
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
import { type Write, writeTogether, writing, writingBy, writingIds } from "./writes-together.postgres.ts"

type Sql = SqlClient.SqlClient

const releaseSlots = writingIds(
  "slots",
  "DELETE FROM mitra_slots WHERE session_id = ANY($1::uuid[])",
  ({ released }) => released
)

const consumePayments = writingIds(
  "payments",
  `UPDATE payment_requests SET status = 'consumed', failure_cause = NULL, failed_at = NULL
    WHERE id = ANY($1::uuid[])`,
  ({ consumed }) => consumed
)

/** One that was given up meanwhile is left as it is: its failure is recorded already. */
const failPayments = writingBy(
  "payments",
  `UPDATE payment_requests p SET status = r.status, failure_cause = r.cause, failed_at = r.at
    FROM json_to_recordset($1::json) AS r(payment_id uuid, status text, cause text, at timestamptz)
    WHERE p.id = r.payment_id
      AND p.status = CASE r.status WHEN 'consumed' THEN 'consumed' ELSE 'confirmed' END`,
  ({ failed }) => failed
)

/**
 * One pending message push speaks for all. It is locked although it is not changed: a worker that takes it in
 * this very moment is waited for, because what it takes may say nothing of this message.
 */
const newPushes = insertRows(pushOutbox, {
  as: "p",
  end: `ON CONFLICT (session_id, user_id) WHERE kind = 'message' AND status = 'pending'
    DO UPDATE SET status = p.status WHERE false`
})

/** Of offers that an earlier turn made: never one of the new pushes. */
const cancelPush = writingBy(
  "pushes of earlier offers",
  `UPDATE push_outbox p SET status = 'cancelled', finished_at = r.at
    FROM json_to_recordset($1::json) AS r(session_id uuid, user_id uuid, at timestamptz)
    WHERE p.session_id = r.session_id AND p.user_id = r.user_id
      AND p.kind = 'offer' AND p.status IN ('pending', 'retrying', 'sending')`,
  (rows) => rows.cancelled_push
)

const updateStatuses = writingBy(
  "mitras' status",
  `UPDATE mitra_status m SET is_online = r.is_online, online_since = r.online_since,
      is_draining = r.is_draining, is_held = r.is_held, held_until = r.held_until,
      last_heartbeat_at = GREATEST(m.last_heartbeat_at, r.heard_at)
    FROM json_to_recordset($1::json) AS r(mitra_id uuid, is_online boolean, online_since timestamptz,
      is_draining boolean, is_held boolean, held_until timestamptz, heard_at timestamptz)
    WHERE m.mitra_id = r.mitra_id`,
  ({ statuses }) => statuses
)

/** A deactivated mitra is signed out everywhere in the same instant. */
const updateAccounts: Write = {
  ...writingBy(
    "accounts",
    `WITH r AS (
        SELECT * FROM json_to_recordset($1::json)
          AS r(id uuid, is_active boolean, deactivated_at timestamptz)
      ), revoked AS (
        UPDATE auth_sessions a SET revoked_at = r.deactivated_at, revoked_reason = 'deactivated'
        FROM r WHERE NOT r.is_active AND a.user_type = 'mitra' AND a.user_id = r.id AND a.revoked_at IS NULL
      )
      UPDATE mitras m SET is_active = r.is_active, deactivated_at = r.deactivated_at
      FROM r WHERE m.id = r.id`,
    ({ accounts }) => accounts
  ),
  alone: true
}

/** Only fairness hangs on it, so a row that is locked (by a ping, say) is passed over, never waited for. */
const noteOffered = writingBy(
  "mitras' status",
  `WITH r AS (
      SELECT mitra_id, max(at) AS at FROM json_to_recordset($1::json)
        AS r(mitra_id uuid, at timestamptz) GROUP BY mitra_id
    ), free AS (
      SELECT m.mitra_id FROM mitra_status m JOIN r USING (mitra_id) FOR NO KEY UPDATE OF m SKIP LOCKED
    )
    UPDATE mitra_status m SET last_offer_at = GREATEST(m.last_offer_at, r.at)
    FROM r JOIN free USING (mitra_id) WHERE m.mitra_id = r.mitra_id`,
  ({ offered }) => offered
)

// Slots are given back before they are claimed. The last write waits for no lock, so holding every other one
// meanwhile cannot close a ring.
const writes: ReadonlyArray<Write> = [
  releaseSlots,
  writing("slots", insertRows(mitraSlots), ({ slots }) => slots),
  writing("sessions", updateRows(chatSessions), ({ sessions }) => sessions),
  writing("offers", upsertRows(offersTable), ({ offers }) => offers),
  upsertAssignments,
  openProposals,
  closeProposals,
  writing("events", insertRows(sessionEvents), ({ events }) => events),
  writing("messages", insertRows(messagesTable), ({ messages }) => messages),
  consumePayments,
  failPayments,
  writing("transactions", insertRows(transactionsTable), ({ transactions }) => transactions),
  updateStatuses,
  writing("online logs", insertRows(mitraOnlineLogs), ({ online_logs }) => online_logs),
  updateAccounts,
  writing("pushes", newPushes, ({ push }) => push),
  cancelPush,
  writing("audit", insertRows(auditLog), ({ audit }) => audit),
  writing("commands", insertRows(commandsSeen), ({ commands }) => commands),
  noteOffered
]

export const writeRows = (sql: Sql, rows: Rows): Effect.Effect<void, SqlError> =>
  writeTogether(sql, writes, rows)
