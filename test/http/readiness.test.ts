// When a balancer hears of trouble: not for one unlucky look, with the one reason that holds, and no longer.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as References from "effect/References"
import { TestClock } from "effect/testing"
import * as Readiness from "../../src/http/readiness.ts"

type Found = "postgres_down" | "postgres_full" | null

describe("readiness", () => {
  it.effect("names what is wrong from the second look on, and clears it when it is over", () => {
    let found: Found = null
    const after = (finding: Found) =>
      Effect.gen(function*() {
        found = finding
        yield* TestClock.adjust("2 seconds")
        return yield* (yield* Readiness.Readiness).reasons
      })
    return Effect.gen(function*() {
      yield* (yield* Readiness.Readiness).clear("starting")
      assert.deepStrictEqual(yield* after(null), [])
      assert.deepStrictEqual(yield* after("postgres_full"), [])
      assert.deepStrictEqual(yield* after("postgres_full"), ["postgres_full"])
      // A restart in the middle of it: the old reason stands until the new one does.
      assert.deepStrictEqual(yield* after("postgres_down"), ["postgres_full"])
      assert.deepStrictEqual(yield* after("postgres_down"), ["postgres_down"])
      assert.deepStrictEqual(yield* after(null), [])
    }).pipe(Effect.provide(
      Readiness.layerWatchReasons(Effect.sync(() => found)).pipe(
        Layer.provideMerge(Readiness.layer),
        Layer.provideMerge(Layer.succeed(References.MinimumLogLevel)("None"))
      )
    ))
  })
})
