// Decides one change of a price against what is stored, the same for every adapter: another version than
// the one it was made from is stale, the same again is no change.
import type { Json } from "effect/Schema"
import type { DiscountRule, PricingTier } from "./pricing.ts"
import { type Refusal, refuse } from "./refusal.ts"

export interface PricedTier extends PricingTier {
  readonly version: number
  readonly updated_at: number
}

export interface FirstSessionDiscount extends DiscountRule {
  readonly version: number
  readonly updated_at: number
}

export interface PricingChange {
  /** Grows with each change. */
  readonly id: number
  readonly subject: "tier" | "discount"
  readonly subject_id: string
  readonly version: number
  /** Null: there was none. */
  readonly before: Json
  readonly after: Json
  /** Null: the seed's. */
  readonly staff_id: string | null
  readonly at: number
}

export type Change = Pick<PricingChange, "subject" | "subject_id" | "version" | "before" | "after">

type ChangeVerdict<A> =
  | { readonly _tag: "Refused"; readonly refusal: Refusal }
  | { readonly _tag: "Same"; readonly value: A }
  | ({ readonly _tag: "Changed"; readonly value: A } & Change)

interface Versioned {
  readonly version: number
  readonly updated_at: number
}

/** Only what a person set; the version and its time say nothing new. */
type Facts<A> = (value: A) => Readonly<Record<string, Json>>

const verdictOn = <A>(
  subject: PricingChange["subject"],
  subject_id: string,
  facts: Facts<A>,
  stored: (A & Versioned) | null,
  wanted: A,
  expected: number | null,
  at: number
): ChangeVerdict<A & Versioned> => {
  const found = stored?.version ?? 0
  if (expected !== null && expected !== found) {
    return {
      _tag: "Refused",
      refusal: refuse("STALE_WRITE", "A colleague has changed this meanwhile. Look at it again first.", {
        [subject]: subject_id,
        given: expected,
        version: found
      })
    }
  }
  const before = stored === null ? null : facts(stored)
  const after = facts(wanted)
  if (stored !== null && JSON.stringify(before) === JSON.stringify(after)) {
    return { _tag: "Same", value: stored }
  }
  const version = found + 1
  const value = { ...wanted, version, updated_at: at }
  return { _tag: "Changed", value, subject, subject_id, version, before, after }
}

const tierFacts: Facts<PricingTier> = ({ duration_seconds, is_active, label, mode, price_idr }) => ({
  label,
  mode,
  duration_seconds,
  price_idr,
  is_active
})

const discountFacts: Facts<DiscountRule> = ({ is_active, kind, value }) => ({ kind, value, is_active })

/** `expected` null: whatever is there is replaced. */
export const tierChange = (
  stored: PricedTier | null,
  wanted: PricingTier,
  expected: number | null,
  at: number
): ChangeVerdict<PricedTier> => verdictOn("tier", wanted.id, tierFacts, stored, wanted, expected, at)

export const discountChange = (
  stored: FirstSessionDiscount | null,
  wanted: DiscountRule,
  expected: number,
  at: number
): ChangeVerdict<FirstSessionDiscount> =>
  verdictOn("discount", "first_session", discountFacts, stored, wanted, expected, at)
