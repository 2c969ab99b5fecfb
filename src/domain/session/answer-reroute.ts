// How a running chat changes hands: staff give it to another mitra, or learn that its mitra is gone. Only
// an active chat is rerouted: while an extension waits, the answer decides within seconds what there is left.
import * as Result from "effect/Result"
import * as Ledger from "../ledger.ts"
import { type Refusal, refuse } from "../refusal.ts"
import { type Answer, notActive, nothing } from "./answer.ts"
import type { CommandOf } from "./commands.ts"
import type { RerouteTarget, SessionFacts } from "./due.ts"
import type { SessionEvent } from "./events.ts"
import { assignmentsMax, holdingStatuses, isPaused, type SessionState } from "./state.ts"

/** Why staff may not have what they asked for of this session; null when they may. */
const sessionRefusal = (state: SessionState, command: CommandOf<"Reroute">): Refusal | null => {
  const session_id = state.id
  if (state.status === "extending") {
    return refuse("EXTENSION_PENDING", "An extension is being answered; try again in a moment.", {
      session_id
    })
  }
  // Two colleagues at once: the second one decided about a mitra who has handed over already.
  if (state.mitra_id !== command.from_mitra_id) {
    return refuse("STALE_WRITE", "This chat has another bestie by now.", {
      session_id,
      mitra_id: state.mitra_id
    })
  }
  if (command.mitra_id === state.mitra_id) {
    return refuse("SAME_MITRA", "This chat is hers already.", { session_id, mitra_id: command.mitra_id })
  }
  return state.assignments.length < assignmentsMax
    ? null
    : refuse("TOO_MANY_REROUTES", "This chat has changed hands too often.", {
      session_id,
      maximum: assignmentsMax
    })
}

/** Whether she has room is the database's to say, in the transaction that gives her the place. */
const targetRefusal = (target: RerouteTarget | null, mitra_id: string): Refusal | null => {
  if (target === null) return refuse("MITRA_NOT_FOUND", "There is no such bestie.", { mitra_id })
  if (!target.is_active) return refuse("ACCOUNT_INACTIVE", "Her account is not active.", { mitra_id })
  if (target.is_draining) return refuse("MITRA_DRAINING", "She is finishing her last chats.", { mitra_id })
  if (target.is_blocked) {
    return refuse("PAIR_BLOCKED", "She or the customer has blocked the other.", { mitra_id })
  }
  return target.is_online ? null : refuse("MITRA_NOT_ONLINE", "She is not online.", { mitra_id })
}

export const answerReroute = (
  state: SessionState,
  command: CommandOf<"Reroute">,
  facts: SessionFacts
): Answer => {
  if (state.status !== "active" && state.status !== "extending") return notActive(state)
  const target = facts.reroute_to
  const refusal = sessionRefusal(state, command) ?? targetRefusal(target, command.mitra_id)
  const ends_at = Ledger.endsAt(Ledger.serve(state.ledger, facts.now, "rerouted"))
  if (refusal !== null || target === null || state.mitra_id === null || ends_at === null) {
    return refusal === null ? notActive(state) : Result.fail(refusal)
  }
  return Result.succeed([{
    _tag: "Rerouted",
    at: facts.now,
    from_mitra_id: state.mitra_id,
    mitra_id: command.mitra_id,
    mitra_name: target.mitra_name,
    ends_at,
    staff_id: command.staff_id,
    reason: command.reason
  }])
}

const cameBack = (state: SessionState, at: number): SessionEvent => {
  const ends_at = isPaused(state) ? Ledger.endsAt(Ledger.serve(state.ledger, at, "mitra_back")) : null
  return { _tag: "MitraCameBack", at, ...(ends_at === null ? {} : { ends_at }) }
}

export const answerCheckMitra = (state: SessionState, facts: SessionFacts): Answer => {
  if (!holdingStatuses.includes(state.status)) return nothing
  const absence = facts.mitra_absence
  if (absence === null) {
    return state.absence === null ? nothing : Result.succeed([cameBack(state, facts.now)])
  }
  if (absence.cause === state.absence?.cause) return nothing
  // Told by a server whose clock runs ahead, it would lie behind the end of the paid time.
  const since = Math.min(absence.since, facts.now)
  const pause_ms = facts.settings.mitra_gone_pause_seconds * 1000
  const stands = state.status === "active" && absence.cause === "mitra_deactivated" && pause_ms > 0
  const pause = stands && !isPaused(state) ? { paused_until: facts.now + pause_ms } : {}
  return Result.succeed([{ _tag: "MitraWentAway", at: facts.now, cause: absence.cause, since, ...pause }])
}
