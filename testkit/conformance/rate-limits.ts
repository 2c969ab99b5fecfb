// What every RateLimits adapter must do: so many asks per window and asker, then a wait until its end.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { type RateLimit, RateLimits } from "../../src/services/platform/rate-limits.ts"

/** A window no run outlives, whatever the clock says; its end is far away. */
const limit: RateLimit = { name: "test", asks_max: 3, window_ms: 1e12 }

const take = (who: string, of: RateLimit = limit) =>
  Effect.flatMap(RateLimits, (limits) => limits.take(of, who))
const times = (count: number, who: string, of?: RateLimit) =>
  Effect.forEach(Array.from({ length: count }), () => take(who, of), { concurrency: "unbounded" })

export const rateLimits = (
  adapter: string,
  run: typeof it.effect | typeof it.live,
  layer: Layer.Layer<RateLimits>
): void => {
  describe(`RateLimits (${adapter})`, () => {
    const behaviour = (title: string, body: Effect.Effect<void, unknown, RateLimits>) =>
      run(title, () => Effect.provide(body, layer))

    behaviour(
      "lets so many asks through, at the same moment too, and no more",
      Effect.gen(function*() {
        const waits = yield* times(10, "203.0.113.7")
        assert.lengthOf(waits.filter((wait) => wait === null), 3)
        for (const wait of waits.filter((one) => one !== null)) {
          assert.isAbove(wait.retry_after_ms, 0)
          assert.isAtMost(wait.retry_after_ms, limit.window_ms)
        }
      })
    )

    behaviour(
      "counts each asker and each limit apart",
      Effect.gen(function*() {
        yield* times(5, "203.0.113.7")
        assert.isNull(yield* take("203.0.113.8"))
        assert.isNull(yield* take("203.0.113.7", { ...limit, name: "another" }))
        assert.isNotNull(yield* take("203.0.113.7"))
      })
    )
  })
}
