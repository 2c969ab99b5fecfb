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

/** A class, because each socket has one: closures would be five objects. */
export class TokenBucket {
  readonly #limits: RateLimits
  #tokens: number
  #filledAt = Number.NEGATIVE_INFINITY
  #windowStart = Number.NEGATIVE_INFINITY
  #refused = 0

  constructor(limits: RateLimits) {
    this.#limits = limits
    this.#tokens = limits.request_burst
  }

  get #perMs(): number {
    return this.#limits.requests_per_second / 1_000
  }

  take(now: number): Admission {
    // The machine's clock may step back: then nothing is refilled, and nothing is taken away.
    const elapsed = Math.max(0, now - this.#filledAt)
    this.#tokens = Math.min(this.#limits.request_burst, this.#tokens + elapsed * this.#perMs)
    this.#filledAt = now
    if (this.#tokens < 1) return this.#refuse(now)
    this.#tokens -= 1
    return admitted
  }

  #refuse(now: number): Admission {
    const { refused_max, refused_window_ms } = this.#limits
    if (now - this.#windowStart > refused_window_ms || now < this.#windowStart) {
      this.#windowStart = now
      this.#refused = 0
    }
    this.#refused += 1
    if (this.#refused > refused_max) return flooding
    return { _tag: "Refused", retry_after_ms: Math.ceil((1 - this.#tokens) / this.#perMs) }
  }
}
