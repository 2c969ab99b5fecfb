// Deadlines: wakes the owners of sessions that are due now or in the next moments. A resident actor
// has its own timer, to which this changes nothing; a resting one is awake in time to be punctual.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { SessionOversight } from "../../services/sessions/session-oversight.ts"
import { SessionActors } from "../session/protocol.ts"
import type { Sweep } from "./sweep.ts"
import { asSystem } from "../turn-call.ts"

// Longer than a failover of this sweep itself, so that even then no deadline takes effect late.
const wakeAheadMs = 10_000
const batch = 1000
const concurrency = 32

export const deadlines = Effect.fnUntraced(function*(everySeconds: number) {
  const oversight = yield* SessionOversight
  const actors = yield* SessionActors

  const wake = (sessionId: string) =>
    actors.run(sessionId, asSystem({ _tag: "Tick" })).pipe(
      Effect.as(1),
      Effect.catch((error) =>
        Effect.logWarning("session not woken").pipe(
          Effect.annotateLogs({ session_id: sessionId, error: error._tag }),
          Effect.as(0)
        )
      )
    )

  const runOnce = Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    const ids = yield* oversight.due(now + wakeAheadMs, batch)
    const woken = yield* Effect.forEach(ids, wake, { concurrency })
    const count = woken.reduce((sum, one) => sum + one, 0)
    return { due: ids.length, woken: count, failed: ids.length - count }
  })

  return { name: "deadlines", every: `${everySeconds} seconds`, runOnce } satisfies Sweep<unknown, never>
})
