// The RateLimits suite in memory, the end of a window, and the bound on what is remembered.
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import { countsMax, layer } from "../../../src/layers/platform/rate-limits.local.ts"
import { RateLimits } from "../../../src/services/platform/rate-limits.ts"
import { rateLimits } from "../../../testkit/conformance/rate-limits.ts"

rateLimits("memory", it.effect, layer)

const limit = { name: "test", asks_max: 1, window_ms: 60_000 }

it.effect("a window ends for everybody at the same time, and asking meanwhile does not prolong it", () =>
  Effect.gen(function*() {
    const { take } = yield* RateLimits
    yield* TestClock.setTime(600_000 + 15_000)
    assert.isNull(yield* take(limit, "a"))
    assert.deepStrictEqual(yield* take(limit, "a"), { retry_after_ms: 45_000 })
    yield* TestClock.adjust(44_999)
    assert.deepStrictEqual(yield* take(limit, "a"), { retry_after_ms: 1 })
    yield* TestClock.adjust(1)
    assert.isNull(yield* take(limit, "a"))
  }).pipe(Effect.provide(layer)))

it.effect("more askers than can be remembered cost the oldest their count, never memory", () =>
  Effect.gen(function*() {
    const { take } = yield* RateLimits
    yield* take(limit, "first")
    yield* Effect.forEach(Array.from({ length: countsMax }), (_, n) => take(limit, `asker-${n}`), {
      discard: true
    })
    assert.isNull(yield* take(limit, "first"))
    assert.isNotNull(yield* take(limit, `asker-${countsMax - 1}`))
  }).pipe(Effect.provide(layer)))
