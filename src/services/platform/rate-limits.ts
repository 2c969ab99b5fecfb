// RateLimits: how often a caller without an account may ask. Counted per window of fixed length for
// the whole cluster where that is possible, else by each runner; asking never fails.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"

export interface RateLimit {
  /** Keeps the counts of different limits apart. */
  readonly name: string
  readonly asks_max: number
  readonly window_ms: number
}

/** Null: go ahead. Otherwise how long until it is worth asking again. */
export type Wait = { readonly retry_after_ms: number } | null

export class RateLimits extends Context.Service<RateLimits, {
  /** Counts one ask of `who`. Those beyond the limit count as well, but prolong nothing. */
  readonly take: (limit: RateLimit, who: string) => Effect.Effect<Wait>
}>()("halobestie/services/RateLimits") {}
