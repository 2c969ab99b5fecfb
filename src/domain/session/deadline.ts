// When a session must next be woken. The nearest of everything that can become due; null when the
// session is over. Extension windows will join here.
import type { SessionState } from "./state.ts"

/** Seconds before the end at which both phones are warned, latest last. */
export const warningSeconds: ReadonlyArray<number> = [180, 60]

/** The next warning still to give, if there is one; a chat shorter than the warning gets none. */
export const nextWarning = (
  state: SessionState
): { readonly at: number; readonly remaining_seconds: number } | null => {
  if (state.status !== "active" || state.ends_at === null || state.started_at === null) return null
  for (const seconds of warningSeconds) {
    if (state.warned_seconds !== null && seconds >= state.warned_seconds) continue
    const at = state.ends_at - seconds * 1000
    if (at > state.started_at) return { at, remaining_seconds: seconds }
  }
  return null
}

export const deadlineOf = (state: SessionState): number | null => {
  switch (state.status) {
    case "searching":
    case "pending_acceptance":
      return Math.min(state.search_ends_at, state.next_wave_at ?? state.search_ends_at)
    case "active":
      return nextWarning(state)?.at ?? state.ends_at
    case "closing":
      return state.closing_ends_at
    default:
      return null
  }
}
