// The queue: when a place may have become free, the requests that have waited longest look again
// at once. Only a hint: each decides in its own turn whether it is its turn (pairing.ts), and looks again
// by itself every few seconds, so a lost hint costs seconds and never the order.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { SessionOversight } from "../../services/sessions/session-oversight.ts"
import { Settings } from "../../services/settings/settings.ts"
import { SessionActors } from "./protocol.ts"
import { asSystem } from "../turn-call.ts"

const concurrency = 4

/** Wakes the oldest waiting requests: as many as there may be places. Never fails. */
export const makeWakeQueue = Effect.gen(function*() {
  const oversight = yield* SessionOversight
  const settings = yield* Settings
  const actors = yield* SessionActors

  const wake = (sessionId: string) =>
    actors.run(sessionId, asSystem({ _tag: "Requeue" })).pipe(
      Effect.catch((error) => Effect.logDebug("waiting request not woken", error))
    )

  return (places: (max_customers_per_mitra: number) => number): Effect.Effect<void> =>
    Effect.gen(function*() {
      const values = yield* settings.current
      if (!values.pairing_queue_enabled) return
      const now = yield* Clock.currentTimeMillis
      const ids = yield* oversight.waiting(now, places(values.max_customers_per_mitra))
      yield* Effect.forEach(ids, wake, { concurrency, discard: true })
    }).pipe(Effect.catch((error) => Effect.logDebug("waiting requests not woken", error)))
})
