// Hears the other runners on one link: a connection of its own, replaced whenever it ends or falls
// silent. What was sent while nobody listened is gone, so every new connection means Resync.
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import type { Hearing } from "./hearing.ts"
import type { Link } from "./link.ts"
import { logTrouble } from "./publisher.ts"
import type { BusTimings } from "./timings.ts"
import * as RealTime from "../../services/real-time.ts"

export interface Listener {
  readonly connectedSince: () => number | null
  /** Waits until the first attempt to listen is over, whatever became of it. */
  readonly attempted: Effect.Effect<void>
}

// Closing says UNLISTEN, and a connection that went silent never answers that: not waited for.
const closeSoon = Effect.fnUntraced(function*(scope: Scope.Closeable) {
  const closing = yield* Effect.forkDetach(Scope.close(scope, Exit.void))
  yield* Effect.ignore(RealTime.timeout(Fiber.await(closing), 1_000))
})

export const makeListener = Effect.fnUntraced(function*(link: Link, hearing: Hearing, timings: BusTimings) {
  const attempted = yield* Deferred.make<void>()
  let connectedSince: number | null = null
  let retryAfter = timings.retry_after_ms

  const listening = Effect.fnUntraced(function*(scope: Scope.Scope) {
    const next = yield* link.listen.pipe(Scope.provide(scope), RealTime.timeout(timings.answer_within_ms))
    const began = yield* Clock.currentTimeMillis
    connectedSince = began
    retryAfter = timings.retry_after_ms
    hearing.begin(began)
    yield* Deferred.succeed(attempted, undefined)
    while (true) {
      // Our own signs of life come back here, so silence means that the connection is dead.
      const batch = yield* RealTime.timeout(next, timings.silence_ms)
      const now = yield* Clock.currentTimeMillis
      for (const payload of batch) {
        hearing.receive(payload, now)
        // Let subscribers take theirs before the next one: a burst is no reason to overflow.
        yield* Effect.yieldNow
      }
    }
  })

  const listenOnce = Effect.gen(function*() {
    const exit = yield* Effect.exit(Effect.acquireUseRelease(Scope.make(), listening, closeSoon))
    const firstOfOutage = retryAfter === timings.retry_after_ms
    connectedSince = null
    yield* Deferred.succeed(attempted, undefined)
    if (firstOfOutage && Exit.isFailure(exit)) {
      yield* logTrouble(`bus: not hearing the other runners over ${link.name}, connecting again`, exit.cause)
    }
    yield* Effect.sleep(retryAfter)
    retryAfter = Math.min(retryAfter * 2, timings.retry_after_max_ms)
  })

  yield* Effect.forkScoped(Effect.forever(listenOnce))

  const listener: Listener = {
    connectedSince: () => connectedSince,
    attempted: Effect.ignore(RealTime.timeout(Deferred.await(attempted), timings.answer_within_ms))
  }
  return listener
})
