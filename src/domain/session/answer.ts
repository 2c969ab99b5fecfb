// What a session may answer to a command: events, or one of the refusals every command shares.
import * as Result from "effect/Result"
import { type Refusal, refuse } from "../refusal.ts"
import { isStorable } from "../text.ts"
import type { SessionEvent } from "./events.ts"
import { holdingStatuses, isFormerMitra, isTerminal, type Participant, type SessionState } from "./state.ts"

export type Answer = Result.Result<ReadonlyArray<SessionEvent>, Refusal>

/** Already so: nothing to do, and no error. */
export const nothing: Answer = Result.succeed([])

export const rerouted = (session_id: string): Refusal =>
  refuse("SESSION_REROUTED", "This chat was handed to another bestie.", { session_id })

export const handedOver = (state: SessionState): Answer => Result.fail(rerouted(state.id))

export const notParticipant = (state: SessionState, who: Participant): Answer =>
  isFormerMitra(state, who)
    ? handedOver(state)
    : Result.fail(refuse("NOT_A_PARTICIPANT", "This session is not yours.", { session_id: state.id }))

/** A text that no database could keep, or null when it is fine. */
export const badText = (text: string): Answer | null =>
  isStorable(text)
    ? null
    : Result.fail(refuse("BAD_REQUEST", "A text may hold no NUL and no half of a surrogate pair.", {}))

const whyNotActive = (state: Pick<SessionState, "id" | "status">): Refusal => {
  const details = { session_id: state.id, status: state.status }
  if (state.status === "closing") {
    return refuse("SESSION_CLOSING", "The paid time is over; only a goodbye is possible.", details)
  }
  return isTerminal(state.status)
    ? refuse("SESSION_OVER", "This session is over.", details)
    : refuse("SESSION_NOT_ACTIVE", "This chat is not running.", details)
}

export const notActive = (state: SessionState): Answer => Result.fail(whyNotActive(state))

/** Why neither side can write in this chat; null while it runs. */
export const notRunning = (state: Pick<SessionState, "id" | "status">): Refusal | null =>
  holdingStatuses.includes(state.status) ? null : whyNotActive(state)
