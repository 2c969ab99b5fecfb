// A runner's time against Postgres': anchored to it at start, and set by it, in a pause, when it was off.
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import {
  compare,
  layerAnchored,
  layerWatch
} from "../../../../src/layers/platform/postgres/postgres-clock.ts"
import { makeSteadyClock, SteadyTime } from "../../../../src/services/platform/steady-clock.ts"
import { databaseAt, freshDatabaseUrl } from "../../../support/postgres.ts"

const offBy = (ms: number) => {
  const clock = makeSteadyClock(Clock.Clock.defaultValue())
  clock.shift(ms)
  return clock
}

describe("the clock that runners share", () => {
  it.live("is what a runner goes by, whatever its machine says", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      for (const wrong of [60_000, -60_000]) {
        const clock = offBy(wrong)
        const ahead = yield* Effect.map(compare(clock), ({ ahead_ms }) => ahead_ms).pipe(
          Effect.provide(layerAnchored),
          Effect.provideService(SteadyTime, clock),
          Effect.provide(databaseAt(url, 1))
        )
        assert.isBelow(Math.abs(ahead), 500)
      }
    }))

  it.live(
    "sets a runner's clock that is off, after two looks, inside a pause that the runner is told of",
    () =>
      Effect.gen(function*() {
        const url = yield* freshDatabaseUrl
        const clock = offBy(0)
        const told = yield* Deferred.make<readonly [number, number]>()
        const watch = layerWatch((setting) =>
          Effect.gen(function*() {
            const before = clock.currentTimeMillisUnsafe()
            yield* setting
            yield* Deferred.succeed(told, [before, clock.currentTimeMillisUnsafe()])
          })
        )
        yield* Effect.gen(function*() {
          clock.shift(-600_000)
          const [before, after] = yield* Deferred.await(told)
          assert.isBelow(Math.abs(after - before - 600_000), 1_000)
        }).pipe(
          Effect.provide(Layer.provide(watch, databaseAt(url, 1))),
          Effect.provideService(SteadyTime, clock)
        )
      }),
    30_000
  )
})
