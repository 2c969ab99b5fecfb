// Refresh tokens: opaque random text for the phone, a hash for the database. Nothing here can be
// turned back into a token.
import { createHash, createHmac } from "node:crypto"
import * as Effect from "effect/Effect"
import { SecureRandom } from "effect/crypto"

export const refreshLifetimeMs = 30 * 24 * 3600 * 1000
/** Two refreshes that crossed on the way are forgiven for this long; later it is theft. */
export const refreshGraceMs = 10_000

export const hashRefreshToken = (token: string): string => createHash("sha256").update(token).digest("hex")

/**
 * The token that this one is exchanged for: always the same, so that refreshes that crossed, or whose answer
 * was lost, end in one sign-in and not in several beside each other. Without the key nobody goes on from a
 * copied token.
 */
export const successorOf = (key: Uint8Array, refreshToken: string) => {
  const token = createHmac("sha256", key).update(`refresh:${refreshToken}`).digest("base64url")
  return { token, hash: hashRefreshToken(token) }
}

export const makeRefreshToken = Effect.gen(function*() {
  const random = yield* SecureRandom.SecureRandom
  const token = Buffer.from(yield* random.randomBytes(32)).toString("base64url")
  return { token, hash: hashRefreshToken(token) }
})
