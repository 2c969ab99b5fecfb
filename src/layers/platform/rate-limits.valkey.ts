// RateLimits counted in Valkey for the whole cluster. While Valkey fails each runner counts for itself,
// so no caller is refused because of it; at worst a caller gets the limit once per runner.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { RateLimits } from "../../services/platform/rate-limits.ts"
import * as Memory from "./rate-limits.local.ts"
import { waitOf, windowOf } from "./rate-limit-window.ts"
import { Valkey } from "./valkey/connection.ts"
import { script } from "./valkey/script.ts"

const prefix = "rate:"

/** Counts and bounds the count's life in one step: a count that never expired would lock its caller out. */
const count = script(
  "count an ask",
  `local key, life = ARGV[1], ARGV[2]
local asked = redis.call("INCR", key)
if asked == 1 then redis.call("PEXPIRE", key, life) end
return asked`
)

export const layer = Layer.effect(RateLimits)(Effect.gen(function*() {
  const valkey = yield* Valkey
  const alone = yield* Memory.make
  return RateLimits.of({
    take: (limit, who) =>
      Effect.gen(function*() {
        const now = yield* Clock.currentTimeMillis
        const window = windowOf(limit, who, now)
        // Two windows long: the runners' clocks need not agree to the millisecond.
        const asked = yield* valkey.run(count, [`${prefix}${window.key}`, 2 * limit.window_ms])
        return waitOf(limit, window, Number(asked), now)
      }).pipe(Effect.catch(() => alone.take(limit, who)))
  })
}))
