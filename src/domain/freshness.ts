// What makes a mitra available at an instant, from the settings: how old a heartbeat may be, how many
// customers one mitra may have, and when it is fair to ask her. Times are epoch milliseconds.
import type { Settings } from "./settings.ts"

export interface Freshness {
  readonly now: number
  /** Heartbeats at or before this instant are stale; null when pings are not required. */
  readonly stale_before: number | null
  /** The same for a mitra whom a push can reach: her app may be in the background. Absent: no difference. */
  readonly background_before?: number
  readonly max_customers: number
}

/** How long a push can wait for a mitra whose pings are stale; while pushes are paused, none does. */
export const backgroundGraceMs = (settings: Settings): number =>
  settings.push_paused ? 0 : settings.mitra_background_grace_seconds * 1000

export const freshness = (settings: Settings, now: number): Freshness => {
  const max_customers = settings.max_customers_per_mitra
  if (!settings.mitra_ping_required) return { now, stale_before: null, max_customers }
  const stale_before = now - settings.mitra_stale_after_seconds * 1000
  return { now, stale_before, background_before: stale_before - backgroundGraceMs(settings), max_customers }
}

/** Which mitras a search leaves out although they are available. */
export interface Fairness {
  /** Leaves out mitras who declined an offer, or let one run out, at or after this instant; null: none. */
  readonly declined_since: number | null
  /** Leaves out mitras with this many open offers. */
  readonly open_offers_max: number
}

/** A customer who asks for one bestie by name is not refused because she declined another customer. */
export const fairness = (settings: Settings, now: number, kind: "blast" | "targeted"): Fairness => ({
  declined_since: kind === "targeted" || settings.mitra_decline_cooldown_seconds === 0
    ? null
    : now - settings.mitra_decline_cooldown_seconds * 1000,
  open_offers_max: settings.mitra_parallel_offers_max
})
