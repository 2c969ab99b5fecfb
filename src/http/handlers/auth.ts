// Handlers of the sign-in calls. The only ones that work without an identity.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { AuthRpcs } from "../../contract/auth.ts"
import { instant } from "../../contract/fields.ts"
import { wireVersion } from "../../contract/version.ts"
import { refuse } from "../../domain/refusal.ts"
import { SignIn } from "../auth/sign-in.ts"
import { currentConnection } from "../connection.ts"
import { TokenVerifier } from "../token-verifier.ts"
import { answering } from "./answering.ts"

export const layer = AuthRpcs.toLayer(Effect.gen(function*() {
  const signIn = yield* SignIn
  const verifier = yield* TokenVerifier

  const requestCode = Effect.fnUntraced(function*(phone: string) {
    const { peer } = yield* currentConnection
    const sent = yield* signIn.requestCode(phone, peer)
    return { ...sent, expires_at: instant(sent.expires_at) }
  })

  const authenticate = Effect.fnUntraced(function*(token: string) {
    const connection = yield* currentConnection
    const principal = yield* verifier.verify(token)
    if (principal.user_type === "staff") {
      return yield* refuse("TOKEN_INVALID", "This access token is not valid here.")
    }
    yield* connection.authenticate(principal)
    return {
      user_type: principal.user_type,
      user_id: principal.user_id,
      access_expires_at: instant(principal.expires_at),
      server_now: instant(yield* Clock.currentTimeMillis),
      wire_version: wireVersion
    }
  })

  return AuthRpcs.of({
    "auth.sign_in_anonymous": ({ call_name }) => answering(signIn.anonymous(call_name)),
    "auth.request_code": ({ phone }) => answering(requestCode(phone)),
    "auth.verify_code": ({ code, phone }) => answering(signIn.verifyCode(phone, code)),
    "auth.refresh": ({ refresh_token }) => answering(signIn.refresh(refresh_token)),
    "auth.authenticate": ({ access_token }) => answering(authenticate(access_token))
  })
}))
