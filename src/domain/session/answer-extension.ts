// How a session answers an extension: asked for once its payment is confirmed, offered to the mitra for
// a moment in which the paid clock stands still, and charged only with the yes. Approved or not, exactly
// one event ends the pause.
import * as Result from "effect/Result"
import * as Ledger from "../ledger.ts"
import { type Refusal, refuse } from "../refusal.ts"
import type { Settings } from "../settings.ts"
import { type Answer, notActive, nothing, notParticipant } from "./answer.ts"
import type { CommandOf } from "./commands.ts"
import { closingEvent } from "./answer-ending.ts"
import type { SessionEvent } from "./events.ts"
import { isPaused, type PendingExtension, type SessionState, sideOf } from "./state.ts"

const pending = (state: SessionState): Refusal =>
  refuse("EXTENSION_PENDING", "Your bestie has not answered the last extension yet.", {
    session_id: state.id
  })

const paused = (state: SessionState): Refusal =>
  refuse("SESSION_PAUSED", "Your bestie is gone and your time stands still; another one is looked for.", {
    session_id: state.id
  })

/** Why this session takes no extension now; null when it does. Asked before the customer pays, too. */
export const extensionRefusal = (state: SessionState): Refusal | null => {
  if (state.status === "extending") return pending(state)
  if (state.status === "active") return isPaused(state) ? paused(state) : null
  const refused = notActive(state)
  return Result.isFailure(refused) ? refused.failure : null
}

export const answerExtensionRequest = (
  state: SessionState,
  command: CommandOf<"RequestExtension">,
  settings: Settings,
  now: number
): Answer => {
  // A repeat: the webhook, the sweep and a crash between them may all say the same thing.
  if (state.extension?.payment_id === command.payment_id) return nothing
  const refusal = extensionRefusal(state)
  if (refusal !== null) return Result.fail(refusal)
  return Result.succeed([{
    _tag: "ExtensionRequested",
    at: now,
    payment_id: command.payment_id,
    amount_idr: command.amount_idr,
    purchased_ms: command.purchased_ms,
    deadline_at: now + settings.extension_timeout_seconds * 1000
  }])
}

export const approved = (
  state: SessionState,
  extension: PendingExtension,
  at: number,
  by: "mitra" | "clock"
): SessionEvent => {
  const { amount_idr, payment_id, purchased_ms } = extension
  const ledger = Ledger.serve(Ledger.purchase(state.ledger, purchased_ms), at, "extended")
  return {
    _tag: "SessionResumed",
    at,
    by,
    payment_id,
    amount_idr,
    purchased_ms,
    ends_at: Ledger.endsAt(ledger) ?? at
  }
}

export const answerExtension = (
  state: SessionState,
  command: CommandOf<"AnswerExtension">,
  settings: Settings,
  now: number
): Answer => {
  if (sideOf(state, command.by) !== "mitra") return notParticipant(state, command.by)
  const { extension } = state
  if (extension === null || extension.seq !== command.extension_seq) {
    return Result.fail(refuse("EXTENSION_RESOLVED", "This extension was already decided.", {
      session_id: state.id,
      status: state.status
    }))
  }
  return Result.succeed([
    command.approve
      ? approved(state, extension, now, "mitra")
      : closingEvent(now, "extension_rejected", settings)
  ])
}
