// What makes a mitra available at an instant, from the settings: how old a heartbeat may be, and how
// many customers one mitra may have. Times are epoch milliseconds.
import type { Settings } from "./settings.ts"

export interface Freshness {
  readonly now: number
  /** Heartbeats at or before this instant are stale; null when pings are not required. */
  readonly stale_before: number | null
  readonly max_customers: number
}

export const freshness = (settings: Settings, now: number): Freshness => ({
  now,
  stale_before: settings.mitra_ping_required ? now - settings.mitra_stale_after_seconds * 1000 : null,
  max_customers: settings.max_customers_per_mitra
})
