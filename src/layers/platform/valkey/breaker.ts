// The breaker: whether the mirror is believed. One failure is enough to stop believing it, because a lost
// write cannot be told from a late one; belief comes back only through a recovery, which runs in the
// background, so that no request ever pays for a probe. A mirror that is lost again and again soon after its
// recovery is left alone for ever longer: under overload each recovery costs what it was lost for.
//
//   up       reads and writes go to Valkey
//   down     nothing goes to Valkey but a probe now and then
//   probing  a recovery runs: writes go to Valkey, so that none is missed, reads do not
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import { growingPause } from "../../../domain/growing-pause.ts"
import type { Unavailable } from "../../../services/platform/unavailable.ts"
import { unavailable } from "./connection.ts"
import * as RealTime from "../../../services/platform/real-time.ts"

export type BreakerState = "up" | "probing" | "down"

export interface Breaker {
  readonly state: () => BreakerState
  /** Since when the mirror has been believed without a break; null while it is not. */
  readonly upSince: () => number | null
  /** Since when it has not been believed, or ever since the start; null while it is. */
  readonly lostSince: () => number | null
  readonly trip: (reason: string) => Effect.Effect<void>
  /** When the last loss has been dealt with: Postgres knows then what it could not know before. */
  readonly settled: Effect.Effect<void>
  /** Looks again now instead of after the pause: the connection is back, say. */
  readonly wake: () => void
  readonly reading: <A>(ask: Effect.Effect<A, Unavailable>) => Effect.Effect<A, Unavailable>
  readonly writing: <A>(write: Effect.Effect<A, Unavailable>) => Effect.Effect<A, Unavailable>
}

export interface BreakerOptions {
  readonly probe: Effect.Effect<unknown, Unavailable>
  /** Makes the mirror whole again. What fails meanwhile makes it run once more. */
  readonly recover: Effect.Effect<void, Unavailable>
  /** Runs in the background at every loss; `settled` waits for it. */
  readonly onTrip: Effect.Effect<void>
  /** Runs in the background after every recovery. */
  readonly onUp: Effect.Effect<void>
  /** The start waits this long for the first recovery, then goes on without the mirror. */
  readonly first_within_ms: number
  readonly retry_after_ms: number
  readonly retry_after_max_ms: number
  /** Lost again sooner than this, it did not last; then the next recovery waits, twice as long each time. */
  readonly lasts_after_ms: number
  readonly rest_ms: number
  readonly rest_max_ms: number
}

/** In real time. */
const restFor = (ms: number) => RealTime.onRealTime(Effect.sleep(ms))

const realNow = RealTime.onRealTime(Clock.currentTimeMillis)

/** How often in a row the mirror was lost before it had lasted, and how long it is then left alone. */
const makeRestlessness = ({ lasts_after_ms, rest_ms, rest_max_ms }: BreakerOptions) => {
  let losses = 0
  let recoveredAt: number | null = null
  return {
    recovered: Effect.map(realNow, (now) => void (recoveredAt = now)),
    lost: Effect.map(realNow, (now) => {
      losses = recoveredAt !== null && now - recoveredAt < lasts_after_ms ? losses + 1 : 0
    }),
    /** The first such loss may be bad luck. */
    rest: Effect.suspend(() =>
      losses < 2
        ? Effect.void
        : restFor(growingPause(losses - 2, rest_ms, rest_max_ms))
    )
  }
}

export const makeBreaker = Effect.fnUntraced(function*(options: BreakerOptions) {
  const scope = yield* Effect.scope
  const woken = yield* Queue.sliding<void>(1)
  let state: BreakerState = "down"
  let upSince: number | null = null
  let downSince: number | null = null
  const startedAt = yield* Clock.currentTimeMillis
  let trips = 0
  let settling: Fiber.Fiber<void> | null = null
  const restlessness = makeRestlessness(options)
  const wake = () => void Queue.offerUnsafe(woken, undefined)

  const trip = (reason: string): Effect.Effect<void> =>
    Effect.gen(function*() {
      trips += 1
      if (state !== "up") return
      state = "down"
      upSince = null
      downSince = yield* Clock.currentTimeMillis
      yield* restlessness.lost
      wake()
      settling = yield* Effect.forkIn(options.onTrip, scope)
      yield* Effect.logWarning("the mirror is lost: Postgres answers").pipe(Effect.annotateLogs({ reason }))
    })

  const attempt = Effect.gen(function*() {
    // All wake-ups so far are answered by this probe; only later ones cause another.
    yield* Queue.clear(woken)
    yield* options.probe
    const before = trips
    state = "probing"
    yield* options.recover
    if (trips !== before) return yield* Effect.fail(unavailable)
    const now = yield* Clock.currentTimeMillis
    state = "up"
    upSince = now
    yield* restlessness.recovered
    yield* Effect.logInfo("the mirror is up").pipe(
      Effect.annotateLogs(downSince === null ? {} : { down_ms: now - downSince })
    )
    yield* Effect.forkIn(options.onUp, scope)
  }).pipe(
    Effect.onError(() =>
      Effect.sync(() => {
        state = "down"
      })
    )
  )

  const pause = (failures: number) =>
    Effect.raceFirst(
      restFor(growingPause(failures, options.retry_after_ms, options.retry_after_max_ms)),
      Queue.take(woken)
    )

  const watch = Effect.gen(function*() {
    let failures = 0
    while (true) {
      if (state === "up") {
        failures = 0
        yield* Queue.take(woken)
        yield* restlessness.rest
        continue
      }
      const recovered = yield* attempt.pipe(
        Effect.as(true),
        Effect.catchCause((cause) =>
          Cause.hasDies(cause)
            ? Effect.as(Effect.logError("recovering the mirror hit a defect", cause), false)
            : Effect.succeed(false)
        )
      )
      if (!recovered) yield* pause(failures++)
    }
  })

  yield* attempt.pipe(
    RealTime.timeout(options.first_within_ms),
    Effect.catchCause(() =>
      Effect.logWarning("starting without the mirror: Postgres answers until it is there")
    )
  )
  yield* Effect.forkScoped(watch)

  const guarded = <A>(allowed: () => boolean, effect: Effect.Effect<A, Unavailable>) =>
    Effect.suspend(() =>
      allowed()
        ? Effect.tapError(effect, () => trip("a command failed"))
        : Effect.fail(unavailable)
    )

  const breaker: Breaker = {
    state: () => state,
    upSince: () => upSince,
    lostSince: () => state === "up" ? null : downSince ?? startedAt,
    trip,
    settled: Effect.suspend(() => settling === null ? Effect.void : Effect.asVoid(Fiber.await(settling))),
    wake,
    reading: (ask) => guarded(() => state === "up", ask),
    writing: (write) => guarded(() => state !== "down", write)
  }
  return breaker
})
