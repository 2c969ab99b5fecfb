// How fast one connection may ask, and when asking too fast becomes flooding. Plain numbers and a time
// given by the caller, so that every rule can be tested without waiting.
import type { SocketLimits } from "./limits.ts"

type RateLimits = Pick<
  SocketLimits,
  "request_burst" | "requests_per_second" | "refused_max" | "refused_window_ms"
>

export type Admission =
  | { readonly _tag: "Admitted" }
  | { readonly _tag: "Refused"; readonly retry_after_ms: number }
  | { readonly _tag: "Flooding" }

const admitted: Admission = { _tag: "Admitted" }
const flooding: Admission = { _tag: "Flooding" }

export interface TokenBucket {
  readonly take: (now: number) => Admission
}

export const makeTokenBucket = (limits: RateLimits): TokenBucket => {
  const perMs = limits.requests_per_second / 1_000
  let tokens = limits.request_burst
  let filledAt = Number.NEGATIVE_INFINITY
  let windowStart = Number.NEGATIVE_INFINITY
  let refused = 0

  const refill = (now: number) => {
    // The machine's clock may step back: then nothing is refilled, and nothing is taken away.
    const elapsed = Math.max(0, now - filledAt)
    tokens = Math.min(limits.request_burst, tokens + elapsed * perMs)
    filledAt = now
  }

  const refuse = (now: number): Admission => {
    if (now - windowStart > limits.refused_window_ms || now < windowStart) {
      windowStart = now
      refused = 0
    }
    refused += 1
    if (refused > limits.refused_max) return flooding
    return { _tag: "Refused", retry_after_ms: Math.ceil((1 - tokens) / perMs) }
  }

  return {
    take: (now) => {
      refill(now)
      if (tokens < 1) return refuse(now)
      tokens -= 1
      return admitted
    }
  }
}
