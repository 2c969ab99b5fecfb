// One info line per milestone of a session's life, with the ids an operator searches for and nothing a person
// typed. Written inside the step that publishes the turn: a line says what is committed.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { chargedMs } from "../../domain/ledger.ts"
import type { SessionEvent } from "../../domain/session/events.ts"
import type { SessionState } from "../../domain/session/state.ts"
import { count, observe } from "./figures.ts"

type Fields = Readonly<Record<string, string | number | null>>

/** What an event says beside the session's ids; null: no milestone (most turns carry a message). */
const saidOf = (event: SessionEvent): readonly [string, Fields] | null => {
  switch (event._tag) {
    case "OffersSent":
      return ["offered", { wave: event.wave, offers: event.offers.length }]
    case "Paired":
      return ["paired", { mitra_id: event.mitra_id }]
    case "Rerouted":
      return ["rerouted", { from_mitra_id: event.from_mitra_id, mitra_id: event.mitra_id }]
    case "ExtensionRequested":
      return ["extension requested", { extension_payment_id: event.payment_id }]
    case "SessionResumed":
      return ["extended", { extension_payment_id: event.payment_id, by: event.by }]
    case "ClosingStarted":
      return ["closing", { reason: event.reason }]
    case "SessionCompleted":
      return ["completed", { reason: event.reason, ended_by: event.ended_by }]
    case "RequestCancelled":
      return ["request cancelled", { by: event.by }]
    case "RequestExpired":
      return ["request expired", { cause: event.cause }]
    default:
      return null
  }
}

const quiet: ReadonlySet<SessionEvent["_tag"]> = new Set(["MessageSent", "ReceiptMoved", "SearchedInVain"])

/** Counts a committed session turn and logs its milestones; synchronous, in the given context. */
export const noteSessionTurn = (
  context: Context.Context<never>,
  turn: {
    readonly after: SessionState
    readonly events: ReadonlyArray<SessionEvent>
    readonly at: number
    readonly by_clock: boolean
  }
): void => {
  const { after, at, by_clock, events } = turn
  for (const event of events) {
    if (quiet.has(event._tag)) continue
    count("session_events_total", [event._tag])
    if (by_clock) observe("deadline_late_ms", Math.max(0, at - event.at))
    if (event._tag === "ClosingStarted") {
      count("paid_seconds_served_total", [], Math.floor(chargedMs(after.ledger) / 1000))
    }
    const said = saidOf(event)
    if (said === null) continue
    const ids = { session_id: after.id, payment_id: after.payment_id, mitra_id: after.mitra_id }
    Effect.runForkWith(context)(
      Effect.logInfo(`session ${said[0]}`).pipe(Effect.annotateLogs({ ...ids, ...said[1] }))
    )
  }
}
