// MissedOffers: mitras who let offers run out unanswered, one after the other. Counted from the offers
// themselves: those she answered end the row; those that somebody else ended are no fault of hers.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Unavailable } from "../platform/unavailable.ts"

export class MissedOffers extends Context.Service<MissedOffers, {
  /** Her newest offers that ran out, back to her last answer or to `since`. */
  readonly inARow: (mitraId: string, since: number, limit: number) => Effect.Effect<number, Unavailable>
  /** Online mitras with `count` in a row since they came online, and one that ran out after `after`. */
  readonly suspects: (options: {
    readonly after: number
    readonly count: number
    readonly limit: number
  }) => Effect.Effect<ReadonlyArray<string>, Unavailable>
}>()("halobestie/services/MissedOffers") {}
