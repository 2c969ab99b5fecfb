// RateLimits in this process's memory: one runner's own counts. Bounded, because addresses are many:
// beyond the bound the oldest count is forgotten, which at worst forgives a caller a few asks.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { RateLimits } from "../../services/platform/rate-limits.ts"
import { waitOf, windowOf } from "./rate-limit-window.ts"

export const countsMax = 50_000

interface Count {
  asked: number
  readonly ends_at: number
}

export const make = Effect.sync(() => {
  // In the order of their first ask.
  const counts = new Map<string, Count>()

  const forgetOldest = (now: number): void => {
    for (const [key, count] of counts) {
      if (count.ends_at > now && counts.size < countsMax) return
      counts.delete(key)
    }
  }

  return RateLimits.of({
    take: (limit, who) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const window = windowOf(limit, who, now)
        const known = counts.get(window.key)
        if (known === undefined) forgetOldest(now)
        const count = known ?? { asked: 0, ends_at: window.ends_at }
        count.asked += 1
        counts.set(window.key, count)
        return waitOf(limit, window, count.asked, now)
      })
  })
})

export const layer = Layer.effect(RateLimits)(make)
