// The arithmetic every RateLimits adapter shares: windows of fixed length, the same for every caller, so
// that runners agree on them without talking. Around a border up to twice the limit can pass: accepted.
import type { RateLimit, Wait } from "../../services/platform/rate-limits.ts"

export interface Window {
  /** Who asks, what for, and in which window: what is counted. */
  readonly key: string
  readonly ends_at: number
}

export const windowOf = (limit: RateLimit, who: string, now: number): Window => {
  const index = Math.floor(now / limit.window_ms)
  return { key: `${limit.name}:${index}:${who}`, ends_at: (index + 1) * limit.window_ms }
}

/** `asked` includes the ask in question. */
export const waitOf = (limit: RateLimit, window: Window, asked: number, now: number): Wait =>
  asked <= limit.asks_max ? null : { retry_after_ms: window.ends_at - now }
