// Pricing: the tiers on sale, and what staff change about prices. Every change of theirs names the version
// it was made from, so that two people never overwrite each other, and stays in the history for good.
// Amounts are whole rupiah.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Result from "effect/Result"
import type { DiscountRule, PricingTier } from "../../domain/pricing.ts"
import type { FirstSessionDiscount, PricedTier, PricingChange } from "../../domain/pricing-change.ts"
import type { Refusal } from "../../domain/refusal.ts"
import type { ChangeEntry } from "../../domain/audit.ts"
import type { Unavailable } from "../platform/unavailable.ts"

export type { FirstSessionDiscount, PricedTier, PricingChange } from "../../domain/pricing-change.ts"

type Changed<A> = Effect.Effect<Result.Result<A, Refusal>, Unavailable>

export class Pricing extends Context.Service<Pricing, {
  /** Tiers on sale, cheapest first. */
  readonly tiers: Effect.Effect<ReadonlyArray<PricingTier>, Unavailable>
  /** Also a tier that is no longer on sale. */
  readonly findTier: (id: string) => Effect.Effect<PricingTier | null, Unavailable>
  /** Adds or replaces a tier, whatever its version (the seed): in the history, without an audit entry. */
  readonly replaceTier: (tier: PricingTier, at: number) => Effect.Effect<void, Unavailable>
  /** Also what is not on sale; cheapest first, at most 200. */
  readonly list: Effect.Effect<ReadonlyArray<PricedTier>, Unavailable>
  /** Null: there never was one. */
  readonly discount: Effect.Effect<FirstSessionDiscount | null, Unavailable>
  /**
   * `version` is the one the change was made from, 0 for a new tier; any other than the stored one is
   * STALE_WRITE. A change that changes nothing keeps the version and leaves no trace.
   */
  readonly putTier: (tier: PricingTier, version: number, entry: ChangeEntry) => Changed<PricedTier>
  readonly putDiscount: (
    rule: DiscountRule,
    version: number,
    entry: ChangeEntry
  ) => Changed<FirstSessionDiscount>
  /** Newest first; `before` is the id of the last change of the previous page. */
  readonly history: (page: {
    readonly before: number | null
    readonly limit: number
  }) => Effect.Effect<ReadonlyArray<PricingChange>, Unavailable>
}>()("halobestie/services/Pricing") {}
