// RateLimits counted in Valkey for the whole cluster; asks that arrive while some are on their way share the
// next trip. While Valkey fails each runner counts for itself, so no caller is refused because of it; at
// worst a caller gets the limit once per runner.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { RateLimits } from "../../services/platform/rate-limits.ts"
import * as Memory from "./rate-limits.local.ts"
import { waitOf, windowOf } from "./rate-limit-window.ts"
import { listed, unavailable, Valkey } from "./valkey/connection.ts"
import { grouped, whenBusy } from "./valkey/grouped.ts"
import { script } from "./valkey/script.ts"

const prefix = "rate:"

// One script run of this many asks holds Valkey up for well under a millisecond.
const asksPerRun = 200
const asksWaitingMax = 16_384

/**
 * ARGV: key, life, again and again. Counts and bounds the count's life in one step: a count that never
 * expired would lock its caller out.
 */
const count = script(
  "count asks",
  `local asked = {}
for i = 1, #ARGV, 2 do
  local count = redis.call("INCR", ARGV[i])
  if count == 1 then redis.call("PEXPIRE", ARGV[i], ARGV[i + 1]) end
  asked[#asked + 1] = count
end
return asked`
)

interface Ask {
  readonly key: string
  readonly life_ms: number
}

export const layer = Layer.effect(RateLimits)(Effect.gen(function*() {
  const valkey = yield* Valkey
  const alone = yield* Memory.make
  const counted = yield* grouped<Ask, number>({
    queue_max: asksWaitingMax,
    group_max: asksPerRun,
    rest: whenBusy,
    run: (asks) =>
      listed(valkey.run(count, asks.flatMap(({ key, life_ms }) => [`${prefix}${key}`, life_ms]))).pipe(
        Effect.flatMap((counts) =>
          counts.length === asks.length ? Effect.succeed(counts.map(Number)) : Effect.fail(unavailable)
        )
      )
  })
  return RateLimits.of({
    take: (limit, who) =>
      Effect.gen(function*() {
        // A count that may be thrown away bounds nobody.
        if ((yield* valkey.state).eviction !== null) return yield* alone.take(limit, who)
        const now = yield* Clock.currentTimeMillis
        const window = windowOf(limit, who, now)
        // Two windows long: the runners' clocks need not agree to the millisecond.
        const asked = yield* counted({ key: window.key, life_ms: 2 * limit.window_ms })
        return waitOf(limit, window, asked, now)
      }).pipe(Effect.catch(() => alone.take(limit, who)))
  })
}))
