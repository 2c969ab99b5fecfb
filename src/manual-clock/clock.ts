// The manual clock: Effect's Clock, standing still until it is moved. Moving it to an instant wakes the
// sleepers due by then; what they do takes no time on it. Let go of, it runs like any other clock, so that
// a server that is stopping finds its bounds again.
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { TimerHeap } from "../services/platform/timer-heap.ts"

const nanosPerMs = 1_000_000n

export interface StoppableClock extends Clock.Clock {
  readonly nextAt: () => number | null
  /** Wakes the sleepers due by `at`, which is not before now. */
  readonly moveTo: (at: number) => void
  /** From here on it runs in real time. For good. */
  readonly letGo: Effect.Effect<void>
}

/** `real` is the clock it falls back to. */
export const makeManualClock = (start: number, real: Clock.Clock): StoppableClock => {
  const sleepers = new TimerHeap()
  let held = start
  /** Set when let go: how far real time is from ours. */
  let offset: number | null = null

  const nowMs = () => offset === null ? held : real.currentTimeMillisUnsafe() + offset
  const nowNanos = () => BigInt(Math.round(nowMs())) * nanosPerMs

  const sleep = (duration: Duration.Duration): Effect.Effect<void> =>
    Effect.suspend(() => {
      const ms = Duration.toMillis(duration)
      if (ms <= 0) return Effect.yieldNow
      if (!Number.isFinite(ms)) return Effect.never
      if (offset !== null) return real.sleep(duration)
      return Effect.callback<void>((resume) => {
        const sleeper = sleepers.add(held + ms, () => resume(Effect.void))
        return Effect.sync(() => sleepers.cancel(sleeper))
      })
    })

  const nextAt = (): number | null => sleepers.peek()?.due ?? null

  const moveTo = (at: number): void => {
    if (offset !== null || at < held) return
    held = at
    for (let next = nextAt(); next !== null && next <= at; next = nextAt()) sleepers.take()?.()
  }

  const letGo = Effect.suspend(() => {
    if (offset !== null) return Effect.void
    offset = held - real.currentTimeMillisUnsafe()
    return Effect.forEach(sleepers.takeAll(), ({ due, run }) =>
      Effect.forkDetach(
        Effect.andThen(real.sleep(Duration.millis(due - held)), Effect.sync(() => run?.()))
      ), { discard: true })
  })

  return {
    currentTimeMillisUnsafe: nowMs,
    currentTimeMillis: Effect.sync(nowMs),
    currentTimeNanosUnsafe: nowNanos,
    currentTimeNanos: Effect.sync(nowNanos),
    monotonicTimeNanosUnsafe: nowNanos,
    monotonicTimeNanos: Effect.sync(nowNanos),
    sleep,
    nextAt: () => offset === null ? nextAt() : null,
    moveTo,
    letGo
  }
}
