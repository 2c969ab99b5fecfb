// Locks the rows a group of turns touches and reads what its verdict needs. Locks are taken table by
// table in one fixed order and by id inside each, so that two runners never wait for each other in a
// ring. Each statement's snapshot is newer than the locks before it: what was read cannot have moved.
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

/** Runs a statement only if there is something to ask about. */
const unlessEmpty = <Key, Row>(
  keys: ReadonlyArray<Key>,
  statement: (keys: ReadonlyArray<Key>) => Effect.Effect<ReadonlyArray<Row>, SqlError>
): Effect.Effect<ReadonlyArray<Row>, SqlError> => keys.length === 0 ? Effect.succeed([]) : statement(keys)

// NO KEY: writers are kept apart, foreign keys to these rows are not held up.
const lockSessions = (sql: SqlClient.SqlClient, ids: ReadonlyArray<string>) =>
  sql<{ id: string; owner_epoch: bigint; last_seq: bigint; status: string }>`
    SELECT id, owner_epoch, last_seq, status FROM chat_sessions
    WHERE id = ANY(${ids}::uuid[]) ORDER BY id FOR NO KEY UPDATE`

const lockMitraStatus = (sql: SqlClient.SqlClient, ids: ReadonlyArray<string>) =>
  sql<{ mitra_id: string; owner_epoch: bigint }>`
    SELECT mitra_id, owner_epoch FROM mitra_status
    WHERE mitra_id = ANY(${ids}::uuid[]) ORDER BY mitra_id FOR NO KEY UPDATE`

/** Accepts and deactivations of one mitra meet here, on every runner: one after the other. */
const lockMitras = (sql: SqlClient.SqlClient, ids: ReadonlyArray<string>) =>
  sql<{ id: string; is_active: boolean }>`
    SELECT id, is_active FROM mitras
    WHERE id = ANY(${ids}::uuid[]) ORDER BY id FOR NO KEY UPDATE`

const lockPayments = (sql: SqlClient.SqlClient, ids: ReadonlyArray<string>) =>
  sql<{ id: string; status: PaymentStatus }>`
    SELECT id, status FROM payment_requests
    WHERE id = ANY(${ids}::uuid[]) ORDER BY id FOR NO KEY UPDATE`

const readSlots = (sql: SqlClient.SqlClient, mitraIds: ReadonlyArray<string>) =>
  sql<
    LockedSlot
  >`SELECT mitra_id, slot, session_id FROM mitra_slots WHERE mitra_id = ANY(${mitraIds}::uuid[])`

interface CommandRow {
  readonly actor_id: string
  readonly sender_id: string
  readonly command_id: string
}

const readOutcomes = (sql: SqlClient.SqlClient, commands: ReadonlyArray<CommandRow>) =>
  sql<CommandRow & { outcome: Json }>`
    SELECT c.actor_id, c.sender_id, c.command_id, c.outcome
    FROM json_to_recordset(${JSON.stringify(commands)}::json)
      AS asked(actor_id uuid, sender_id text, command_id text)
    JOIN commands_seen c USING (actor_id, sender_id, command_id)`

interface MessageRow {
  readonly session_id: string
  readonly sender_id: string
  readonly client_message_id: string
}

const readMessages = (sql: SqlClient.SqlClient, messages: ReadonlyArray<MessageRow>) =>
  sql<MessageRow & { seq: bigint; message_id: string; sent_at: Date }>`
    SELECT m.session_id, m.sender_id, m.client_message_id, m.seq, m.message_id, m.sent_at
    FROM json_to_recordset(${JSON.stringify(messages)}::json)
      AS asked(session_id uuid, sender_id uuid, client_message_id text)
    JOIN messages m USING (session_id, sender_id, client_message_id)`

const readRepetitions = Effect.fnUntraced(function*(
  sql: SqlClient.SqlClient,
  turns: ReadonlyArray<TurnWrite>
) {
  const commands = turns.flatMap(({ actor, command }): ReadonlyArray<CommandRow> =>
    command === null
      ? []
      : [{ actor_id: actor.id, sender_id: command.sender_id, command_id: command.command_id }]
  )
  const messages = turns.flatMap((turn) =>
    messagesOf(turn).map(({ event }): MessageRow => ({
      session_id: turn.actor.id,
      sender_id: event.sender_id,
      client_message_id: event.client_message_id
    }))
  )
  const outcomes = yield* unlessEmpty(commands, (asked) => readOutcomes(sql, asked))
  const sent = yield* unlessEmpty(messages, (asked) => readMessages(sql, asked))
  return {
    outcomes: new Map(
      outcomes.map((row) => [commandKey(row.actor_id, row.sender_id, row.command_id), row.outcome])
    ),
    messages: new Map(sent.map((row): [string, SentMessage] => [
      messageKey(row.session_id, row.sender_id, row.client_message_id),
      { seq: Number(row.seq), message_id: row.message_id, sent_at: row.sent_at.getTime() }
    ]))
  }
})

/** Call it first inside the group's transaction. */
export const lockAndRead = Effect.fnUntraced(function*(
  sql: SqlClient.SqlClient,
  turns: ReadonlyArray<TurnWrite>
): Effect.fn.Return<GroupFacts, SqlError> {
  yield* prepareTransaction(sql)
  const sessions = yield* unlessEmpty(idsOf(turns, "session"), (ids) => lockSessions(sql, ids))
  const statuses = yield* unlessEmpty(idsOf(turns, "mitra"), (ids) => lockMitraStatus(sql, ids))
  const claimed = distinct(turns.flatMap((turn) => claimOf(turn)?.mitra_id ?? []))
  const switched = turns.filter((turn) => activationOf(turn) !== null).map(({ actor }) => actor.id)
  const mitras = yield* unlessEmpty(distinct([...claimed, ...switched]), (ids) => lockMitras(sql, ids))
  const paid = turns.flatMap(({ session }) => (session?.payments ?? []).map((move) => move.payment_id))
  const payments = yield* unlessEmpty(distinct(paid), (ids) => lockPayments(sql, ids))
  const slots = yield* unlessEmpty(claimed, (ids) => readSlots(sql, ids))
  const { messages, outcomes } = yield* readRepetitions(sql, turns)
  return {
    sessions: new Map(sessions.map((row): [string, LockedSession] => [
      row.id,
      { epoch: Number(row.owner_epoch), last_seq: Number(row.last_seq), status: row.status }
    ])),
    mitra_epochs: new Map(statuses.map((row) => [row.mitra_id, Number(row.owner_epoch)])),
    active_mitras: new Set(mitras.filter((row) => row.is_active).map((row) => row.id)),
    slots,
    payments: new Map(payments.map((row) => [row.id, row.status])),
    outcomes,
    messages
  }
})
