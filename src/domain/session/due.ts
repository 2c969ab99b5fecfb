// What time alone makes happen. Run before every command, so that a command never acts on a state
// that the clock has already ended. Each event carries the instant it became due, not the instant
// of the turn: a server that was away for a minute neither gives nor takes a second.
import { expiryCause, lapsed, lookingNow, search, wantsCandidates, type Candidate } from "../pairing.ts"
import type { Settings } from "../settings.ts"
import { closingEvent, endedBy } from "./answer-ending.ts"
import { approved } from "./answer-extension.ts"
import { nextWarning } from "./deadline.ts"
import type { SessionCommand } from "./commands.ts"
import type { SessionEvent } from "./events.ts"
import { evolve } from "./evolve.ts"
import type { Absence, SessionState } from "./state.ts"

export interface SessionFacts {
  readonly now: number
  readonly settings: Settings
  /** Present only when `wantsCandidates` asked for them; null means they could not be read now. */
  readonly candidates: ReadonlyArray<Candidate> | null
  /** How many older requests wait for the same mitras, too; beside `candidates`, else 0. */
  readonly waiting_ahead: number
  /** Mitras are free who are not what the request wants; asked when it found none (`wantsOthers`). */
  readonly others_are_free: boolean
  /** Present only when `wantsReachability` asked for it. */
  readonly mitra_is_reachable: boolean | null
  /** For Accept: she or the customer has blocked the other since she was asked. */
  readonly pair_is_blocked: boolean
  /** For Reroute: whom staff chose, as she was just before the turn; null when there is no such mitra. */
  readonly reroute_to: RerouteTarget | null
  /** For CheckMitra: why the chat's mitra cannot be reached; null when she can. */
  readonly mitra_absence: Absence | null
}

export interface RerouteTarget {
  readonly mitra_name: string
  readonly is_active: boolean
  /** Staff are taking her out of service: she gets no further chat. */
  readonly is_draining: boolean
  /** Declared, and with a fresh heartbeat where one is required. */
  readonly is_online: boolean
  /** She or the customer does not want to meet the other again. */
  readonly is_blocked: boolean
}

/** The same request when the offers whose time has passed are over: the next look may be due with them. */
const withoutLapsed = (state: SessionState, now: number): SessionState => {
  let current = state
  for (let event = lapsed(current, now); event !== null; event = lapsed(current, now)) {
    current = evolve(current, event)
  }
  return current
}

/** True when this command makes the session look for mitras: a message or a cancel never waits for that. */
export const looksForMitras = (state: SessionState, command: SessionCommand, now: number): boolean =>
  command._tag === "Requeue"
    ? wantsCandidates(lookingNow(state, now), now)
    : command._tag === "Tick" && wantsCandidates(withoutLapsed(state, now), now)

/** True when this turn must know whether the mitra can be reached: an extension's window is over. */
export const wantsReachability = (state: SessionState, now: number): boolean =>
  state.extension !== null && state.extension.deadline_at <= now

const extensionDue = (state: SessionState, facts: SessionFacts): SessionEvent | null => {
  const { extension } = state
  if (extension === null || !wantsReachability(state, facts.now) || facts.mitra_is_reachable === null) {
    return null
  }
  const { settings } = facts
  const isApproved = settings.extension_default_action_on_timeout === "auto_approve" &&
    facts.mitra_is_reachable
  return isApproved
    ? approved(state, extension, extension.deadline_at, "clock")
    : closingEvent(extension.deadline_at, "extension_timeout", settings)
}

const nextDue = (state: SessionState, facts: SessionFacts): SessionEvent | null => {
  const { now, settings } = facts
  switch (state.status) {
    case "searching":
    case "pending_acceptance": {
      const lapse = lapsed(state, now)
      if (lapse !== null) return lapse
      if (now >= state.search_ends_at) {
        return {
          _tag: "RequestExpired",
          at: state.search_ends_at,
          cause: expiryCause(state, facts.others_are_free)
        }
      }
      if (facts.candidates !== null && wantsCandidates(state, now)) {
        const { candidates, others_are_free, waiting_ahead: ahead } = facts
        return search(state, { candidates, ahead, others_are_free }, settings, now)
      }
      return null
    }
    case "active": {
      const paused_until = state.absence?.paused_until
      if (paused_until !== undefined) {
        return paused_until <= now ? closingEvent(paused_until, "mitra_gone", settings) : null
      }
      const warning = nextWarning(state)
      if (warning !== null && warning.at <= now) {
        return { _tag: "WarningGiven", at: warning.at, remaining_seconds: warning.remaining_seconds }
      }
      if (state.ends_at !== null && state.ends_at <= now) {
        return closingEvent(state.ends_at, "time_up", settings)
      }
      return null
    }
    case "extending":
      return extensionDue(state, facts)
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
