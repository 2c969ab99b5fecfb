// Hears the other runners on one link: a connection of its own, replaced whenever it ends or falls
// silent. What was sent between two connections is gone, so every new connection means Resync.
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import type { Receiver } from "./receiver.ts"
import type { Link } from "./link.ts"
import { logTrouble } from "./publisher.ts"
import type { BusTimings } from "./timings.ts"
import { stopBudgets } from "../../services/platform/stop-budgets.ts"
import * as RealTime from "../../services/platform/real-time.ts"

export interface Listener {
  readonly connectedSince: () => number | null
  /** Waits until the first attempt to listen is over, whatever became of it. */
  readonly attempted: Effect.Effect<void>
}

/** Not the time of day: that may be set while we listen. */
const uptimeMs = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1e6

// Closing says UNLISTEN, and a connection that went silent never answers that: not waited for.
const closeSoon = Effect.fnUntraced(function*(scope: Scope.Closeable) {
  const closing = yield* Effect.forkDetach(Scope.close(scope, Exit.void))
  yield* Effect.ignore(RealTime.timeout(Fiber.await(closing), stopBudgets.bus_listener_ms))
})

const soundless = Effect.fail(new Cause.TimeoutError("nothing was heard on this connection"))

/** Fails when nothing was heard for so long. One look per silence, not one time-out for all that is heard. */
const silenceOf = Effect.fnUntraced(function*(clock: Clock.Clock, heardAt: () => number, silenceMs: number) {
  for (;;) {
    const leftMs = Math.ceil(heardAt() + silenceMs - uptimeMs(clock))
    if (leftMs <= 0) return yield* soundless
    yield* clock.sleep(Duration.millis(leftMs))
  }
})

export const makeListener = Effect.fnUntraced(function*(link: Link, receiver: Receiver, timings: BusTimings) {
  const attempted = yield* Deferred.make<void>()
  let connectedSince: number | null = null
  let retryAfter = timings.retry_after_ms

  const listening = Effect.fnUntraced(function*(scope: Scope.Scope) {
    const next = yield* link.listen.pipe(Scope.provide(scope), RealTime.timeout(timings.answer_within_ms))
    const began = yield* Clock.currentTimeMillis
    connectedSince = began
    retryAfter = timings.retry_after_ms
    receiver.begin(began)
    yield* Deferred.succeed(attempted, undefined)
    const clock = yield* Clock.Clock
    let heardAt = uptimeMs(clock)
    const hear = Effect.gen(function*() {
      for (;;) {
        const batch = yield* next
        heardAt = uptimeMs(clock)
        const now = clock.currentTimeMillisUnsafe()
        for (const payload of batch) {
          // Let subscribers take theirs before the next one: a burst is no reason to overflow.
          if (receiver.receive(payload, now)) yield* Effect.yieldNow
        }
      }
    })
    // Our own signs of life come back here, so silence means that the connection is dead.
    return yield* Effect.raceFirst(hear, silenceOf(clock, () => heardAt, timings.silence_ms))
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
