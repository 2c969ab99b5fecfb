// Turns that only append, written by one call of a function in the database: one round trip and one implicit
// transaction for the whole group, where other turns take four trips. The function judges such
// turns as src/domain/verdict.ts does, and says only which ones it did not write.
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Json } from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { messageLengthMax } from "../../domain/session/commands.ts"
import type { EventOf } from "../../domain/session/events.ts"
import { outcomeOfMessage } from "../../domain/session/reply.ts"
import type { Seal } from "../../services/encryption/cipher.ts"
import type { SessionWrite, TurnWrite } from "../../services/journal/journal.ts"
import { messageAssociatedData } from "../encryption/associated-data.ts"
import { timestamp } from "../platform/postgres/columns.ts"
import type { Outcome } from "./group-writer.ts"
import { TurnRejected } from "./rejection.ts"

export type AppendTurn = TurnWrite & { readonly session: SessionWrite }

const touchesOtherTables = (session: SessionWrite): boolean =>
  session.slot !== null || session.proposal !== null || session.offers.length > 0 ||
  session.assignments.length > 0 || session.payments.length > 0 || session.cancels_offer_push_of.length > 0

/** At most one message, at the very end of the story, of a length that nobody will refuse. */
const hasWritableMessage = ({ events, state }: SessionWrite): boolean => {
  const [entry] = events
  if (entry === undefined) return true
  const { event, seq } = entry
  return events.length === 1 && event._tag === "MessageSent" && seq === state.last_seq &&
    event.body.length > 0 && event.body.length <= messageLengthMax
}

/** Whether the function can write this turn. What it cannot write is no mistake: it goes the longer way. */
export const isAppend = (turn: TurnWrite): turn is AppendTurn => {
  const { actor, audit, mitra, session } = turn
  return session !== null && session.appends && mitra === null && audit.length === 0 &&
    actor.kind === "session" && session.state.id === actor.id && !touchesOtherTables(session) &&
    hasWritableMessage(session)
}

const messageColumns = (seal: Seal, sessionId: string, seq: number, event: EventOf<"MessageSent">) => {
  const { plain, sealed } = seal(event.body, messageAssociatedData(sessionId, seq))
  return {
    message_id: event.message_id,
    client_message_id: event.client_message_id,
    side: event.side,
    sender_id: event.sender_id,
    body: plain,
    body_sealed: sealed,
    sent_at: timestamp(event.at)
  }
}

// Absent names arrive as NULL.
const turnRow =
  (seal: Seal) => ({ actor, at, command, session: { events, state } }: AppendTurn, n: number) => {
    const { customer, mitra } = state.cursors
    const message = events[0]?.event as EventOf<"MessageSent"> | undefined
    return {
      n,
      session_id: actor.id,
      epoch: actor.epoch,
      base_seq: state.last_seq - events.length,
      last_seq: state.last_seq,
      customer_delivered_seq: customer.delivered_seq,
      customer_read_seq: customer.read_seq,
      mitra_delivered_seq: mitra.delivered_seq,
      mitra_read_seq: mitra.read_seq,
      ...(command === null ? {} : {
        command_sender: command.sender_id,
        command_id: command.command_id,
        outcome: JSON.stringify(command.outcome),
        at: timestamp(at)
      }),
      ...(message === undefined ? {} : messageColumns(seal, actor.id, state.last_seq, message))
    }
  }

const pushRows = ({ at, session }: AppendTurn, n: number) =>
  session.push.map((push) => ({
    n,
    ...push,
    created_at: timestamp(at),
    due_at: timestamp(push.due_at),
    expires_at: timestamp(push.expires_at)
  }))

interface Unwritten {
  readonly n: number
  readonly verdict: "fenced" | "repeated_command" | "repeated_message" | "invalid"
  readonly outcome: Json
  readonly status: string
  readonly seq: bigint
  readonly message_id: string
  readonly sent_at: Date
}

const committed: Outcome = Exit.succeed({ _tag: "Committed" })
const fenced: Outcome = Exit.succeed({ _tag: "Fenced" })

const outcomeOf = (row: Unwritten): Outcome => {
  switch (row.verdict) {
    case "fenced":
      return fenced
    case "repeated_command":
      return Exit.succeed({ _tag: "Repeated", outcome: row.outcome })
    case "repeated_message": {
      const sent = { seq: Number(row.seq), message_id: row.message_id, sent_at: row.sent_at.getTime() }
      return Exit.succeed({ _tag: "Repeated", outcome: outcomeOfMessage(sent, row.status) })
    }
    case "invalid":
      return Exit.die(new TurnRejected("the turn's sequence does not follow the stored one"))
  }
}

/** Outcomes in the order of the turns. `seal` is good for one text of each. */
export const appendTurns = (
  sql: SqlClient.SqlClient,
  turns: ReadonlyArray<AppendTurn>,
  seal: Seal
): Effect.Effect<ReadonlyArray<Outcome>, SqlError> =>
  Effect.suspend(() => {
    const ids = turns.map(({ actor }) => actor.id)
    const rows = JSON.stringify(turns.map(turnRow(seal)))
    const pushes = JSON.stringify(turns.flatMap(pushRows))
    return sql<Unwritten>`SELECT * FROM append_turns(${ids}::uuid[], ${rows}::json, ${pushes}::json)`
  }).pipe(Effect.map((unwritten) => {
    if (unwritten.length === 0) return turns.map(() => committed)
    const outcomes = new Map(unwritten.map((row) => [row.n, outcomeOf(row)]))
    return turns.map((_, n) => outcomes.get(n) ?? committed)
  }))
