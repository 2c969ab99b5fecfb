// The rows a group of judged turns writes, as plain JSON with the tables' column names: one document
// per table goes to Postgres, whatever the size of the group.
import type { AuditEntry } from "../../services/audit.ts"
import type { TurnWrite } from "../../services/journal.ts"
import { claimOf, consumptionsOf, type Judged, messagesOf } from "../journal/judgement.ts"
import { timestamp, timestampOrNull } from "./columns.ts"

type SessionTurn = TurnWrite & { readonly session: NonNullable<TurnWrite["session"]> }
type MitraTurn = TurnWrite & { readonly mitra: NonNullable<TurnWrite["mitra"]> }

const withSession = (turns: ReadonlyArray<TurnWrite>): ReadonlyArray<SessionTurn> =>
  turns.filter((turn): turn is SessionTurn => turn.session !== null)

const withMitra = (turns: ReadonlyArray<TurnWrite>): ReadonlyArray<MitraTurn> =>
  turns.filter((turn): turn is MitraTurn => turn.mitra !== null)

const sessionRow = ({ session: { deadline_at, state } }: SessionTurn) => ({
  id: state.id,
  topic: state.topic,
  status: state.status,
  mitra_id: state.mitra_id,
  search_ends_at: timestamp(state.search_ends_at),
  next_wave_at: timestampOrNull(state.next_wave_at),
  wave: state.wave,
  started_at: timestampOrNull(state.started_at),
  ends_at: timestampOrNull(state.ends_at),
  warned_seconds: state.warned_seconds,
  extension: state.extension,
  closing_ends_at: timestampOrNull(state.closing_ends_at),
  ended_at: timestampOrNull(state.ended_at),
  ended_by: state.ended_by,
  end_reason: state.end_reason,
  ledger: state.ledger,
  customer_goodbye: state.customer_goodbye,
  mitra_goodbye: state.mitra_goodbye,
  customer_delivered_seq: state.cursors.customer.delivered_seq,
  customer_read_seq: state.cursors.customer.read_seq,
  mitra_delivered_seq: state.cursors.mitra.delivered_seq,
  mitra_read_seq: state.cursors.mitra.read_seq,
  last_seq: state.last_seq,
  deadline_at: timestampOrNull(deadline_at)
})

const offerRows = ({ session: { offers, state } }: SessionTurn) => {
  if (offers.length === 0) return []
  const positions = new Map(state.offers.map((offer, position) => [offer.mitra_id, position]))
  return offers.map((offer) => ({
    session_id: state.id,
    mitra_id: offer.mitra_id,
    position: positions.get(offer.mitra_id),
    status: offer.status,
    ending: offer.ending,
    wave: offer.wave,
    sent_at: timestamp(offer.sent_at),
    deadline_at: timestamp(offer.deadline_at),
    responded_at: timestampOrNull(offer.responded_at),
    sessions_at_offer: offer.sessions_at_offer
  }))
}

const eventRows = ({ actor, session }: SessionTurn) =>
  session.events.filter(({ event }) => event._tag !== "MessageSent").map(({ event, seq }) => ({
    session_id: actor.id,
    seq,
    type: event._tag,
    event,
    at: timestamp(event.at)
  }))

const messageRows = (turn: SessionTurn) =>
  messagesOf(turn).map(({ event, seq }) => ({
    session_id: turn.actor.id,
    seq,
    message_id: event.message_id,
    client_message_id: event.client_message_id,
    side: event.side,
    sender_id: event.sender_id,
    body: event.body,
    sent_at: timestamp(event.at)
  }))

const slotRow = ({ judgement, turn }: Judged) => {
  const claim = claimOf(turn)
  if (claim === null || judgement._tag !== "Write") return []
  return [{
    mitra_id: claim.mitra_id,
    slot: judgement.slot,
    session_id: turn.actor.id,
    claimed_at: timestamp(turn.at)
  }]
}

/** The money movements of a turn. The payment's id is unique there: it moves once. */
const transactionRows = (turn: SessionTurn) =>
  consumptionsOf(turn).map(({ amount_idr, payment_id, product }) => ({
    session_id: turn.session.state.id,
    payment_id,
    customer_id: turn.session.state.customer_id,
    mitra_id: turn.session.state.mitra_id,
    product,
    amount_idr,
    at: timestamp(turn.at)
  }))

const failedRows = ({ at, session: { payments } }: SessionTurn) =>
  payments.flatMap((move) =>
    move._tag === "Consume" ? [] : [{
      payment_id: move.payment_id,
      status: move._tag === "Fail" ? "failed_pairing" : "confirmed",
      cause: move.cause,
      at: timestamp(at)
    }]
  )

const pushRows = ({ at, session }: SessionTurn) =>
  session.push.map((push) => ({
    ...push,
    created_at: timestamp(at),
    due_at: timestamp(push.due_at),
    expires_at: timestamp(push.expires_at)
  }))

const statusRow = ({ mitra: { events, state } }: MitraTurn) => ({
  mitra_id: state.id,
  is_online: state.is_online,
  online_since: timestampOrNull(state.online_since),
  // Coming online counts as a sign of life: her first ping is still to come.
  heard_at: timestampOrNull(events.findLast((event) => event._tag === "WentOnline")?.at ?? null)
})

const onlineLogRows = ({ mitra: { events, state } }: MitraTurn) =>
  events.flatMap((event) => {
    switch (event._tag) {
      case "WentOnline":
        return [{ mitra_id: state.id, is_online: true, cause: "toggle", at: timestamp(event.at) }]
      case "WentOffline":
        return [{ mitra_id: state.id, is_online: false, cause: event.cause, at: timestamp(event.at) }]
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

// Any JSON travels as text: inside the document a JSON null would arrive as SQL's NULL.
const auditRow = (entry: AuditEntry) => ({
  ...entry,
  before: JSON.stringify(entry.before),
  after: JSON.stringify(entry.after),
  at: timestamp(entry.at)
})

const commandRow = ({ actor, at, command }: TurnWrite) =>
  command === null ? [] : [{
    actor_id: actor.id,
    sender_id: command.sender_id,
    command_id: command.command_id,
    outcome: JSON.stringify(command.outcome),
    at: timestamp(at)
  }]

/** `transactionIds` has one id for every payment they consume. */
export const rowsOf = (written: ReadonlyArray<Judged>, transactionIds: ReadonlyArray<string>) => {
  const turns = written.map(({ turn }) => turn)
  const sessions = withSession(turns)
  const mitras = withMitra(turns)
  return {
    sessions: sessions.map(sessionRow),
    offers: sessions.flatMap(offerRows),
    events: sessions.flatMap(eventRows),
    messages: sessions.flatMap(messageRows),
    released: sessions.filter(({ session }) => session.slot?._tag === "Release").map(({ actor }) => actor.id),
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
    audit: turns.flatMap(({ audit }) => audit.map(auditRow)),
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
