// Refresh tokens: opaque random text for the phone, a hash for the database. Nothing here can be
// turned back into a token.
import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import { SecureRandom } from "effect/crypto"

export const refreshLifetimeMs = 30 * 24 * 3600 * 1000
/** Two refreshes that crossed on the way are forgiven for this long; later it is theft. */
export const refreshGraceMs = 10_000

export const hashRefreshToken = (token: string): string => createHash("sha256").update(token).digest("hex")

export const makeRefreshToken = Effect.gen(function*() {
  const random = yield* SecureRandom.SecureRandom
  const token = Buffer.from(yield* random.randomBytes(32)).toString("base64url")
  return { token, hash: hashRefreshToken(token) }
})
