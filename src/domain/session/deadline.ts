// When a session must next be woken. The nearest of everything that can become due; null when the
// session is over.
import { nextLapse } from "../pairing.ts"
import type { SessionState } from "./state.ts"

/** Seconds before the end at which both phones are warned, latest last. */
export const warningSeconds: ReadonlyArray<number> = [180, 60]

/**
 * The next warning still to give, if there is one. A warning whose instant lies before the clock began
 * to run (a short chat, a short extension) is not given.
 */
export const nextWarning = (
  state: SessionState
): { readonly at: number; readonly remaining_seconds: number } | null => {
  const running = state.ledger.open
  if (state.status !== "active" || state.ends_at === null || running === null) return null
  for (const seconds of warningSeconds) {
    if (state.warned_seconds !== null && seconds >= state.warned_seconds) continue
    const at = state.ends_at - seconds * 1000
    if (at > running.from) return { at, remaining_seconds: seconds }
  }
  return null
}

export const deadlineOf = (state: SessionState): number | null => {
  switch (state.status) {
    case "searching":
    case "pending_acceptance":
      return Math.min(
        state.search_ends_at,
        state.next_wave_at ?? state.search_ends_at,
        nextLapse(state) ?? state.search_ends_at
      )
    case "active":
      return nextWarning(state)?.at ?? state.ends_at ?? state.absence?.paused_until ?? null
    case "extending":
      return state.extension?.deadline_at ?? null
    case "closing":
      return state.closing_ends_at
    default:
      return null
  }
}
