// What stands in for slow or asynchronous cryptography in a simulation: tokens signed in one synchronous
// step, passwords compared as they are. Rules (expiry, who is accepted) are those of the real ones.
import { createHmac } from "node:crypto"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { refuse } from "../../src/domain/refusal.ts"
import { accessLifetimeSeconds, AccessTokens } from "../../src/http/public/auth/access-tokens.ts"
import type { Principal } from "../../src/http/socket/connection.ts"
import { Passwords } from "../../src/services/accounts/passwords.ts"

const secret = "the simulation's own secret"
const seal = (claims: string): string => createHmac("sha256", secret).update(claims).digest("base64url")

const invalid = refuse("TOKEN_INVALID", "This access token is not valid. Sign in again.")
const expired = refuse("TOKEN_EXPIRED", "This access token has run out. Refresh it.")

export const layerTokens = Layer.succeed(AccessTokens)({
  sign: (owner) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      const expires_at = (Math.floor(now / 1000) + accessLifetimeSeconds) * 1000
      const claims = Buffer.from(JSON.stringify({ ...owner, expires_at })).toString("base64url")
      return { token: `${claims}.${seal(claims)}`, expires_at }
    }),
  verify: (token, accepted) =>
    Effect.gen(function*() {
      const [claims = "", signature = ""] = token.split(".")
      if (seal(claims) !== signature) return yield* invalid
      const principal = JSON.parse(Buffer.from(claims, "base64url").toString()) as Principal
      if (!accepted.includes(principal.user_type)) return yield* invalid
      if (principal.expires_at <= (yield* Clock.currentTimeMillis)) return yield* expired
      return principal
    })
})

export const layerPasswords = Layer.succeed(Passwords)({
  hash: (password) => Effect.succeed(`plain:${password}`),
  verify: (password, hash) => Effect.succeed(hash === `plain:${password}`)
})
