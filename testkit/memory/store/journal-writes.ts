// Writes one accepted turn into the in-memory store. Everything the database would reject is checked
// before the first change, so a turn is written whole or not at all.
import type { MitraEvent } from "../../../src/domain/mitra.ts"
import { isTerminal, type SessionState } from "../../../src/domain/session/state.ts"
import type { MitraWrite, SessionWrite, TurnWrite } from "../../../src/services/journal/journal.ts"
import {
  claimOf,
  commandKey,
  consumptionsOf,
  givesSlotBack,
  messagesOf
} from "../../../src/domain/verdict.ts"
import { oneWinner } from "../../../src/layers/journal/rejection.ts"
import { sessionRowOf } from "../../../src/layers/sessions/chat-sessions.table.ts"
import { offerRowsOf } from "../../../src/layers/sessions/pairing.tables.ts"
import { holdAssignments, writeAssignments, writeProposal } from "./assignments.ts"
import { characters, hold, holdReference } from "./constraints.ts"
import { writePush } from "./push-rows.ts"
import type { MitraOnlineLogRow, Tables } from "./tables.ts"

const holdSession = (state: SessionState, deadlineAt: number | null): void => {
  const { closing_ends_at, ended_at, ended_by, ends_at, extension, mitra_id, started_at, status } = state
  const isServed = ["active", "extending", "closing", "completed"].includes(status)
  hold(!isServed || (mitra_id !== null && started_at !== null), "chat_sessions_check")
  const isPaused = state.absence?.paused_until !== undefined
  hold((status === "active" && !isPaused) === (ends_at !== null), "chat_sessions_check")
  hold((status === "closing") === (closing_ends_at !== null), "chat_sessions_check")
  hold(isTerminal(status) === (ended_at !== null), "chat_sessions_check")
  hold((status === "extending") === (extension !== null), "chat_sessions_check")
  hold((ended_at === null) === (ended_by === null), "chat_sessions_check")
  hold(isTerminal(status) === (deadlineAt === null), "chat_sessions_check")
}

const holdOffers = (tables: Tables, { offers, state }: SessionWrite): void => {
  if (offers.length === 0) return
  const winners = new Set(
    state.offers
      .map(({ mitra_id }) => tables.chat_request_notifications.get(`${state.id}/${mitra_id}`))
      .flatMap((stored) => stored?.status === "accepted" ? [stored.mitra_id] : [])
  )
  for (const offer of offers) {
    holdReference(tables.mitras, offer.mitra_id, "chat_request_notifications_mitra_id_fkey")
    hold(offer.deadline_at > offer.sent_at, "chat_request_notifications_check")
    const isOpenOrWon = offer.status === "pending" || offer.status === "accepted"
    hold(isOpenOrWon === (offer.ending === null), "chat_request_notifications_check")
    if (offer.status === "accepted") winners.add(offer.mitra_id)
    else winners.delete(offer.mitra_id)
  }
  hold(winners.size <= 1, oneWinner)
}

const holdMessages = (turn: TurnWrite): void => {
  for (const { event } of messagesOf(turn)) {
    const length = characters(event.body)
    hold(length >= 1 && length <= 4000, "messages_body_check")
    const named = characters(event.client_message_id)
    hold(named >= 1 && named <= 64, "messages_client_message_id_check")
  }
}

/** Throws ConstraintViolated where Postgres would reject the turn. */
export const holdTurn = (tables: Tables, turn: TurnWrite): void => {
  const { audit, command, session } = turn
  for (const entry of audit) {
    holdReference(tables.staff, entry.staff_id, "audit_log_staff_id_fkey")
    hold(!tables.audit_log.has(entry.id), "audit_log_pkey")
  }
  if (command !== null) {
    const length = characters(command.command_id)
    hold(length >= 1 && length <= 64, "commands_seen_command_id_check")
  }
  if (session === null) return
  holdSession(session.state, session.deadline_at)
  holdOffers(tables, session)
  holdAssignments(tables, session)
  holdMessages(turn)
  for (const push of session.push) hold(!tables.push_outbox.has(push.id), "push_outbox_pkey")
  if (session.slot?._tag === "Claim") {
    const held = tables.mitra_slots.where("session", turn.actor.id)
    hold(held.length === 0, "mitra_slots_session_id_key")
  }
  for (const { payment_id } of consumptionsOf(turn)) {
    hold(session.state.mitra_id !== null, "transactions_mitra_id_not_null")
    hold(tables.transactions.where("payment", payment_id).length === 0, "transactions_payment_id_key")
  }
}

const writeStory = (tables: Tables, turn: TurnWrite, { events }: SessionWrite): void => {
  const session_id = turn.actor.id
  for (const { event, seq } of events) {
    const key = `${session_id}/${seq}`
    if (event._tag === "MessageSent") {
      const { _tag, at, ...message } = event
      tables.messages.set(key, { session_id, seq, ...message, sent_at: at })
      continue
    }
    tables.session_events.set(key, { session_id, seq, event })
    if (event._tag !== "OffersSent") continue
    for (const { mitra_id } of event.offers) {
      const status = tables.mitra_status.get(mitra_id)
      if (status === undefined) continue
      const last_offer_at = Math.max(status.last_offer_at ?? turn.at, turn.at)
      tables.mitra_status.set(mitra_id, { ...status, last_offer_at })
    }
  }
}

const writeSlot = (tables: Tables, turn: TurnWrite, slot: number | null): void => {
  const session_id = turn.actor.id
  if (givesSlotBack(turn)) {
    for (const row of tables.mitra_slots.where("session", session_id)) {
      tables.mitra_slots.delete(`${row.mitra_id}/${row.slot}`)
    }
  }
  const claim = claimOf(turn)
  if (claim === null || slot === null) return
  const { mitra_id } = claim
  tables.mitra_slots.set(`${mitra_id}/${slot}`, { mitra_id, slot, session_id, claimed_at: turn.at })
}

const consume = (tables: Tables, turn: TurnWrite, state: SessionState, ids: ReadonlyArray<string>): void => {
  consumptionsOf(turn).forEach(({ amount_idr, payment_id, product }, index) => {
    const payment = tables.payment_requests.get(payment_id)
    if (payment !== undefined) {
      const charged = { ...payment, status: "consumed", failure_cause: null, failed_at: null } as const
      tables.payment_requests.set(payment_id, charged)
    }
    const id = ids[index] ?? ""
    tables.transactions.set(id, {
      id,
      session_id: state.id,
      payment_id,
      customer_id: state.customer_id,
      mitra_id: state.mitra_id ?? "",
      product,
      amount_idr,
      at: turn.at
    })
  })
}

const failPayments = (tables: Tables, { at, session }: TurnWrite): void => {
  for (const move of session?.payments ?? []) {
    const payment = tables.payment_requests.get(move.payment_id)
    const from = move._tag === "NoteOwed" ? "consumed" : "confirmed"
    if (move._tag === "Consume" || payment?.status !== from) continue
    const status = move._tag === "Fail" ? "failed_pairing" : from
    tables.payment_requests.set(payment.id, { ...payment, status, failure_cause: move.cause, failed_at: at })
  }
}

const writeSession = (
  tables: Tables,
  turn: TurnWrite,
  session: SessionWrite,
  slot: number | null,
  transactionIds: ReadonlyArray<string>
): void => {
  const before = tables.chat_sessions.get(turn.actor.id)
  if (before === undefined) return
  const { owner_epoch, owner_runner } = before
  tables.chat_sessions.set(turn.actor.id, {
    ...sessionRowOf(session.state, session.deadline_at),
    owner_epoch,
    owner_runner
  })
  for (const row of offerRowsOf(session.state, session.offers)) {
    tables.chat_request_notifications.set(`${row.session_id}/${row.mitra_id}`, row)
  }
  writeAssignments(tables, turn.actor.id, session)
  writeProposal(tables, turn, session)
  writeStory(tables, turn, session)
  writeSlot(tables, turn, slot)
  consume(tables, turn, session.state, transactionIds)
  failPayments(tables, turn)
  writePush(tables, turn, session)
}

const logOf = (mitra_id: string, event: MitraEvent): ReadonlyArray<MitraOnlineLogRow> => {
  switch (event._tag) {
    case "WentOnline":
      return [{ mitra_id, is_online: true, cause: "toggle", at: event.at }]
    case "WentOffline":
      return [{ mitra_id, is_online: false, cause: event.cause, at: event.at }]
    default:
      return []
  }
}

/** A deactivated mitra is signed out everywhere in the same instant. */
const revokeSignIns = (tables: Tables, mitraId: string, at: number): void => {
  for (const row of tables.auth_sessions.where("person", `mitra:${mitraId}`)) {
    if (row.revoked_at !== null) continue
    tables.auth_sessions.set(row.id, { ...row, revoked_at: at, revoked_reason: "deactivated" })
  }
}

const writeMitra = (tables: Tables, { events, state }: MitraWrite): void => {
  const status = tables.mitra_status.get(state.id)
  const account = tables.mitras.get(state.id)
  if (status === undefined || account === undefined) return
  // Coming online counts as a sign of life: her first ping is still to come.
  const heard = events.findLast((event) => event._tag === "WentOnline")?.at ?? null
  const last_heartbeat_at = heard === null
    ? status.last_heartbeat_at
    : Math.max(status.last_heartbeat_at ?? heard, heard)
  const { hold, is_draining, is_online, online_since } = state
  tables.mitra_status.set(state.id, {
    ...status,
    is_online,
    online_since,
    is_draining,
    hold,
    last_heartbeat_at
  })
  for (const event of events) {
    tables.mitra_online_logs.push(...logOf(state.id, event))
    if (event._tag !== "Activated" && event._tag !== "Deactivated") continue
    const deactivated_at = event._tag === "Deactivated" ? event.at : null
    tables.mitras.set(state.id, { ...account, is_active: event._tag === "Activated", deactivated_at })
    if (deactivated_at !== null) revokeSignIns(tables, state.id, deactivated_at)
  }
}

/** Throws ConstraintViolated, before anything changed, where Postgres would reject the turn. */
export const writeTurn = (
  tables: Tables,
  turn: TurnWrite,
  slot: number | null,
  transactionIds: ReadonlyArray<string>
): void => {
  holdTurn(tables, turn)
  if (turn.session !== null) writeSession(tables, turn, turn.session, slot, transactionIds)
  if (turn.mitra !== null) writeMitra(tables, turn.mitra)
  for (const entry of turn.audit) tables.audit_log.set(entry.id, entry)
  if (turn.command === null) return
  const { command_id, outcome, sender_id } = turn.command
  const actor_id = turn.actor.id
  tables.commands_seen.set(commandKey(actor_id, sender_id, command_id), {
    actor_id,
    sender_id,
    command_id,
    outcome,
    at: turn.at
  })
}
