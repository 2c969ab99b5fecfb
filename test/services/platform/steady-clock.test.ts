// The steady clock: runs on whatever is done to the machine's, and moves only when it is shifted.
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import { makeSteadyClock } from "../../../src/services/platform/steady-clock.ts"

const machine = () => {
  const at = { wall: 1_700_000_000_000, uptime: 5_000 }
  const clock: Clock.Clock = {
    ...Clock.Clock.defaultValue(),
    currentTimeMillisUnsafe: () => at.wall,
    monotonicTimeNanosUnsafe: () => BigInt(Math.round(at.uptime * 1e6))
  }
  const passes = (ms: number) => {
    at.wall += ms
    at.uptime += ms
  }
  return { at, clock, passes, steady: makeSteadyClock(clock) }
}

describe("the steady clock", () => {
  it("begins with the machine's reading and counts on when that is set", () => {
    const { at, passes, steady } = machine()
    passes(250)
    assert.strictEqual(steady.currentTimeMillisUnsafe(), 1_700_000_000_250)
    at.wall += 600_000
    assert.strictEqual(steady.currentTimeMillisUnsafe(), 1_700_000_000_250)
    at.wall -= 1_200_000
    passes(50)
    assert.strictEqual(steady.currentTimeMillisUnsafe(), 1_700_000_000_300)
  })

  it("stands still for a small shift back and obeys a large one", () => {
    const { passes, steady } = machine()
    const before = steady.currentTimeMillisUnsafe()
    steady.shift(-5)
    assert.strictEqual(steady.currentTimeMillisUnsafe(), before)
    passes(6)
    assert.strictEqual(steady.currentTimeMillisUnsafe(), before + 1)
    steady.shift(-60_000)
    assert.strictEqual(steady.currentTimeMillisUnsafe(), before + 1 - 60_000)
    steady.shift(60_000)
    assert.strictEqual(steady.currentTimeMillisUnsafe(), before + 1)
  })

  it.effect("sleeps as the machine does", () =>
    Effect.gen(function*() {
      const steady = makeSteadyClock(yield* Clock.Clock)
      const slept = yield* Effect.forkChild(steady.sleep(Duration.seconds(1)))
      yield* TestClock.adjust(1_000)
      assert.isDefined(slept.pollUnsafe())
    }))
})
