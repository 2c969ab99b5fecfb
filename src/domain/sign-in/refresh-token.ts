// Refresh tokens: what presenting one means. A token rotates on its first use; shown again after the
// grace it was copied, and its whole family must end. Times are epoch milliseconds.

export interface PresentedToken {
  readonly expires_at: number
  /** Its first use, or null. */
  readonly rotated_at: number | null
  readonly family_is_revoked: boolean
}

export type RotationVerdict = "Rotated" | "Expired" | "Revoked" | "Reused"

/**
 * Reuse is decided before expiry: an old copy is a copy. The grace forgives two refreshes that crossed,
 * both of which get a session.
 */
export const rotationOf = (token: PresentedToken, now: number, graceMs: number): RotationVerdict => {
  if (token.family_is_revoked) return "Revoked"
  if (token.rotated_at !== null && now - token.rotated_at > graceMs) return "Reused"
  return now >= token.expires_at ? "Expired" : "Rotated"
}
