// Availability: who is online, fresh and has room, asked far more often than it changes. Postgres
// rows are the truth; adapters differ only in cost. Times are epoch milliseconds.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Fairness, Freshness } from "../../domain/freshness.ts"
import type { Wanted } from "../../domain/matching.ts"
import type { Candidate } from "../../domain/pairing.ts"
import type { Unavailable } from "../platform/unavailable.ts"

export type { Fairness, Freshness }

/** An unknown mitra is "offline". */
export type HeartbeatOutcome = "seen" | "offline" | "deactivated"

export class Availability extends Context.Service<Availability, {
  /**
   * Records a ping. Never moves a time backwards, never brings an offline mitra online, and never
   * accepts a deactivated one.
   */
  readonly heartbeat: (mitraId: string, at: number) => Effect.Effect<HeartbeatOutcome, Unavailable>
  /**
   * Available mitras in the order they should be asked: fewest sessions first, then longest since her
   * last offer or, never asked, longest online. `exclude` are those already asked. Fairness leaves out
   * mitras who have enough open offers, or declined or let one run out a short while ago.
   */
  readonly candidates: (
    options: Freshness & Fairness & {
      readonly limit: number
      /** Only mitras who fit it. */
      readonly wanted: Wanted
      readonly exclude: ReadonlyArray<string>
      /** Only this mitra (a targeted request), or null for all. */
      readonly only: string | null
    }
  ) => Effect.Effect<ReadonlyArray<Candidate>, Unavailable>
  /** Declared online, and available by the rule above. */
  readonly counts: (
    freshness: Freshness
  ) => Effect.Effect<{ readonly online: number; readonly available: number }, Unavailable>
  /**
   * Online mitras with a stale heartbeat, longest silent first. Unavailable whenever pings may have
   * been missed since `staleBefore`: no mitra is called stale on a guess. One whom a push can reach is stale
   * only at `backgroundBefore`; without it there is no difference.
   */
  readonly stale: (
    staleBefore: number,
    limit: number,
    backgroundBefore?: number
  ) => Effect.Effect<ReadonlyArray<string>, Unavailable>
  /** Her last ping, coming online being the first; null when she is not online. */
  readonly lastHeartbeat: (mitraId: string) => Effect.Effect<number | null, Unavailable>
  /**
   * After a commit: what is stored of these mitras (status, sessions, offers) is not what it was. Best
   * effort. It says nothing of what is true now: a mirror reads that from the rows, in one batch.
   */
  readonly changed: (mitraIds: ReadonlyArray<string>) => Effect.Effect<void>
}>()("halobestie/services/Availability") {}
