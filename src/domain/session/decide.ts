// The session machine: a command on a state gives events or a refusal. First what is due by the
// clock takes effect, then the command meets what is left.
import * as Result from "effect/Result"
import type { Decision } from "../decision.ts"
import { refuse } from "../refusal.ts"
import { lookingNow, wantsCandidates } from "../pairing.ts"
import { type Answer, notActive, nothing, notParticipant } from "./answer.ts"
import { answerEnd, answerForceClose, answerGoodbye } from "./answer-ending.ts"
import { answerExtension, answerExtensionRequest } from "./answer-extension.ts"
import { answerCheckMitra, answerReroute } from "./answer-reroute.ts"
import { answerAccept, answerDecline } from "./answer-offer.ts"
import { answerMessage, answerReceipt } from "./answer-message.ts"
import type { CommandOf, SessionCommand } from "./commands.ts"
import { dueEvents, type SessionFacts } from "./due.ts"
import { isSequenced, type SessionEvent } from "./events.ts"
import { evolveAll } from "./evolve.ts"
import type { SessionOutcome } from "./reply.ts"
import { offerOf, type Participant, type SessionState, sideOf } from "./state.ts"

const cancel = (state: SessionState, by: Participant, now: number): Answer => {
  if (sideOf(state, by) !== "customer") return notParticipant(state, by)
  if (state.status === "cancelled") return nothing
  if (state.status !== "searching" && state.status !== "pending_acceptance") {
    return Result.fail(refuse("REQUEST_NOT_OPEN", "This request can no longer be cancelled.", {
      session_id: state.id,
      status: state.status
    }))
  }
  return Result.succeed([{ _tag: "RequestCancelled", at: now, by: "customer" }])
}

const setTopic = (state: SessionState, command: CommandOf<"SetTopic">, facts: SessionFacts): Answer => {
  const side = sideOf(state, command.by)
  if (side === null) return notParticipant(state, command.by)
  if (state.status !== "active" && state.status !== "extending") return notActive(state)
  const latched = facts.settings.topic_sensitive_is_final && state.topic === "sensitive"
  if (side !== "mitra" || (latched && command.topic !== "sensitive")) {
    return Result.fail(refuse("TOPIC_NOT_ALLOWED", "You may not change the topic of this chat.", {
      session_id: state.id,
      topic: state.topic
    }))
  }
  if (command.topic === state.topic) return nothing
  return Result.succeed([{ _tag: "TopicChanged", at: facts.now, topic: command.topic, by: command.by.id }])
}

const withdraw = (state: SessionState, mitraId: string, now: number): Answer =>
  offerOf(state, mitraId)?.status === "pending"
    ? Result.succeed([{ _tag: "OfferWithdrawn", at: now, mitra_id: mitraId }])
    : nothing

const answer = (state: SessionState, command: SessionCommand, facts: SessionFacts): Answer => {
  switch (command._tag) {
    case "Tick":
    case "Requeue":
      return nothing
    case "Accept":
      return answerAccept(state, command.by, facts)
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
    case "RequestExtension":
      return answerExtensionRequest(state, command, facts.settings, facts.now)
    case "AnswerExtension":
      return answerExtension(state, command, facts.settings, facts.now)
    case "Reroute":
      return answerReroute(state, command, facts)
    case "CheckMitra":
      return answerCheckMitra(state, facts)
    case "End":
      return answerEnd(state, command.by, facts.settings, facts.now)
    case "Goodbye":
      return answerGoodbye(state, command, facts.now)
    case "ForceClose":
      return answerForceClose(state, facts.settings, facts.now)
  }
}

const outcomeOf = (
  before: SessionState,
  after: SessionState,
  events: ReadonlyArray<SessionEvent>,
  command: SessionCommand,
  now: number
): SessionOutcome => {
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

/** What time alone brings, and for a look out of turn what it finds; finding no mitra is no event. */
const dueBefore = (
  state: SessionState,
  command: SessionCommand,
  facts: SessionFacts
): ReadonlyArray<SessionEvent> => {
  if (command._tag !== "Requeue") return dueEvents(state, facts)
  const due = dueEvents(lookingNow(state, facts.now), facts)
  const isInVain = due.every((event) => event._tag === "SearchedInVain")
  return isInVain && !wantsCandidates(state, facts.now) ? [] : due
}

export const decide = (
  state: SessionState,
  command: SessionCommand,
  facts: SessionFacts
): Decision<SessionEvent, SessionOutcome> => {
  const due = dueBefore(state, command, facts)
  const settled = evolveAll(state, due)
  const answered = answer(settled, command, facts)
  if (Result.isFailure(answered)) return { events: due, reply: Result.fail(answered.failure) }
  const after = evolveAll(settled, answered.success)
  return {
    events: [...due, ...answered.success],
    reply: Result.succeed(outcomeOf(settled, after, answered.success, command, facts.now))
  }
}
