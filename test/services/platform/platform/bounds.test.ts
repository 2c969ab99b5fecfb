// Bounded waits on one clock: they end in time, strike in order, and leave no fiber asleep behind them.
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "fast-check"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { bound } from "../../../../src/services/platform/bounds.ts"
import { makeManualClock } from "../../../../src/manual-clock/clock.ts"

const start = Date.UTC(2026, 0, 5)
const soon = Effect.sleep("1 millis")

/** None when the time was up. */
const within = <A, E>(clock: Clock.Clock, lengthMs: number, effect: Effect.Effect<A, E>) =>
  Effect.withFiber((fiber) => bound(fiber, clock, lengthMs, Effect.asSome(effect), () => Effect.succeedNone))

/** A clock that only the test moves, and work on it. */
const world = Effect.gen(function*() {
  const clock = makeManualClock(start, yield* Clock.Clock)
  const after = (ms: number) => clock.sleep(Duration.millis(ms))
  return {
    clock,
    after,
    bounded: <A, E>(effect: Effect.Effect<A, E>, ms: number) => Effect.forkChild(within(clock, ms, effect)),
    move: (ms: number) =>
      Effect.sync(() => clock.moveTo(clock.currentTimeMillisUnsafe() + ms)).pipe(Effect.andThen(soon))
  }
})

describe("a bounded wait", () => {
  it.live("gives what came in time, and leaves nobody asleep", () =>
    Effect.gen(function*() {
      const { after, bounded, clock, move } = yield* world
      const wait = yield* bounded(Effect.as(after(50), "here"), 1_000)
      yield* soon
      yield* move(50)
      assert.deepStrictEqual(yield* Fiber.join(wait), Option.some("here"))
      assert.isNull(clock.nextAt())
    }))

  it.live("ends what takes too long, at its time and not before", () =>
    Effect.gen(function*() {
      const { bounded, clock, move } = yield* world
      let wasInterrupted = false
      const wait = yield* bounded(
        Effect.onInterrupt(Effect.never, () => Effect.sync(() => wasInterrupted = true)),
        1_000
      )
      yield* soon
      yield* move(999)
      assert.isFalse(wasInterrupted)
      yield* move(1)
      assert.isTrue(Option.isNone(yield* Fiber.join(wait)))
      assert.isTrue(wasInterrupted)
      assert.isNull(clock.nextAt())
    }))

  it.live("passes on a failure, and what was ready at once", () =>
    Effect.gen(function*() {
      const { clock } = yield* world
      assert.deepStrictEqual(yield* Effect.exit(within(clock, 10, Effect.fail("no"))), Exit.fail("no"))
      assert.deepStrictEqual(yield* within(clock, 10, Effect.succeed(7)), Option.some(7))
      assert.isNull(clock.nextAt())
    }))

  it.live("ends its work when its caller is interrupted", () =>
    Effect.gen(function*() {
      const { bounded, clock } = yield* world
      let wasInterrupted = false
      const work = Effect.onInterrupt(Effect.never, () => Effect.sync(() => wasInterrupted = true))
      const wait = yield* bounded(work, 1_000)
      yield* soon
      yield* Fiber.interrupt(wait)
      assert.isTrue(wasInterrupted)
      assert.isNull(clock.nextAt())
    }))

  it.live("of any length strikes at its own time, whichever was set first", () =>
    Effect.gen(function*() {
      const lengths = FastCheck.array(FastCheck.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 })
      for (const bounds of FastCheck.sample(lengths, { numRuns: 30, seed: 11 })) {
        const { bounded, clock, move } = yield* world
        const struck: Array<number> = []
        const waits = yield* Effect.forEach(bounds, (ms) =>
          bounded(
            Effect.onInterrupt(
              Effect.never,
              () => Effect.sync(() => struck.push(clock.currentTimeMillisUnsafe() - start))
            ),
            ms
          ))
        yield* soon
        for (const ms of [...bounds].toSorted((one, other) => one - other)) {
          yield* move(Math.max(0, start + ms - clock.currentTimeMillisUnsafe()))
        }
        yield* Effect.forEach(waits, Fiber.join)
        assert.deepStrictEqual(struck, [...bounds].toSorted((one, other) => one - other))
        assert.isNull(clock.nextAt())
      }
    }))
})
