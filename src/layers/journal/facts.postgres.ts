// Locks the rows a group of turns touches and reads what its verdict needs. Locks are taken table by
// table in one fixed order and by id inside each, so that two runners never wait for each other in a
// ring. What is read without a lock is read by a statement whose snapshot is newer than all locks: it cannot
// have moved.
import * as Effect from "effect/Effect"
import type { Json } from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { PaymentStatus } from "../../domain/payment.ts"
import type { TurnWrite } from "../../services/journal/journal.ts"
import { activationOf, claimOf, commandKey, messageKey, messagesOf } from "../../domain/verdict.ts"
import type { GroupFacts, SentMessage, LockedSession, LockedSlot } from "../../domain/verdict.ts"

/**
 * For this transaction only. A row that another transaction keeps locked must not hold up a group for long.
 * And every statement goes by keys: a plan made while a table was small would scan it for ever after,
 * because prepared plans are kept until the table is analyzed (measured: 20 times the work).
 */
const prepareTransaction = (sql: SqlClient.SqlClient) =>
  sql`SELECT set_config('lock_timeout', '1000', true), set_config('enable_seqscan', 'off', true),
    set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)`

const distinct = (ids: Iterable<string>): ReadonlyArray<string> => [...new Set(ids)]

const idsOf = (turns: ReadonlyArray<TurnWrite>, kind: "session" | "mitra"): ReadonlyArray<string> =>
  distinct(turns.filter(({ actor }) => actor.kind === kind).map(({ actor }) => actor.id))

type What = "session" | "mitra_status" | "mitra" | "payment"

interface LockedRow {
  readonly what: What
  readonly id: string
  readonly owner_epoch: bigint
  readonly last_seq: bigint
  readonly status: string
  readonly is_active: boolean
}

type Asked = Readonly<Record<What, ReadonlyArray<string>>>

/**
 * One trip for all locks: the parts run one after the other. What a lock had to wait for it reads again, so
 * that each row is as its last writer left it. NO KEY: writers are kept apart, foreign keys to these rows are
 * not held up. At a mitra's row accepts and deactivations meet, on every runner: one after the other.
 */
const lockRows = (sql: SqlClient.SqlClient, asked: Asked) =>
  sql<LockedRow>`
    SELECT * FROM (
      SELECT 'session' AS what, id, owner_epoch, last_seq, status, false AS is_active FROM chat_sessions
      WHERE id = ANY(${asked.session}::uuid[]) ORDER BY id FOR NO KEY UPDATE
    ) sessions UNION ALL SELECT * FROM (
      SELECT 'mitra_status', mitra_id, owner_epoch, 0::bigint, '', false FROM mitra_status
      WHERE mitra_id = ANY(${asked.mitra_status}::uuid[]) ORDER BY mitra_id FOR NO KEY UPDATE
    ) statuses UNION ALL SELECT * FROM (
      SELECT 'mitra', id, 0::bigint, 0::bigint, '', is_active FROM mitras
      WHERE id = ANY(${asked.mitra}::uuid[]) ORDER BY id FOR NO KEY UPDATE
    ) mitras UNION ALL SELECT * FROM (
      SELECT 'payment', id, 0::bigint, 0::bigint, status, false FROM payment_requests
      WHERE id = ANY(${asked.payment}::uuid[]) ORDER BY id FOR NO KEY UPDATE
    ) payments`

interface CommandRow {
  readonly actor_id: string
  readonly sender_id: string
  readonly command_id: string
}

interface MessageRow {
  readonly session_id: string
  readonly sender_id: string
  readonly client_message_id: string
}

interface Stored {
  readonly slots: ReadonlyArray<LockedSlot> | null
  readonly outcomes: ReadonlyArray<CommandRow & { readonly outcome: Json }> | null
  readonly messages: ReadonlyArray<MessageRow & SentMessage> | null
}

const nothingStored: Stored = { slots: null, outcomes: null, messages: null }

const commandsOf = (turns: ReadonlyArray<TurnWrite>): ReadonlyArray<CommandRow> =>
  turns.flatMap(({ actor, command }) =>
    command === null
      ? []
      : [{ actor_id: actor.id, sender_id: command.sender_id, command_id: command.command_id }]
  )

const messagesAskedOf = (turns: ReadonlyArray<TurnWrite>): ReadonlyArray<MessageRow> =>
  turns.flatMap((turn) =>
    messagesOf(turn).map(({ event }) => ({
      session_id: turn.actor.id,
      sender_id: event.sender_id,
      client_message_id: event.client_message_id
    }))
  )

/** Taken places, and what was written before under these ids; its snapshot is newer than all locks. */
const readStored = Effect.fnUntraced(function*(
  sql: SqlClient.SqlClient,
  turns: ReadonlyArray<TurnWrite>,
  claimed: ReadonlyArray<string>
): Effect.fn.Return<Stored, SqlError> {
  const commands = commandsOf(turns)
  const messages = messagesAskedOf(turns)
  if (claimed.length + commands.length + messages.length === 0) return nothingStored
  const [stored] = yield* sql<Stored>`
    SELECT (
      SELECT json_agg(s) FROM (
        SELECT mitra_id, slot, session_id FROM mitra_slots WHERE mitra_id = ANY(${claimed}::uuid[])
      ) s
    ) AS slots, (
      SELECT json_agg(c) FROM (
        SELECT c.actor_id, c.sender_id, c.command_id, c.outcome
        FROM json_to_recordset(${JSON.stringify(commands)}::json)
          AS asked(actor_id uuid, sender_id text, command_id text)
        JOIN commands_seen c USING (actor_id, sender_id, command_id)
      ) c
    ) AS outcomes, (
      SELECT json_agg(m) FROM (
        SELECT m.session_id, m.sender_id, m.client_message_id, m.seq, m.message_id,
          (extract(epoch FROM m.sent_at) * 1000)::bigint AS sent_at
        FROM json_to_recordset(${JSON.stringify(messages)}::json)
          AS asked(session_id uuid, sender_id uuid, client_message_id text)
        JOIN messages m USING (session_id, sender_id, client_message_id)
      ) m
    ) AS messages`
  return stored ?? nothingStored
})

const rowsOf = (rows: ReadonlyArray<LockedRow>, what: What): ReadonlyArray<LockedRow> =>
  rows.filter((row) => row.what === what)

/** Call it first inside the group's transaction. */
export const lockAndRead = Effect.fnUntraced(function*(
  sql: SqlClient.SqlClient,
  turns: ReadonlyArray<TurnWrite>
): Effect.fn.Return<GroupFacts, SqlError> {
  yield* prepareTransaction(sql)
  const claimed = distinct(turns.flatMap((turn) => claimOf(turn)?.mitra_id ?? []))
  const switched = turns.filter((turn) => activationOf(turn) !== null).map(({ actor }) => actor.id)
  const paid = turns.flatMap(({ session }) => (session?.payments ?? []).map((move) => move.payment_id))
  const locked = yield* lockRows(sql, {
    session: idsOf(turns, "session"),
    mitra_status: idsOf(turns, "mitra"),
    mitra: distinct([...claimed, ...switched]),
    payment: distinct(paid)
  })
  const { messages, outcomes, slots } = yield* readStored(sql, turns, claimed)
  return {
    sessions: new Map(
      rowsOf(locked, "session").map((row): [string, LockedSession] => [
        row.id,
        { epoch: Number(row.owner_epoch), last_seq: Number(row.last_seq), status: row.status }
      ])
    ),
    mitra_epochs: new Map(rowsOf(locked, "mitra_status").map((row) => [row.id, Number(row.owner_epoch)])),
    active_mitras: new Set(rowsOf(locked, "mitra").filter((row) => row.is_active).map((row) => row.id)),
    slots: slots ?? [],
    payments: new Map(rowsOf(locked, "payment").map((row) => [row.id, row.status as PaymentStatus])),
    outcomes: new Map((outcomes ?? []).map((row) => [
      commandKey(row.actor_id, row.sender_id, row.command_id),
      row.outcome
    ])),
    messages: new Map((messages ?? []).map((row): [string, SentMessage] => [
      messageKey(row.session_id, row.sender_id, row.client_message_id),
      { seq: row.seq, message_id: row.message_id, sent_at: row.sent_at }
    ]))
  }
})
