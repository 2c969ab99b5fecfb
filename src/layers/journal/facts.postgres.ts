// Locks the rows a group of turns touches and reads what its verdict needs, in one trip: by lock_turns in the
// database, which says in which order. What is read without a lock has a snapshot that is newer than all
// locks: it cannot have moved.
import * as Effect from "effect/Effect"
import type { Json } from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { PaymentStatus } from "../../domain/payment.ts"
import type { TurnWrite } from "../../services/journal/journal.ts"
import { activationOf, claimOf, commandKey, messageKey, messagesOf } from "../../domain/verdict.ts"
import type { GroupFacts, SentMessage, LockedSession, LockedSlot } from "../../domain/verdict.ts"

const distinct = (ids: Iterable<string>): ReadonlyArray<string> => [...new Set(ids)]

const idsOf = (turns: ReadonlyArray<TurnWrite>, kind: "session" | "mitra"): ReadonlyArray<string> =>
  distinct(turns.filter(({ actor }) => actor.kind === kind).map(({ actor }) => actor.id))

type What = "session" | "mitra_status" | "mitra" | "payment" | "stored"

interface LockedRow {
  readonly what: What
  readonly id: string
  readonly owner_epoch: bigint
  readonly last_seq: bigint
  readonly status: string
  readonly is_active: boolean
  /** In the last row, when anything was asked for that is no lock. */
  readonly stored: Stored | null
}

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

/** Null where nothing is asked. */
const documentOf = (asked: ReadonlyArray<object>): string | null =>
  asked.length === 0 ? null : JSON.stringify(asked)

const rowsOf = (rows: ReadonlyArray<LockedRow>, what: What): ReadonlyArray<LockedRow> =>
  rows.filter((row) => row.what === what)

/** Call it first inside the group's transaction. */
export const lockAndRead = Effect.fnUntraced(function*(
  sql: SqlClient.SqlClient,
  turns: ReadonlyArray<TurnWrite>
): Effect.fn.Return<GroupFacts, SqlError> {
  const claimed = distinct(turns.flatMap((turn) => claimOf(turn)?.mitra_id ?? []))
  const switched = turns.filter((turn) => activationOf(turn) !== null).map(({ actor }) => actor.id)
  const paid = turns.flatMap(({ session }) => (session?.payments ?? []).map((move) => move.payment_id))
  const locked = yield* sql<LockedRow>`SELECT * FROM lock_turns(
    ${idsOf(turns, "session")}::uuid[], ${idsOf(turns, "mitra")}::uuid[],
    ${distinct([...claimed, ...switched])}::uuid[], ${distinct(paid)}::uuid[], ${claimed}::uuid[],
    ${documentOf(commandsOf(turns))}::json, ${documentOf(messagesAskedOf(turns))}::json)`
  const { messages, outcomes, slots } = rowsOf(locked, "stored")[0]?.stored ?? nothingStored
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
