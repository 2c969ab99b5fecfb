// SignIn: how a person gets tokens: as an anonymous customer, with a proven phone or with a refresh token.
// Opens, rotates and ends auth sessions; what ends is told on the bus.
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { SecureRandom } from "effect/crypto"
import type { ProvenTokens, Tokens } from "../../../contract/public/auth.ts"
import { instant } from "../../../contract/fields.ts"
import { type Refusal, refuse } from "../../../domain/refusal.ts"
import { signInPushDelayMs, signInPushLifeMs } from "../../../domain/push.ts"
import { isName, isReservedName } from "../../../domain/text.ts"
import {
  type AuthSession,
  type OpenSignIn,
  type Rotation,
  SignIns
} from "../../../services/accounts/sign-ins.ts"
import { Bus, revoked, type Topic } from "../../../services/bus/bus.ts"
import { CodeSender } from "../../../services/accounts/code-sender.ts"
import { Accounts } from "../../../services/accounts/accounts.ts"
import { count } from "../../../services/operations/figures.ts"
import { RateLimits } from "../../../services/platform/rate-limits.ts"
import type { Unavailable } from "../../../services/platform/unavailable.ts"
import { Quotas, within, withinNetwork } from "../quotas.ts"
import { AccessTokens, secretsOf, signerOf } from "./access-tokens.ts"
import { tellRateLimited, tellSecurityEvent } from "../../security-events.ts"
import { Connection, type Principal } from "../../socket/connection.ts"
import { closeAfterAnswer } from "../../socket/own-sockets.ts"
import { makePhoneCodes, type PhoneCodeOptions } from "./phone-codes.ts"
import type { PhoneAsk } from "./phone-owners.ts"
import {
  hashRefreshToken,
  makeRefreshToken,
  refreshGraceMs,
  refreshLifetimeMs,
  successorOf
} from "./refresh-tokens.ts"

type Answer<A> = Effect.Effect<A, Refusal | Unavailable>

export class SignIn extends Context.Service<SignIn, {
  readonly anonymous: (callName: string, remote_address: string) => Answer<Tokens>
  readonly requestCode: (
    ask: PhoneAsk
  ) => Answer<{ readonly expires_at: number; readonly next_code_after_seconds: number }>
  readonly verifyCode: (ask: PhoneAsk, code: string) => Answer<ProvenTokens>
  readonly refresh: (refreshToken: string) => Answer<Tokens>
  /** Ends this sign-in, or all of this person. Its sockets are closed a moment after the answer. */
  readonly signOut: (principal: Principal, everywhere: boolean) => Effect.Effect<void, Unavailable>
  /** The sign-ins of this person that are still good, newest first. */
  readonly list: (principal: Principal) => Effect.Effect<ReadonlyArray<OpenSignIn>, Unavailable>
  /** Ends one of them, with its sockets; which may be this very one. */
  readonly end: (principal: Principal, signInId: string) => Answer<void>
}>()("halobestie/http/SignIn") {}

type Owner = Pick<AuthSession, "user_id"> & { readonly user_type: "customer" | "mitra" }

const inactive = refuse("ACCOUNT_INACTIVE", "This account is not active. Please contact support.")

const tokensFor = Effect.fnUntraced(function*(owner: Owner, session: AuthSession, refreshToken: string) {
  const rotated = session.id === session.family_id ? {} : { rotated_row: session.id }
  const access = yield* (yield* AccessTokens).sign({
    ...owner,
    ...rotated,
    auth_session_id: session.family_id
  })
  return {
    ...owner,
    access_token: access.token,
    access_expires_at: instant(access.expires_at),
    refresh_token: refreshToken,
    refresh_expires_at: instant(session.expires_at)
  }
})

/** Sockets of these sign-ins are closed on whichever runner holds them. */
const publishRevoked = Effect.fnUntraced(function*(topic: Topic, families: ReadonlyArray<string>) {
  const bus = yield* Bus
  yield* bus.publish(families.map((family) => revoked(topic, family)))
})

/**
 * A deactivation that ran between our check and our write may not have seen the session we wrote, so
 * look again. Whatever slips through both is refused by TokenVerifier, which asks about the account.
 */
const stillActive = Effect.fnUntraced(function*(owner: Owner, familyId: string) {
  if (owner.user_type !== "mitra") return
  const mitra = yield* (yield* Accounts).findMitra(owner.user_id)
  if (mitra?.is_active === true) return
  yield* (yield* SignIns).revokeFamily(familyId, "deactivated", yield* Clock.currentTimeMillis)
  return yield* inactive
})

/** The phones on which the person is signed in already are told: if it was not them, they can end it. */
const tellOthers = Effect.fnUntraced(function*({ user_id, user_type }: Owner, family: string, at: number) {
  const topic = `${user_type}:${user_id}` as const
  yield* (yield* Bus).publish([{ topic, event: { _tag: "SignedIn", auth_session_id: family, at } }])
})

/** For those whose app is closed. */
const noticeAt = (now: number) => ({ due_at: now + signInPushDelayMs, expires_at: now + signInPushLifeMs })

const open = Effect.fnUntraced(function*(owner: Owner, by: "new" | "proven") {
  const random = yield* SecureRandom.SecureRandom
  const now = yield* Clock.currentTimeMillis
  const id = yield* random.uuidV7()
  const refresh = yield* makeRefreshToken
  const session: AuthSession = {
    ...owner,
    id,
    family_id: id,
    refresh_hash: refresh.hash,
    created_at: now,
    expires_at: now + refreshLifetimeMs
  }
  const signIns = yield* SignIns
  // A mitra has one live device: her other sign-ins end here. A new account has no others.
  const { revoked_families } = yield* signIns.open(session, {
    only_one: owner.user_type === "mitra",
    ...(by === "proven" ? { notice: noticeAt(now) } : {})
  })
  yield* publishRevoked(`${owner.user_type}:${owner.user_id}`, revoked_families)
  yield* stillActive(owner, session.family_id)
  if (by === "proven" && owner.user_type === "customer") yield* tellOthers(owner, session.family_id, now)
  count("sign_ins_total", [owner.user_type, "opened"])
  yield* Effect.logInfo("signed in").pipe(
    Effect.annotateLogs({ ...owner, auth_session_id: id, signed_out_elsewhere: revoked_families.length })
  )
  return yield* tokensFor(owner, session, refresh.token)
})

const badName = refuse(
  "BAD_REQUEST",
  "A call name needs a character that can be seen, and has no line ends, control or direction characters."
)
const reservedName = refuse("BAD_REQUEST", "This call name reads as one of ours. Choose another one.")

/** Accounts are free, so an address gets as many as the phones behind it need. */
const mayHaveAnother = Effect.fnUntraced(function*(remote_address: string) {
  yield* withinNetwork("sign_ups_per_network_minute", remote_address)
  yield* withinNetwork("sign_ups_per_network", remote_address)
  yield* within("sign_ups_in_total", "everybody")
})

const anonymous = Effect.fnUntraced(function*(callName: string, remote_address: string) {
  const call_name = callName.trim()
  if (!isName(call_name)) return yield* badName
  if (isReservedName(call_name)) return yield* reservedName
  yield* mayHaveAnother(remote_address)
  const random = yield* SecureRandom.SecureRandom
  const created_at = yield* Clock.currentTimeMillis
  const id = yield* random.uuidV7()
  yield* (yield* Accounts).createCustomer({ id, call_name, phone: null, created_at })
  return yield* open({ user_type: "customer", user_id: id }, "new")
})

const notRotated = Effect.fnUntraced(function*(rotation: Exclude<Rotation, { readonly _tag: "Rotated" }>) {
  count("sign_ins_total", ["unknown", "refresh_refused"])
  if (rotation._tag === "TooOften") {
    yield* tellRateLimited("refreshes", rotation.family_id)
    return yield* refuse("RATE_LIMITED", "This sign-in was refreshed too often. Please wait.", {
      limit: "refreshes",
      retry_after_seconds: Math.ceil(rotation.retry_after_ms / 1000)
    })
  }
  if (rotation._tag !== "Reused") {
    return yield* refuse("REFRESH_INVALID", "This refresh token is not valid any more. Sign in again.")
  }
  const from = Option.getOrUndefined(yield* Effect.serviceOption(Connection))
  yield* tellSecurityEvent("refresh_reused", from?.remote_address ?? "unknown", rotation.user_id)
  yield* publishRevoked(`${rotation.user_type}:${rotation.user_id}`, [rotation.family_id])
  return yield* refuse("REFRESH_REUSED", "This refresh token was used before. Sign in again.")
})

const refresh = Effect.fnUntraced(function*(key: Uint8Array, refreshToken: string) {
  const random = yield* SecureRandom.SecureRandom
  const now = yield* Clock.currentTimeMillis
  const next = successorOf(key, refreshToken)
  const rotation = yield* (yield* SignIns).rotate({
    refresh_hash: hashRefreshToken(refreshToken),
    next: { id: yield* random.uuidV7(), refresh_hash: next.hash, expires_at: now + refreshLifetimeMs },
    now,
    grace_ms: refreshGraceMs
  })
  if (rotation._tag !== "Rotated") return yield* notRotated(rotation)
  const { family_id, user_id, user_type } = rotation.session
  // Staff tokens are the internal listener's; they buy nothing here.
  if (user_type === "staff") return yield* notRotated({ _tag: "Unknown" })
  const owner: Owner = { user_type, user_id }
  yield* stillActive(owner, family_id)
  return yield* tokensFor(owner, rotation.session, next.token)
})

const signOut = Effect.fnUntraced(function*(principal: Principal, everywhere: boolean) {
  const { auth_session_id, user_id, user_type } = principal
  const signIns = yield* SignIns
  const now = yield* Clock.currentTimeMillis
  if (everywhere) yield* signIns.revokeAllOf(user_type, user_id, "signed_out", now)
  else yield* signIns.revokeFamily(auth_session_id, "signed_out", now)
  yield* closeAfterAnswer(`${user_type}:${user_id}`, everywhere ? null : auth_session_id)
}, Effect.uninterruptible)

const list = ({ user_id, user_type }: Principal) =>
  Effect.gen(function*() {
    return yield* (yield* SignIns).listOf({ user_type, user_id }, yield* Clock.currentTimeMillis)
  })

/** Only one's own: another person's is answered as if there were none. */
const end = Effect.fnUntraced(function*(principal: Principal, signInId: string) {
  const { user_id, user_type } = principal
  const isTheirs = yield* (yield* SignIns).isLive(signInId, { user_type, user_id })
  if (!isTheirs) {
    return yield* refuse("NOT_FOUND", "There is no such sign-in, or it has ended.", { sign_in_id: signInId })
  }
  yield* signOut({ ...principal, auth_session_id: signInId }, false)
})

type Needs =
  | AccessTokens
  | SignIns
  | Bus
  | CodeSender
  | Accounts
  | RateLimits
  | SecureRandom.SecureRandom

export const layer = (options: PhoneCodeOptions) =>
  Layer.effect(SignIn)(Effect.gen(function*() {
    const services = Context.pick(
      Quotas,
      AccessTokens,
      SignIns,
      Bus,
      CodeSender,
      Accounts,
      RateLimits,
      SecureRandom.SecureRandom
    )(yield* Effect.context<Needs>())
    const codes = makePhoneCodes(options)
    const key = signerOf(secretsOf(options.secrets))
    return SignIn.of({
      anonymous: (callName, remote_address) =>
        Effect.provideContext(anonymous(callName, remote_address), services),
      requestCode: (ask) => Effect.provideContext(codes.request(ask), services),
      verifyCode: (ask, code) =>
        codes.prove(ask, code).pipe(
          Effect.flatMap(({ account_belongs_to, ...owner }) =>
            Effect.map(open(owner, "proven"), (tokens) => ({ ...tokens, account_belongs_to }))
          ),
          Effect.provideContext(services)
        ),
      refresh: (refreshToken) => Effect.provideContext(refresh(key, refreshToken), services),
      signOut: (principal, everywhere) => Effect.provideContext(signOut(principal, everywhere), services),
      list: (principal) => Effect.provideContext(list(principal), services),
      end: (principal, signInId) => Effect.provideContext(end(principal, signInId), services)
    })
  }))
