// Pricing in memory: tiers, the first session's discount and their history as rows of the shared store.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type { DiscountRule, PricingTier } from "../../src/domain/pricing.ts"
import type { Refusal } from "../../src/domain/refusal.ts"
import type { ChangeEntry } from "../../src/domain/audit.ts"
import type { FirstSessionDiscount, PricedTier } from "../../src/domain/pricing-change.ts"
import { Pricing } from "../../src/services/payments/pricing.ts"
import { appendEntry } from "./audit-log.memory.ts"
import { hold } from "./store/constraints.ts"
import { MemoryTables, type Tables } from "./store/tables.ts"
import { type Change, discountChange, tierChange } from "../../src/domain/pricing-change.ts"

const tiersMax = 200

const tierOf = ({ updated_at: _u, version: _v, ...tier }: PricedTier): PricingTier => tier

const cheapestFirst = (a: PricingTier, b: PricingTier): number =>
  a.price_idr - b.price_idr || a.duration_seconds - b.duration_seconds || (a.id < b.id ? -1 : 1)

const tiers = (tables: Tables): ReadonlyArray<PricedTier> =>
  [...tables.pricing_tiers.values()].toSorted(cheapestFirst)

const record = (tables: Tables, change: Change, entry: ChangeEntry | null, at: number): void => {
  const { after, before, subject, subject_id, version } = change
  if (entry !== null) appendEntry(tables, { ...entry, before, after })
  const id = tables.pricing_history.length + 1
  const staff_id = entry?.staff_id ?? null
  tables.pricing_history.push({ id, subject, subject_id, version, before, after, staff_id, at })
}

const putTier = (
  tables: Tables,
  tier: PricingTier,
  expected: number | null,
  entry: ChangeEntry | null,
  at: number
): Result.Result<PricedTier, Refusal> => {
  const change = tierChange(tables.pricing_tiers.get(tier.id) ?? null, tier, expected, at)
  if (change._tag === "Refused") return Result.fail(change.refusal)
  if (change._tag === "Same") return Result.succeed(change.value)
  hold(/^[a-z0-9_-]{1,40}$/.test(tier.id), "pricing_tiers_id_check")
  hold(tier.duration_seconds >= 1 && tier.duration_seconds <= 86_400, "pricing_tiers_duration_seconds_check")
  hold(tier.price_idr >= 0, "pricing_tiers_price_idr_check")
  record(tables, change, entry, at)
  tables.pricing_tiers.set(tier.id, change.value)
  return Result.succeed(change.value)
}

const putDiscount = (
  tables: Tables,
  rule: DiscountRule,
  expected: number,
  entry: ChangeEntry
): Result.Result<FirstSessionDiscount, Refusal> => {
  const stored = tables.pricing_discounts.get("first_session") ?? null
  const change = discountChange(stored, rule, expected, entry.at)
  if (change._tag === "Refused") return Result.fail(change.refusal)
  if (change._tag === "Same") return Result.succeed(change.value)
  const isInRange = rule.value >= 1 && (rule.kind === "amount" || rule.value <= 99)
  hold(isInRange, "pricing_discounts_check")
  record(tables, change, entry, entry.at)
  tables.pricing_discounts.set("first_session", change.value)
  return Result.succeed(change.value)
}

export const layer = Layer.effect(Pricing)(
  Effect.map(MemoryTables, (tables) =>
    Pricing.of({
      tiers: Effect.sync(() => tiers(tables).filter((tier) => tier.is_active).map(tierOf)),
      findTier: (id) =>
        Effect.sync(() => {
          const row = tables.pricing_tiers.get(id)
          return row === undefined ? null : tierOf(row)
        }),
      replaceTier: (tier, at) => Effect.sync(() => void putTier(tables, tier, null, null, at)),
      list: Effect.sync(() => tiers(tables).slice(0, tiersMax)),
      discount: Effect.sync(() => tables.pricing_discounts.get("first_session") ?? null),
      putTier: (tier, version, entry) => Effect.sync(() => putTier(tables, tier, version, entry, entry.at)),
      putDiscount: (rule, version, entry) => Effect.sync(() => putDiscount(tables, rule, version, entry)),
      history: ({ before, limit }) =>
        Effect.sync(() =>
          tables.pricing_history.filter((change) => before === null || change.id < before)
            .toReversed().slice(0, limit)
        )
    }))
)
