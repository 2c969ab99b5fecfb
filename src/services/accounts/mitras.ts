// Mitras: owning and reading one mitra's row, her chats and her offers. Availability (who may be asked now)
// is its own port.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { MitraState, OfflineCause } from "../../domain/mitra.ts"
import type { Unavailable } from "../platform/unavailable.ts"

export interface OnlineLogEntry {
  readonly is_online: boolean
  readonly cause: OfflineCause | "toggle"
  readonly at: number
}

/** Counts of a mitra's offers in a span of time, by how they ended, and of her chats. */
export interface Activity {
  readonly offers: number
  readonly accepted: number
  readonly declined: number
  /** Another mitra took it. */
  readonly missed: number
  /** She let it run out. */
  readonly run_out: number
  /** Withdrawn, or cancelled by the customer. */
  readonly called_off: number
  readonly open: number
  /** Of those she accepted or declined; null when there are none. */
  readonly response_ms_mean: number | null
  readonly response_ms_median: number | null
  /** Chats that began for her, those that were given to her among them. */
  readonly chats: number
  readonly chats_taken_over: number
  readonly chats_handed_over: number
}

export class Mitras extends Context.Service<Mitras, {
  /**
   * Takes the next epoch for `runner` and loads the mitra as she is after every write of an older
   * epoch, or null if there is none.
   */
  readonly claim: (
    mitraId: string,
    runner: string
  ) => Effect.Effect<{ readonly epoch: number; readonly state: MitraState } | null, Unavailable>
  /** Reads without owning; null for an unknown mitra. */
  readonly find: (mitraId: string) => Effect.Effect<MitraState | null, Unavailable>
  readonly ownerOf: (
    mitraId: string
  ) => Effect.Effect<{ readonly runner: string | null; readonly epoch: number } | null, Unavailable>
  /** Slots in use, with the session that holds each. */
  readonly slotsOf: (
    mitraId: string
  ) => Effect.Effect<ReadonlyArray<{ readonly slot: number; readonly session_id: string }>, Unavailable>
  /** By the time an offer was sent and a chat began for her; `since` is in it, `until` is not. */
  readonly activity: (
    mitraId: string,
    since: number,
    until: number
  ) => Effect.Effect<Activity, Unavailable>
  /** Newest first, at most `limit`. */
  readonly onlineLog: (
    mitraId: string,
    limit: number
  ) => Effect.Effect<ReadonlyArray<OnlineLogEntry>, Unavailable>
  /** Draining mitras who hold no chat any more, at most `limit`. */
  readonly drained: (limit: number) => Effect.Effect<ReadonlyArray<string>, Unavailable>
  /**
   * Pending offers to mitras who are not active or are draining, or of a pair who have blocked each other
   * since: there should be none. At most `limit`.
   */
  readonly offersToWithdraw: (
    limit: number
  ) => Effect.Effect<
    ReadonlyArray<{ readonly session_id: string; readonly mitra_id: string }>,
    Unavailable
  >
  /**
   * Her newest offers that ran out unanswered, back to her last answer or to `since`. Offers that ended by
   * another's hand (the customer's, staff's, another mitra's) do not count.
   */
  readonly missedInARow: (mitraId: string, since: number, limit: number) => Effect.Effect<number, Unavailable>
  /** Online mitras who missed `count` in a row since they came online, and one that ran out after `after`. */
  readonly whoMissed: (options: {
    readonly after: number
    readonly count: number
    readonly limit: number
  }) => Effect.Effect<ReadonlyArray<string>, Unavailable>
}>()("halobestie/services/Mitras") {}
