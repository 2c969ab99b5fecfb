// The session machine: a command on a state gives events or a refusal. First what is due by the
// clock takes effect, then the command meets what is left. Extension and reroute will be further
// cases of `answer`; their states and ledger entries already exist.
import * as Result from "effect/Result"
import type { Decision } from "../decision.ts"
import { refuse } from "../refusal.ts"
import { characters } from "../text.ts"
import { type Answer, badText, notActive, nothing, notParticipant } from "./answer.ts"
import { answerAccept, answerDecline } from "./answer-offer.ts"
import { answerMessage, answerReceipt } from "./answer-message.ts"
import type { SessionCommand, SessionReply } from "./commands.ts"
import { type CommandOf, goodbyeLengthMax } from "./commands.ts"
import { closingEvent, dueEvents, endedBy, type SessionFacts } from "./due.ts"
import { isSequenced, type SessionEvent } from "./events.ts"
import { evolveAll } from "./evolve.ts"
import { offerOf, type Participant, type SessionState, sideOf } from "./state.ts"

const cancel = (state: SessionState, by: Participant, now: number): Answer => {
  if (sideOf(state, by) !== "customer") return notParticipant(state)
  if (state.status === "cancelled") return nothing
  if (state.status !== "searching" && state.status !== "pending_acceptance") {
    return Result.fail(refuse("REQUEST_NOT_OPEN", "This request can no longer be cancelled.", {
      session_id: state.id,
      status: state.status
    }))
  }
  return Result.succeed([{ _tag: "RequestCancelled", at: now, by: "customer" }])
}

const end = (state: SessionState, by: Participant, facts: SessionFacts): Answer => {
  const side = sideOf(state, by)
  if (side === null) return notParticipant(state)
  if (state.status !== "active" && state.status !== "extending") return notActive(state)
  if (side === "mitra" && !facts.settings.mitra_may_end_session) {
    return Result.fail(refuse("END_NOT_ALLOWED", "Only the customer may end this chat early.", {
      session_id: state.id
    }))
  }
  return Result.succeed([closingEvent(facts.now, `ended_by_${side}`, facts.settings)])
}

const goodbye = (state: SessionState, command: CommandOf<"Goodbye">, now: number): Answer => {
  const side = sideOf(state, command.by)
  if (side === null) return notParticipant(state)
  if (state.status !== "closing") return notActive(state)
  const text = command.text.trim()
  const bad = badText(text)
  if (bad !== null) return bad
  const length = characters(text)
  if (length > goodbyeLengthMax) {
    return Result.fail(refuse("MESSAGE_TOO_LONG", `A goodbye has at most ${goodbyeLengthMax} characters.`, {
      given: length,
      maximum: goodbyeLengthMax
    }))
  }
  const left = side === "customer" ? state.customer_goodbye : state.mitra_goodbye
  const events: Array<SessionEvent> = left === null ? [{ _tag: "GoodbyeLeft", at: now, side, text }] : []
  // The customer's goodbye closes the session; the mitra's alone waits for it, or for the grace to end.
  if (side === "customer") {
    events.push({ _tag: "SessionCompleted", at: now, reason: "goodbye", ended_by: endedBy(state) })
  }
  return Result.succeed(events)
}

const setTopic = (state: SessionState, command: CommandOf<"SetTopic">, facts: SessionFacts): Answer => {
  const side = sideOf(state, command.by)
  if (side === null) return notParticipant(state)
  if (state.status !== "active" && state.status !== "extending") return notActive(state)
  const latched = facts.settings.topic_sensitive_is_final && state.topic === "sensitive"
  if (side !== "mitra" || (latched && command.topic !== "sensitive")) {
    return Result.fail(refuse("TOPIC_NOT_ALLOWED", "You may not change the topic of this chat.", {
      session_id: state.id,
      topic: state.topic
    }))
  }
  if (command.topic === state.topic) return nothing
  return Result.succeed([{ _tag: "TopicChanged", at: facts.now, topic: command.topic }])
}

const forceClose = (state: SessionState, facts: SessionFacts): Answer => {
  const at = facts.now
  const completed: SessionEvent = { _tag: "SessionCompleted", at, reason: "force_closed", ended_by: "staff" }
  switch (state.status) {
    case "searching":
    case "pending_acceptance":
      return Result.succeed([{ _tag: "RequestCancelled", at, by: "staff" }])
    case "active":
    case "extending":
      return Result.succeed([closingEvent(at, "force_closed", facts.settings), completed])
    case "closing":
      return Result.succeed([completed])
    default:
      return nothing
  }
}

const withdraw = (state: SessionState, mitraId: string, now: number): Answer =>
  offerOf(state, mitraId)?.status === "pending"
    ? Result.succeed([{ _tag: "OfferWithdrawn", at: now, mitra_id: mitraId }])
    : nothing

const answer = (state: SessionState, command: SessionCommand, facts: SessionFacts): Answer => {
  switch (command._tag) {
    case "Tick":
      return nothing
    case "Accept":
      return answerAccept(state, command.by, facts.now)
    case "Decline":
      return answerDecline(state, command.by, facts.now)
    case "WithdrawOffer":
      return withdraw(state, command.mitra_id, facts.now)
    case "Cancel":
      return cancel(state, command.by, facts.now)
    case "SendMessage":
      return answerMessage(state, command, facts.now)
    case "MarkDelivered":
    case "MarkRead":
      return answerReceipt(state, command, facts.now)
    case "SetTopic":
      return setTopic(state, command, facts)
    case "End":
      return end(state, command.by, facts)
    case "Goodbye":
      return goodbye(state, command, facts.now)
    case "ForceClose":
      return forceClose(state, facts)
  }
}

const replyFor = (
  before: SessionState,
  after: SessionState,
  events: ReadonlyArray<SessionEvent>,
  command: SessionCommand,
  now: number
): SessionReply => {
  const side = "by" in command ? sideOf(after, command.by) : null
  const sequenced = events.filter(isSequenced)
  const message = events.find((event) => event._tag === "MessageSent")
  return {
    status: after.status,
    seq: sequenced.length > 0 ? before.last_seq + 1 : null,
    message_id: message?._tag === "MessageSent" ? message.message_id : null,
    at: sequenced[0]?.at ?? now,
    cursor: side === null ? null : after.cursors[side]
  }
}

export const decide = (
  state: SessionState,
  command: SessionCommand,
  facts: SessionFacts
): Decision<SessionEvent, SessionReply> => {
  const due = dueEvents(state, facts)
  const settled = evolveAll(state, due)
  const answered = answer(settled, command, facts)
  if (Result.isFailure(answered)) return { events: due, reply: Result.fail(answered.failure) }
  const after = evolveAll(settled, answered.success)
  return {
    events: [...due, ...answered.success],
    reply: Result.succeed(replyFor(settled, after, answered.success, command, facts.now))
  }
}
