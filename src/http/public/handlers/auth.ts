// Handlers of the sign-in calls. The only ones that work without an identity; where there is one, it is the
// connection's.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { AuthRpcs } from "../../../contract/public/auth.ts"
import { instant } from "../../../contract/fields.ts"
import { wireVersion } from "../../../contract/version.ts"
import { refuse } from "../../../domain/refusal.ts"
import { currentSignIn } from "../auth/caller.ts"
import type { PhoneAsk } from "../auth/phone-owners.ts"
import { SignIn } from "../auth/sign-in.ts"
import { currentConnection } from "../../socket/connection.ts"
import { TokenVerifier } from "../../socket/token-verifier.ts"
import { signInView } from "../views/sign-in-view.ts"
import { answering, whenThereIsRoom } from "./answering.ts"
import { tellSecurityEvent } from "../../security-events.ts"
import { inShare } from "../../../services/platform/pool-shares.ts"

interface Asked extends Pick<PhoneAsk, "phone" | "user_type"> {
  readonly device_key?: string | undefined
}

/** Google and Apple sign-in are not built; the app shows only what is true here. */
const providers = { anonymous: true, phone: true, google: false, apple: false }

export const layer = AuthRpcs.toLayer(Effect.gen(function*() {
  const signIn = yield* SignIn
  const verifier = yield* TokenVerifier

  const asked = ({ phone, user_type, ...others }: Asked) =>
    Effect.flatMap(
      currentConnection,
      ({ remote_address, principal }) =>
        Effect.map(principal, (by): PhoneAsk => {
          const device_key = others.device_key ?? null
          return { phone, user_type, device_key, by, remote_address }
        })
    )

  const requestCode = Effect.fnUntraced(function*(payload: Asked) {
    const sent = yield* signIn.requestCode(yield* asked(payload))
    return { ...sent, expires_at: instant(sent.expires_at) }
  })

  const verifyCode = (payload: Asked & { readonly code: string }) =>
    Effect.flatMap(asked(payload), (ask) => signIn.verifyCode(ask, payload.code))

  const signOut = Effect.fnUntraced(function*(everywhere: boolean) {
    yield* signIn.signOut(yield* currentSignIn, everywhere)
    return { signed_out: true } as const
  })

  const signIns = Effect.gen(function*() {
    const me = yield* currentSignIn
    const open = yield* signIn.list(me)
    return { sign_ins: open.map((one) => signInView(one, me.auth_session_id)) }
  })

  const endSignIn = Effect.fnUntraced(function*(signInId: string) {
    yield* signIn.end(yield* currentSignIn, signInId)
    return { ended: true } as const
  })

  const authenticate = Effect.fnUntraced(function*(token: string) {
    const connection = yield* currentConnection
    const principal = yield* verifier.verify(token).pipe(
      Effect.tapError((error) =>
        error._tag === "Refusal" && error.code === "TOKEN_INVALID"
          ? tellSecurityEvent("token_refused", connection.remote_address)
          : Effect.void
      )
    )
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

  const connecting = inShare("connecting")
  return AuthRpcs.of({
    "auth.sign_in_anonymous": ({ call_name }) =>
      answering(
        whenThereIsRoom(connecting(
          Effect.flatMap(
            currentConnection,
            ({ remote_address }) => signIn.anonymous(call_name, remote_address)
          )
        ))
      ),
    "auth.request_code": (payload) => answering(whenThereIsRoom(connecting(requestCode(payload)))),
    "auth.verify_code": (payload) => answering(connecting(verifyCode(payload))),
    "auth.refresh": ({ refresh_token }) => answering(connecting(signIn.refresh(refresh_token))),
    "auth.authenticate": ({ access_token }) => answering(authenticate(access_token)),
    "auth.providers": () => Effect.succeed(providers),
    "auth.sign_out": ({ everywhere }) => answering(connecting(signOut(everywhere))),
    "auth.sign_ins": () => answering(connecting(signIns)),
    "auth.end_sign_in": ({ sign_in_id }) => answering(connecting(endSignIn(sign_in_id)))
  })
}))
