// The rows a group of decided turns writes, as the tables describe them: one document per table goes to
// Postgres, whatever the size of the group.
import { messageLengthMax } from "../../domain/session/commands.ts"
import type { SessionEvent } from "../../domain/session/events.ts"
import type { SessionState, Side } from "../../domain/session/state.ts"
import { characters } from "../../domain/text.ts"
import type { StoredText, Seal } from "../../services/encryption/cipher.ts"
import type { TurnWrite } from "../../services/journal/journal.ts"
import {
  eventAssociatedData,
  goodbyeAssociatedData,
  messageAssociatedData
} from "../encryption/associated-data.ts"
import { sessionRowOf } from "../sessions/chat-sessions.table.ts"
import { type AssignmentRow, assignmentRowOf, offerRowsOf } from "../sessions/pairing.tables.ts"
import { claimOf, consumptionsOf, givesSlotBack, type DecidedTurn, messagesOf } from "../../domain/verdict.ts"
import { TurnRejected } from "./rejection.ts"
import { timestamp, timestampOrNull } from "../platform/postgres/columns.ts"

type SessionTurn = TurnWrite & { readonly session: NonNullable<TurnWrite["session"]> }
type MitraTurn = TurnWrite & { readonly mitra: NonNullable<TurnWrite["mitra"]> }

const nothing: StoredText = { plain: null, sealed: null }

const withSession = (turns: ReadonlyArray<TurnWrite>): ReadonlyArray<SessionTurn> =>
  turns.filter((turn): turn is SessionTurn => turn.session !== null)

const withMitra = (turns: ReadonlyArray<TurnWrite>): ReadonlyArray<MitraTurn> =>
  turns.filter((turn): turn is MitraTurn => turn.mitra !== null)

/** A goodbye that was left, as it is stored; the memory of its actor has it plain. */
const keptGoodbye = (seal: Seal, state: SessionState, side: Side): StoredText => {
  const text = state[`${side}_goodbye`]
  return text === null ? nothing : seal(text, goodbyeAssociatedData(state.id, side))
}

const goodbyeColumns = (seal: Seal, state: SessionState) => {
  const customer = keptGoodbye(seal, state, "customer")
  const mitra = keptGoodbye(seal, state, "mitra")
  return {
    customer_goodbye: customer.plain,
    customer_goodbye_sealed: customer.sealed,
    mitra_goodbye: mitra.plain,
    mitra_goodbye_sealed: mitra.sealed
  }
}

const sessionRow = (seal: Seal) => ({ session: { deadline_at, state } }: SessionTurn) => ({
  ...sessionRowOf(state, deadline_at),
  ...goodbyeColumns(seal, state)
})

const offerRows = ({ session: { offers, state } }: SessionTurn) => offerRowsOf(state, offers)

const assignmentRows = ({ actor, session }: SessionTurn): ReadonlyArray<AssignmentRow> =>
  session.assignments.map(({ position, ...assignment }) => assignmentRowOf(actor.id, position, assignment))

const proposedRows = ({ actor, at, session: { proposal } }: SessionTurn) => {
  if (proposal?._tag !== "Open") return []
  const { cause, id, mitra_id, since } = proposal
  return [{
    id,
    session_id: actor.id,
    mitra_id,
    cause,
    since,
    created_at: at
  }]
}

const decidedRows = ({ actor, at, session: { proposal } }: SessionTurn) => {
  if (proposal?._tag !== "Close") return []
  const { resolution, staff_id, status } = proposal
  return [{ session_id: actor.id, status, decided_at: timestamp(at), decided_by: staff_id, resolution }]
}

const keptEvent = (seal: Seal, sessionId: string, seq: number, event: SessionEvent) => {
  if (event._tag !== "GoodbyeLeft") return { event, text_sealed: null }
  const { plain, sealed } = seal(event.text, eventAssociatedData(sessionId, seq))
  return { event: { ...event, text: plain }, text_sealed: sealed }
}

const eventRows = (seal: Seal) => ({ actor, session }: SessionTurn) =>
  session.events.filter(({ event }) => event._tag !== "MessageSent").map(({ event, seq }) => ({
    session_id: actor.id,
    seq,
    type: event._tag,
    ...keptEvent(seal, actor.id, seq, event),
    at: event.at
  }))

/** The length is the database's to refuse where it can read the text; else it is ours. */
const keptBody = (seal: Seal, turn: SessionTurn, seq: number, body: string): StoredText => {
  const kept = seal(body, messageAssociatedData(turn.actor.id, seq))
  const length = characters(body)
  if (kept.sealed !== null && (length < 1 || length > messageLengthMax)) {
    throw new TurnRejected("messages_body_check")
  }
  return kept
}

const messageRows = (seal: Seal) => (turn: SessionTurn) =>
  messagesOf(turn).map(({ event, seq }) => {
    const { plain, sealed } = keptBody(seal, turn, seq, event.body)
    return {
      session_id: turn.actor.id,
      seq,
      message_id: event.message_id,
      client_message_id: event.client_message_id,
      side: event.side,
      sender_id: event.sender_id,
      body: plain,
      body_sealed: sealed,
      sent_at: event.at
    }
  })

/** At most this many texts are sealed for these turns. */
export const textsIn = (written: ReadonlyArray<DecidedTurn>): number =>
  written.reduce((count, { turn }) => count + (turn.session === null ? 0 : turn.session.events.length + 2), 0)

const slotRow = ({ verdict, turn }: DecidedTurn) => {
  const claim = claimOf(turn)
  if (claim === null || verdict._tag !== "Accepted" || verdict.slot === null) return []
  return [{
    mitra_id: claim.mitra_id,
    slot: verdict.slot,
    session_id: turn.actor.id,
    claimed_at: turn.at
  }]
}

/** The money movements of a turn. The payment's id is unique there: it moves once. */
const transactionRows = (turn: SessionTurn) =>
  consumptionsOf(turn).map(({ amount_idr, payment_id, product }) => ({
    session_id: turn.session.state.id,
    payment_id,
    customer_id: turn.session.state.customer_id,
    // The machine takes no money before there is a mitra; without one the database refuses the row.
    mitra_id: turn.session.state.mitra_id as string,
    product,
    amount_idr,
    at: turn.at
  }))

/** What a payment is after its failure was noted. */
const statusAfter = { Fail: "failed_pairing", NoteFailure: "confirmed", NoteOwed: "consumed" } as const

const failedRows = ({ at, session: { payments } }: SessionTurn) =>
  payments.flatMap((move) =>
    move._tag === "Consume" ? [] : [{
      payment_id: move.payment_id,
      status: statusAfter[move._tag],
      cause: move.cause,
      at: timestamp(at)
    }]
  )

const pushRows = ({ at, session }: SessionTurn) => session.push.map((push) => ({ ...push, created_at: at }))

const statusRow = ({ mitra: { events, state } }: MitraTurn) => ({
  mitra_id: state.id,
  is_online: state.is_online,
  online_since: timestampOrNull(state.online_since),
  is_draining: state.is_draining,
  is_held: state.hold !== null,
  held_until: timestampOrNull(state.hold?.until ?? null),
  // Coming online counts as a sign of life: her first ping is still to come.
  heard_at: timestampOrNull(events.findLast((event) => event._tag === "WentOnline")?.at ?? null)
})

const onlineLogRows = ({ mitra: { events, state } }: MitraTurn) =>
  events.flatMap((event) => {
    switch (event._tag) {
      case "WentOnline":
        return [{ mitra_id: state.id, is_online: true, cause: "toggle" as const, at: event.at }]
      case "WentOffline":
        return [{ mitra_id: state.id, is_online: false, cause: event.cause, at: event.at }]
      default:
        return []
    }
  })

const accountRows = ({ mitra: { events, state } }: MitraTurn) => {
  const last = events.findLast((event) => event._tag === "Activated" || event._tag === "Deactivated")
  if (last === undefined) return []
  const deactivatedAt = last._tag === "Deactivated" ? timestamp(last.at) : null
  return [{ id: state.id, is_active: state.is_active, deactivated_at: deactivatedAt }]
}

const commandRow = ({ actor, at, command }: TurnWrite) =>
  command === null ? [] : [{
    actor_id: actor.id,
    sender_id: command.sender_id,
    command_id: command.command_id,
    outcome: command.outcome,
    at
  }]

/** `transactionIds` has one id for every payment they consume, `seal` is good for `textsIn` them. */
export const rowsOf = (
  written: ReadonlyArray<DecidedTurn>,
  transactionIds: ReadonlyArray<string>,
  seal: Seal
) => {
  const turns = written.map(({ turn }) => turn)
  const sessions = withSession(turns)
  const mitras = withMitra(turns)
  return {
    sessions: sessions.map(sessionRow(seal)),
    offers: sessions.flatMap(offerRows),
    events: sessions.flatMap(eventRows(seal)),
    messages: sessions.flatMap(messageRows(seal)),
    assignments: sessions.flatMap(assignmentRows),
    proposed: sessions.flatMap(proposedRows),
    decided: sessions.flatMap(decidedRows),
    released: sessions.filter(givesSlotBack).map(({ actor }) => actor.id),
    slots: written.flatMap(slotRow),
    consumed: sessions.flatMap(consumptionsOf).map((move) => move.payment_id),
    failed: sessions.flatMap(failedRows),
    transactions: sessions.flatMap(transactionRows).map((row, index) => ({
      id: transactionIds[index] as string,
      ...row
    })),
    push: sessions.flatMap(pushRows),
    cancelled_push: sessions.flatMap(({ actor, at, session }) =>
      session.cancels_offer_push_of.map((user_id) => ({ session_id: actor.id, user_id, at: timestamp(at) }))
    ),
    statuses: mitras.map(statusRow),
    online_logs: mitras.flatMap(onlineLogRows),
    accounts: mitras.flatMap(accountRows),
    audit: turns.flatMap(({ audit }) => audit),
    commands: turns.flatMap(commandRow),
    offered: sessions.flatMap(({ at, session }) =>
      session.events.flatMap(({ event }) =>
        event._tag === "OffersSent"
          ? event.offers.map(({ mitra_id }) => ({ mitra_id, at: timestamp(at) }))
          : []
      )
    )
  }
}

export type Rows = ReturnType<typeof rowsOf>
