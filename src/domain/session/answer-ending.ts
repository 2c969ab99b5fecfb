// How a session ends by a command: an early end, the goodbyes, and staff closing it by force. What the
// clock alone ends is in due.ts.
import * as Result from "effect/Result"
import { refuse } from "../refusal.ts"
import type { Settings } from "../settings.ts"
import { characters } from "../text.ts"
import { type Answer, badText, notActive, nothing, notParticipant } from "./answer.ts"
import { type CommandOf, goodbyeLengthMax } from "./commands.ts"
import type { ClosingReason, SessionEvent } from "./events.ts"
import { type Participant, type SessionState, sideOf } from "./state.ts"

export const closingEvent = (at: number, reason: ClosingReason, settings: Settings): SessionEvent => ({
  _tag: "ClosingStarted",
  at,
  reason,
  closing_ends_at: at + settings.closing_grace_seconds * 1000
})

/** Who ended the paid time, from the reason closing began. */
export const endedBy = (state: SessionState): NonNullable<SessionState["ended_by"]> => {
  switch (state.end_reason) {
    case "ended_by_customer":
      return "customer"
    case "ended_by_mitra":
    case "extension_rejected":
      return "mitra"
    case "force_closed":
      return "staff"
    default:
      return "clock"
  }
}

export const answerEnd = (state: SessionState, by: Participant, settings: Settings, now: number): Answer => {
  const side = sideOf(state, by)
  if (side === null) return notParticipant(state, by)
  if (state.status !== "active" && state.status !== "extending") return notActive(state)
  if (side === "mitra" && !settings.mitra_may_end_session) {
    return Result.fail(refuse("END_NOT_ALLOWED", "Only the customer may end this chat early.", {
      session_id: state.id
    }))
  }
  return Result.succeed([closingEvent(now, `ended_by_${side}`, settings)])
}

export const answerGoodbye = (state: SessionState, command: CommandOf<"Goodbye">, now: number): Answer => {
  const side = sideOf(state, command.by)
  if (side === null) return notParticipant(state, command.by)
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

export const answerForceClose = (state: SessionState, settings: Settings, at: number): Answer => {
  const completed: SessionEvent = { _tag: "SessionCompleted", at, reason: "force_closed", ended_by: "staff" }
  switch (state.status) {
    case "searching":
    case "pending_acceptance":
      return Result.succeed([{ _tag: "RequestCancelled", at, by: "staff" }])
    case "active":
    case "extending":
      return Result.succeed([closingEvent(at, "force_closed", settings), completed])
    case "closing":
      return Result.succeed([completed])
    default:
      return nothing
  }
}
