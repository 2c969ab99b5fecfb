// Mirror: what staff may know and do about the Valkey copy of availability. Postgres rows are the
// truth; everything here is about how well the copy follows. Times are epoch milliseconds.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Unavailable } from "../platform/unavailable.ts"

export interface MirrorDrift {
  /** Online mitras by the rows of Postgres, and by the mirror. */
  readonly rows: number
  readonly keys: number
  /** Mitras whose online, deactivated or capacity differ between the two, now. */
  readonly drifted: number
}

export interface ReseedReport {
  readonly at: number
  readonly took_ms: number
  /** Mitras written, and mitras taken out because no row says they are online. */
  readonly seeded: number
  readonly removed: number
  /** Differences found before, and how many of them are healed now. */
  readonly drift_found: number
  readonly healed: number
}

export interface MirrorStatus {
  /** "off": there is no VALKEY_URL, Postgres alone serves. "down": not connected, or the breaker is open. */
  readonly state: "off" | "up" | "probing" | "down"
  readonly connected_since: number | null
  /** Of the last answered command; null when none was. */
  readonly latency_ms: number | null
  readonly last_error: string | null
  readonly last_seed: ReseedReport | null
  /** Since this runner started: reads Postgres answered instead, and write-throughs that were lost. */
  readonly fallbacks: number
  readonly writes_lost: number
  /** Since this runner started, by all reseeds that ran here. */
  readonly drift_found: number
  readonly drift_healed: number
  /** Live: compared when asked. Null when one of the two sides did not answer. */
  readonly drift: MirrorDrift | null
}

export class Mirror extends Context.Service<Mirror, {
  /** Of this runner. Bounded; a side that does not answer leaves its figures null. */
  readonly status: Effect.Effect<MirrorStatus>
  /** A full reseed now. Without Valkey it reports zeros. */
  readonly reseed: Effect.Effect<ReseedReport, Unavailable>
  /** Heartbeats the mirror knows, written to the rows: one statement, never backwards, safe to repeat. */
  readonly writeBackHeartbeats: Effect.Effect<
    { readonly read: number; readonly written: number },
    Unavailable
  >
}>()("halobestie/services/Mirror") {}
