// TokenVerifier of the public listener: a token must be ours, of a customer or a mitra, of a sign-in
// that is still live and, for a mitra, of an account that is still active.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { refuse } from "../../../domain/refusal.ts"
import { SignIns } from "../../../services/accounts/sign-ins.ts"
import { Accounts } from "../../../services/accounts/accounts.ts"
import { TokenVerifier } from "../../socket/token-verifier.ts"
import { AccessTokens } from "./access-tokens.ts"
import { inShare } from "../../../services/platform/pool-shares.ts"

const over = refuse("TOKEN_INVALID", "This sign-in has ended. Sign in again.")

export const layer = Layer.effect(TokenVerifier)(Effect.gen(function*() {
  const tokens = yield* AccessTokens
  const signIns = yield* SignIns
  const accounts = yield* Accounts

  const verify = Effect.fnUntraced(function*(token: string) {
    const principal = yield* tokens.verify(token, ["customer", "mitra"])
    const { auth_session_id, rotated_row } = principal
    const shown = rotated_row === undefined
      ? undefined
      : { id: rotated_row, at: yield* Clock.currentTimeMillis }
    if (!(yield* signIns.isLive(auth_session_id, principal, shown))) return yield* over
    if (principal.user_type === "mitra") {
      const mitra = yield* accounts.findMitra(principal.user_id)
      if (mitra?.is_active !== true) return yield* over
    }
    return principal
  })

  return TokenVerifier.of({ verify: (token) => inShare("connecting")(verify(token)) })
}))
