// Time in a tester's hands: it stands still, it moves from one due instant to the next in order, it waits
// for what it set going, and says what does not come to rest.
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import { track, record, watchPhone } from "../../src/services/manual-clock/work-tracker.ts"
import * as RealTime from "../../src/services/platform/real-time.ts"
import { t0 } from "../../testkit/conformance/given.ts"
import { makeHeld } from "./manual.ts"

const codeOf = <A, E extends { readonly code: string; readonly details: unknown }>(
  effect: Effect.Effect<A, E>
) => Effect.match(effect, { onFailure: ({ code, details }) => ({ code, details }), onSuccess: () => null })

describe("the manual clock", () => {
  it.live("stands still, and wakes sleepers in order at exactly their time", () =>
    Effect.gen(function*() {
      const { advance, onIt } = yield* makeHeld()
      const woken: Array<readonly [string, number]> = []
      const sleeper = (name: string, ms: number) =>
        Effect.forkChild(onIt(Effect.gen(function*() {
          yield* Effect.sleep(ms)
          woken.push([name, (yield* Clock.currentTimeMillis) - t0])
        })))
      for (const [name, ms] of [["c", 30], ["a", 10], ["b", 20], ["far", 1_000]] as const) {
        yield* sleeper(name, ms)
      }
      const passed = yield* advance(500)
      assert.deepStrictEqual(woken, [["a", 10], ["b", 20], ["c", 30]])
      assert.deepInclude(passed, { from: t0, now: t0 + 500, steps: 3 })
    }))

  it.live("waits at each instant for the work it set going, real time included", () =>
    Effect.gen(function*() {
      const { advance, onIt, real } = yield* makeHeld()
      const story: Array<string> = []
      const slowWork = track("slow work")(RealTime.onRealTime(Effect.sleep(30)))
      const beat = Effect.gen(function*() {
        yield* Effect.sleep(1_000)
        const at = (yield* Clock.currentTimeMillis) - t0
        yield* slowWork
        story.push(`${at} done at ${(yield* Clock.currentTimeMillis) - t0}`)
      })
      yield* Effect.forkChild(onIt(Effect.repeat(beat, Schedule.recurs(2))))
      const began = real.currentTimeMillisUnsafe()
      yield* advance(10_000)
      // Had time not waited, a beat would have ended at a later instant than it began.
      assert.deepStrictEqual(story, ["1000 done at 1000", "2000 done at 2000", "3000 done at 3000"])
      assert.isAtLeast(real.currentTimeMillisUnsafe() - began, 80)
    }))

  it.live("says what does not come to rest, and stays where it stopped", () =>
    Effect.gen(function*() {
      const { advance, onIt, time } = yield* makeHeld(50)
      const stuck = Effect.andThen(Effect.sleep(100), track("session 7")(Effect.never))
      const fiber = yield* Effect.forkChild(onIt(stuck))
      const refusal = yield* codeOf(advance(1_000))
      assert.deepStrictEqual(refusal?.code, "CLOCK_NOT_SETTLED")
      assert.deepInclude(refusal?.details, { unsettled: ["session 7"] })
      assert.strictEqual((yield* time.state).now, t0 + 100)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual((yield* advance(900)).now, t0 + 1_000)
    }))

  it.live("waits for phones to take their events, unless told not to", () =>
    Effect.gen(function*() {
      const { advance, onIt, time } = yield* makeHeld(50)
      yield* Effect.scoped(Effect.gen(function*() {
        yield* onIt(watchPhone(() => "events to customer:1"))
        const refusal = yield* codeOf(advance(10))
        assert.deepInclude(refusal?.details, { unsettled: ["events to customer:1"] })
        const passed = yield* time.advanceTo((now) => now + 10, { wait_for_phones: false })
        assert.strictEqual(passed.now, t0 + 10)
      }))
      yield* advance(10)
    }))

  it.live("tells what fired and how often each sweep passed, once", () =>
    Effect.gen(function*() {
      const { advance, onIt } = yield* makeHeld()
      const beat = Effect.andThen(
        Effect.sleep(10),
        record((log) => {
          log.swept("deadlines")
          log.fired({ what: "session.ClosingStarted", id: "s", at: t0 })
        })
      )
      yield* Effect.forkChild(onIt(Effect.forever(beat)))
      const passed = yield* advance(25)
      assert.deepStrictEqual(passed.sweeps, { deadlines: 2 })
      assert.strictEqual(passed.fired.length, 2)
      assert.strictEqual((yield* advance(10)).fired.length, 1)
    }))

  it.live("tells what a run brings about while it goes on, and still after it was paused", () =>
    Effect.gen(function*() {
      const { advance, onIt, time } = yield* makeHeld()
      assert.isNull((yield* time.state).passed)
      yield* advance(5)
      assert.deepInclude((yield* time.state).passed, { from: t0, now: t0 + 5, fired: [] })
      const fired = yield* Deferred.make<void>()
      const beat = Effect.andThen(
        Effect.sleep("1 hour"),
        record((log) => log.fired({ what: "session.ClosingStarted", id: "s", at: t0 }))
      )
      yield* Effect.forkChild(onIt(Effect.andThen(beat, Deferred.succeed(fired, undefined))))
      yield* time.run(100_000)
      yield* Deferred.await(fired)
      assert.lengthOf((yield* time.state).passed?.fired ?? [], 1)
      const { now, passed } = yield* time.pause
      assert.deepInclude(passed, { from: t0 + 5, now, fired_not_shown: 0 })
      assert.strictEqual(passed?.fired[0]?.what, "session.ClosingStarted")
      assert.deepEqual((yield* time.state).passed, passed)
      assert.lengthOf((yield* advance(5)).fired, 0)
    }))

  it.live("never goes back", () =>
    Effect.gen(function*() {
      const { time } = yield* makeHeld()
      const back = time.advanceTo((now) => now - 1, { wait_for_phones: true })
      assert.strictEqual((yield* codeOf(back))?.code, "CLOCK_BACKWARDS")
      assert.strictEqual((yield* time.state).now, t0)
    }))

  it.live("runs at a rate until it is paused, in order all the same", () =>
    Effect.gen(function*() {
      const { onIt, time } = yield* makeHeld()
      const done = yield* Deferred.make<number>()
      const sleeper = Effect.andThen(Effect.sleep("1 hour"), Clock.currentTimeMillis)
      yield* Effect.forkChild(onIt(Effect.flatMap(sleeper, (at) => Deferred.succeed(done, at))))
      assert.strictEqual((yield* time.run(100_000)).rate, 100_000)
      assert.strictEqual(yield* Deferred.await(done), t0 + 3_600_000)
      const { now, rate } = yield* time.pause
      assert.strictEqual(rate, 0)
      yield* Effect.sleep(50)
      assert.strictEqual((yield* time.state).now, now)
    }))

  it.live("let go of, runs in real time, and those who slept wake", () =>
    Effect.gen(function*() {
      const { clock, onIt } = yield* makeHeld()
      const sleeper = yield* Effect.forkChild(onIt(Effect.andThen(Effect.sleep(20), Clock.currentTimeMillis)))
      yield* Effect.yieldNow
      yield* clock.letGo
      // Node counts a timer from the loop's own time: by the wall clock it may fire a millisecond early.
      assert.isAtLeast(yield* Fiber.join(sleeper), t0 + 19)
      yield* onIt(Effect.sleep(5))
    }))
})

describe("a bound on the outside world", () => {
  it.live("does not run out because the product's clock leaps an hour", () =>
    Effect.gen(function*() {
      const { advance, onIt } = yield* makeHeld()
      const answer = yield* Deferred.make<string>()
      const asked = yield* Effect.forkChild(onIt(RealTime.timeout(Deferred.await(answer), "10 seconds")))
      yield* Effect.yieldNow
      yield* advance(3_600_000)
      yield* Deferred.succeed(answer, "in time")
      assert.strictEqual(yield* Fiber.join(asked), "in time")
    }))

  it.live("runs out while the product's clock stands still", () =>
    Effect.gen(function*() {
      const { onIt } = yield* makeHeld()
      const late = yield* onIt(Effect.exit(RealTime.timeout(Effect.never, 20)))
      assert.strictEqual(late._tag, "Failure")
      assert.strictEqual(
        yield* onIt(
          RealTime.timeoutOrElse(Effect.never, { duration: 20, orElse: () => Effect.succeed("no") })
        ),
        "no"
      )
    }))

  it.live("leaves what is waited for in the product's time", () =>
    Effect.gen(function*() {
      const { onIt } = yield* makeHeld()
      assert.strictEqual(yield* onIt(RealTime.timeout(Clock.currentTimeMillis, "1 second")), t0)
      const reading = RealTime.withRealPauses(Clock.currentTimeMillis, (keeping) => keeping)
      assert.strictEqual(yield* onIt(reading), t0)
      assert.isAbove(yield* onIt(RealTime.onRealTime(Clock.currentTimeMillis)), t0)
    }))
})
