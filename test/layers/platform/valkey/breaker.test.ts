// The breaker on virtual time: one failure stops the belief, a dead Valkey costs no caller a wait, and only a
// recovery that nothing disturbed brings the belief back.
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as References from "effect/References"
import * as TestClock from "effect/testing/TestClock"
import { type Breaker, makeBreaker } from "../../../../src/layers/platform/valkey/breaker.ts"
import {
  reconnectDelay,
  unavailable,
  valkeyTimings
} from "../../../../src/layers/platform/valkey/connection.ts"

const quiet = Layer.succeed(References.MinimumLogLevel)("None")
const failing = Effect.fail(unavailable)

interface Given {
  alive: boolean
  probes: number
  recoveries: number
  trips: number
  /** What happens inside the next recovery. */
  during: Effect.Effect<void>
}

const breakerOf = Effect.fnUntraced(function*(more: Partial<Given> = {}) {
  const given: Given = { alive: true, probes: 0, recoveries: 0, trips: 0, during: Effect.void, ...more }
  const breaker = yield* makeBreaker({
    probe: Effect.suspend(() => {
      given.probes += 1
      return given.alive ? Effect.void : failing
    }),
    recover: Effect.suspend(() => {
      given.recoveries += 1
      const { during } = given
      given.during = Effect.void
      return during
    }),
    onTrip: Effect.sync(() => void (given.trips += 1)),
    onUp: Effect.void,
    first_within_ms: 1_000,
    retry_after_ms: 100,
    retry_after_max_ms: 1_000,
    lasts_after_ms: 10_000,
    rest_ms: 1_000,
    rest_max_ms: 30_000
  })
  return { breaker, given }
})

const answer = (breaker: Breaker) =>
  Effect.match(breaker.reading(Effect.succeed(1)), {
    onFailure: () => "no",
    onSuccess: () => "yes"
  })

const behaviour = (title: string, body: Effect.Effect<void, unknown, never>) =>
  it.effect(title, () => Effect.provide(body, quiet))

describe("the breaker", () => {
  behaviour(
    "one failed read is enough, and nobody waits while it is open",
    Effect.scoped(Effect.gen(function*() {
      const { breaker, given } = yield* breakerOf()
      assert.strictEqual(yield* answer(breaker), "yes")
      given.alive = false
      yield* Effect.flip(breaker.reading(failing))
      let asked = 0
      const ask = Effect.sync(() => asked += 1)
      yield* Effect.forEach([1, 2, 3], () => Effect.flip(breaker.reading(ask)))
      yield* Effect.flip(breaker.writing(ask))
      yield* breaker.settled
      assert.deepStrictEqual([asked, given.trips, breaker.state(), breaker.upSince()], [0, 1, "down", null])
    }))
  )

  const losing = (givenMs: number) =>
    Effect.scoped(Effect.gen(function*() {
      const { breaker, given } = yield* breakerOf()
      const downFor: Array<number> = []
      for (let loss = 0; loss < 9; loss++) {
        yield* TestClock.adjust(givenMs)
        const recoveries = given.recoveries
        yield* breaker.trip("too late")
        let waited = 0
        for (; given.recoveries === recoveries; waited += 500) yield* TestClock.adjust(500)
        downFor.push(waited)
      }
      return downFor
    }))

  behaviour(
    "lost again and again within ten seconds, is left alone for ever longer, at most half a minute",
    Effect.map(losing(2_000), (downFor) => {
      assert.deepStrictEqual(downFor, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
    })
  )

  behaviour(
    "that lasts longer each time is recovered at once each time",
    Effect.map(losing(10_000), (downFor) => assert.isTrue(downFor.every((waited) => waited <= 500)))
  )

  behaviour(
    "probes with growing pauses, and comes back through a recovery",
    Effect.scoped(Effect.gen(function*() {
      const { breaker, given } = yield* breakerOf()
      given.alive = false
      yield* breaker.trip("test")
      yield* TestClock.adjust(60_000)
      const probes = given.probes
      assert.isAtMost(probes, 70)
      assert.isAtLeast(probes, 50)
      given.alive = true
      yield* TestClock.adjust(1_000)
      assert.deepStrictEqual([breaker.state(), given.recoveries], ["up", 2])
      assert.isAtLeast(breaker.upSince()!, 60_000)
      yield* TestClock.adjust(60_000)
      assert.strictEqual(given.probes, probes + 1)
    }))
  )

  behaviour(
    "looks again at once when the connection is back",
    Effect.scoped(Effect.gen(function*() {
      const { breaker, given } = yield* breakerOf()
      given.alive = false
      yield* breaker.trip("test")
      yield* TestClock.adjust(10_050)
      given.alive = true
      breaker.wake()
      yield* TestClock.adjust(0)
      assert.strictEqual(breaker.state(), "up")
    }))
  )

  behaviour(
    "while it recovers writes go through and reads do not",
    Effect.scoped(Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const { breaker, given } = yield* breakerOf()
      given.during = Deferred.await(gate)
      yield* breaker.trip("test")
      yield* TestClock.adjust(0)
      assert.strictEqual(breaker.state(), "probing")
      assert.strictEqual(yield* breaker.writing(Effect.succeed(2)), 2)
      assert.strictEqual(yield* answer(breaker), "no")
      yield* Deferred.succeed(gate, undefined)
      yield* TestClock.adjust(0)
      assert.strictEqual(yield* answer(breaker), "yes")
    }))
  )

  behaviour(
    "a write lost during a recovery makes it run once more",
    Effect.scoped(Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const { breaker, given } = yield* breakerOf()
      given.during = Deferred.await(gate)
      yield* breaker.trip("test")
      yield* TestClock.adjust(0)
      yield* Effect.flip(breaker.writing(failing))
      yield* Deferred.succeed(gate, undefined)
      yield* TestClock.adjust(0)
      assert.strictEqual(breaker.state(), "down")
      yield* TestClock.adjust(1_000)
      assert.deepStrictEqual([breaker.state(), given.recoveries], ["up", 3])
    }))
  )

  it("reconnects with a growing, jittered delay that has an end", () => {
    const delays = (random: number) =>
      [1, 2, 3, 9, 99].map((times) => reconnectDelay(valkeyTimings, times, random))
    assert.deepStrictEqual(delays(0), [25, 50, 100, 1_000, 1_000])
    assert.deepStrictEqual(delays(1), [50, 100, 200, 2_000, 2_000])
  })
})
