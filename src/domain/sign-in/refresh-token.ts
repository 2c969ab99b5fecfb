// Refresh tokens: what presenting one means. A token rotates on its first use. Shown again, its answer was
// lost, as long as nobody has used what it was exchanged for; after that it was copied, and its whole family
// must end. Times are epoch milliseconds.

export interface PresentedToken {
  readonly expires_at: number
  /** Its first use, or null. */
  readonly rotated_at: number | null
  /**
   * Whether a token it was exchanged for, or the access token beside that one, has been used: its answer
   * arrived. True when nothing is known about them.
   */
  readonly successor_is_used: boolean
  readonly family_is_revoked: boolean
}

/** A mitra proves her phone again after this long, however often she has refreshed. */
export const mitraSignInMaxMs = 90 * 24 * 3_600_000

/**
 * When a successor ends: a mitra, who hears strangers, never later than her sign-in may last. A customer's
 * sign-in has no such end: without a phone nothing else brings the account back.
 */
export const successorEnd = (
  { family_opened_at, user_type }: { readonly family_opened_at: number; readonly user_type: string },
  wanted: number
): number => user_type === "mitra" ? Math.min(wanted, family_opened_at + mitraSignInMaxMs) : wanted

/**
 * Each exchange is a row that is kept for a month. An app needs one an hour, and one more for each start that
 * finds its token run out: a sign-in that goes on beyond this has to wait.
 */
export const exchangesMax = 60
export const exchangesWindowMs = 3_600_000

/** When a family whose rows are so old may have another one; 0 for at once. */
export const exchangeWaitMs = (
  lately: { readonly count: number; readonly oldest_at: number | null },
  now: number
): number =>
  lately.count < exchangesMax ? 0 : Math.max(1, (lately.oldest_at ?? now) + exchangesWindowMs - now)

export type RotationVerdict = "Rotated" | "Expired" | "Revoked" | "Reused"

/**
 * Reuse is decided before expiry: an old copy is a copy. The grace forgives two refreshes that crossed,
 * which get the same successor, although one of them uses it at once.
 */
export const rotationOf = (token: PresentedToken, now: number, graceMs: number): RotationVerdict => {
  if (token.family_is_revoked) return "Revoked"
  const isLate = token.rotated_at !== null && now - token.rotated_at > graceMs
  if (isLate && token.successor_is_used) return "Reused"
  return now >= token.expires_at ? "Expired" : "Rotated"
}
