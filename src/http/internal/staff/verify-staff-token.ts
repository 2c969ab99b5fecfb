// TokenVerifier of the internal listener: only staff, only while the sign-in and the account live.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { refuse } from "../../../domain/refusal.ts"
import { SignIns } from "../../../services/accounts/sign-ins.ts"
import { Staff } from "../../../services/accounts/staff.ts"
import { AccessTokens } from "../../public/auth/access-tokens.ts"
import { TokenVerifier } from "../../socket/token-verifier.ts"

const over = refuse("TOKEN_INVALID", "This sign-in has ended. Sign in again.")

export const layer = Layer.effect(TokenVerifier)(
  Effect.gen(function*() {
    const tokens = yield* AccessTokens
    const signIns = yield* SignIns
    const staff = yield* Staff

    const verify = Effect.fnUntraced(function*(token: string) {
      const principal = yield* tokens.verify(token, ["staff"])
      if (!(yield* signIns.isLive(principal.auth_session_id, principal))) return yield* over
      const account = yield* staff.findStaff(principal.user_id)
      if (account?.is_active !== true) return yield* over
      return principal
    })

    return TokenVerifier.of({ verify })
  })
)
