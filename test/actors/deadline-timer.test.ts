// The timer of one actor on a clock whose sleeps end a millisecond early, as Node's timers may.
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import { TestClock } from "effect/testing"
import { makeDeadlineTimer } from "../../src/actors/deadline-timer.ts"
import { emptyFailureLog, FailureLog } from "../../src/services/operations/failures.ts"
import { Unavailable } from "../../src/services/platform/unavailable.ts"

const hasty = (clock: Clock.Clock): Clock.Clock => ({
  currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe(),
  currentTimeMillis: clock.currentTimeMillis,
  currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe(),
  currentTimeNanos: clock.currentTimeNanos,
  monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
  monotonicTimeNanos: clock.monotonicTimeNanos,
  sleep: (duration) => clock.sleep(Duration.millis(Math.max(1, Duration.toMillis(duration) - 1)))
})

describe("the timer of an actor", () => {
  it.effect("ticks at its deadline, also when the sleep ended a millisecond before", () =>
    Effect.gen(function*() {
      const clock = yield* Clock.Clock
      const ticked = yield* Deferred.make<number>()
      const tick = Effect.flatMap(Clock.currentTimeMillis, (now) => Deferred.succeed(ticked, now))
      const onHasty = Effect.provideService(Clock.Clock, hasty(clock))
      const timer = yield* makeDeadlineTimer(tick)
      yield* timer.arm(5_000).pipe(onHasty)
      const first = yield* Effect.forkChild(Deferred.await(ticked))
      yield* TestClock.adjust(4_999)
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* Fiber.join(first), 5_000)
    }))

  it.effect("is no error for as long as what its tick needs is away, and ticks then", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const recorder = Logger.make(({ logLevel, message }) =>
        void lines.push(`${logLevel} ${String(message)}`)
      )
      yield* Effect.gen(function*() {
        let tries = 0
        const away = new Unavailable({ what: "postgres", retryable: true })
        const tick = Effect.suspend(() => ++tries < 5 ? Effect.fail(away) : Effect.void)
        const timer = yield* makeDeadlineTimer(tick)
        yield* timer.arm(1_000)
        yield* TestClock.adjust(30_000)
        assert.strictEqual(tries, 5)
      }).pipe(Effect.provide(Layer.merge(Logger.layer([recorder]), Layer.sync(FailureLog, emptyFailureLog))))
      assert.isNotEmpty(lines)
      for (const line of lines) {
        assert.strictEqual(line, "Warn deadline timer starts again: postgres is unavailable")
      }
    }))
})
