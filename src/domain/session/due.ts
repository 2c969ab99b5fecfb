// What time alone makes happen. Run before every command, so that a command never acts on a state
// that the clock has already ended. Each event carries the instant it became due, not the instant
// somebody noticed: a server that was away for a minute neither gives nor takes a second.
import { expiryCause, search, wantsCandidates, type Candidate } from "../pairing.ts"
import type { Settings } from "../settings.ts"
import { nextWarning } from "./deadline.ts"
import type { SessionEvent } from "./events.ts"
import { evolve } from "./evolve.ts"
import type { SessionState } from "./state.ts"

export interface SessionFacts {
  readonly now: number
  readonly settings: Settings
  /** Present only when `wantsCandidates` asked for them; null means they could not be read now. */
  readonly candidates: ReadonlyArray<Candidate> | null
}

export const closingEvent = (
  at: number,
  reason: Extract<SessionEvent, { _tag: "ClosingStarted" }>["reason"],
  settings: Settings
): SessionEvent => ({
  _tag: "ClosingStarted",
  at,
  reason,
  closing_ends_at: at + settings.closing_grace_seconds * 1000
})

const nextDue = (state: SessionState, facts: SessionFacts): SessionEvent | null => {
  const { now, settings } = facts
  switch (state.status) {
    case "searching":
    case "pending_acceptance":
      if (now >= state.search_ends_at) {
        return { _tag: "RequestExpired", at: state.search_ends_at, cause: expiryCause(state) }
      }
      if (facts.candidates !== null && wantsCandidates(state, now)) {
        return search(state, facts.candidates, settings, now)
      }
      return null
    case "active": {
      const warning = nextWarning(state)
      if (warning !== null && warning.at <= now) {
        return { _tag: "WarningGiven", at: warning.at, remaining_seconds: warning.remaining_seconds }
      }
      if (state.ends_at !== null && state.ends_at <= now) {
        return closingEvent(state.ends_at, "time_up", settings)
      }
      return null
    }
    case "closing":
      if (state.closing_ends_at !== null && state.closing_ends_at <= now) {
        return {
          _tag: "SessionCompleted",
          at: state.closing_ends_at,
          reason: "grace_over",
          ended_by: endedBy(state)
        }
      }
      return null
    default:
      return null
  }
}

/** Who ended the paid time, from the reason closing began. */
export const endedBy = (state: SessionState): NonNullable<SessionState["ended_by"]> => {
  switch (state.end_reason) {
    case "ended_by_customer":
      return "customer"
    case "ended_by_mitra":
      return "mitra"
    case "force_closed":
      return "staff"
    default:
      return "clock"
  }
}

/** Everything due by `facts.now`, in order. At most a handful: each event moves the state forward. */
export const dueEvents = (state: SessionState, facts: SessionFacts): ReadonlyArray<SessionEvent> => {
  const events: Array<SessionEvent> = []
  let current = state
  for (let event = nextDue(current, facts); event !== null; event = nextDue(current, facts)) {
    events.push(event)
    current = evolve(current, event)
  }
  return events
}
