// Staff at the door: email and password, the second factor where there is one, a lock after repeated
// failures, a short-lived token. Staff get no refresh token: whoever is signed in may have another hour until
// the sign-in is twelve hours old. Who came in, and who tried, is in the audit log.
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { Hex } from "effect/encoding"
import * as Layer from "effect/Layer"
import { SecureRandom } from "effect/crypto"
import { type Refusal, refuse } from "../../../domain/refusal.ts"
import { SignIns } from "../../../services/accounts/sign-ins.ts"
import { Passwords } from "../../../services/accounts/passwords.ts"
import { Staff, type StaffAccount } from "../../../services/accounts/staff.ts"
import { StaffProofs } from "../../../services/accounts/staff-proofs.ts"
import type { Unavailable } from "../../../services/platform/unavailable.ts"
import { accessLifetimeSeconds, AccessTokens } from "../../public/auth/access-tokens.ts"
import { countAttempt, forgiveAttempts, tellStaffEvent } from "./password-attempts.ts"
import { isOn, takeCode } from "./second-factor.ts"
import { entryBy } from "../change-entry.ts"

export interface StaffToken {
  readonly staff_id: string
  readonly access_token: string
  readonly expires_at: number
}

export interface SignInAttempt {
  readonly email: string
  readonly password: string
  /** Of the second factor, where one is asked for. */
  readonly code: string | null
  readonly address: string
}

export class StaffSignIn extends Context.Service<StaffSignIn, {
  readonly signIn: (attempt: SignInAttempt) => Effect.Effect<StaffToken, Refusal | Unavailable>
}>()("halobestie/http/StaffSignIn") {}

// One answer for an unknown email, a wrong password and a disabled account: none is confirmed.
const wrong = refuse("CREDENTIALS_INVALID", "Email or password is wrong.")
const codeNeeded = refuse("SECOND_FACTOR_REQUIRED", "Give the code of your authenticator app, too.")
export const wrongCode = refuse("SECOND_FACTOR_INVALID", "This code is wrong, or was used already.")

const audit = Effect.fnUntraced(
  function*(action: string, { id }: StaffAccount, { address }: SignInAttempt) {
    const entry = yield* entryBy({ staff_id: id, peer: address }, action, "staff", id)
    yield* (yield* Staff).appendAudit({ ...entry, before: null, after: null })
  }
)

/** A token with its row: the first one of a sign-in, or another one. */
const grant = Effect.fnUntraced(
  function*(staff_id: string, now: number, row: { readonly id: string; readonly family_id: string }) {
    const owner = { user_type: "staff", user_id: staff_id, auth_session_id: row.family_id } as const
    const { expires_at, token } = yield* (yield* AccessTokens).sign(owner)
    // A hash of no token: nothing that staff keep can be exchanged.
    const refresh_hash = Hex.encode(yield* (yield* SecureRandom.SecureRandom).randomBytes(32))
    const { user_id, user_type } = owner
    yield* (yield* SignIns).open(
      { ...row, user_type, user_id, refresh_hash, created_at: now, expires_at },
      { only_one: false }
    )
    return { staff_id, access_token: token, expires_at }
  }
)

const openSession = Effect.fnUntraced(function*(account: StaffAccount, now: number) {
  const id = yield* (yield* SecureRandom.SecureRandom).uuidV7()
  const opened = yield* grant(account.id, now, { id, family_id: id })
  yield* (yield* StaffProofs).prove(id, now)
  return opened
})

/** After so long somebody has to say again who is there. */
const signInMaxMs = 12 * 3_600_000

const tooOld = refuse("TOKEN_EXPIRED", "This sign-in is nearly twelve hours old. Sign in again.")

/** Another hour for this sign-in; it proves nothing anew. */
export const prolong = Effect.fnUntraced(
  function*({ auth_session_id, user_id }: { readonly auth_session_id: string; readonly user_id: string }) {
    const now = yield* Clock.currentTimeMillis
    const open = yield* (yield* SignIns).listOf({ user_type: "staff", user_id }, now)
    const mine = open.find((one) => one.family_id === auth_session_id)
    const end = now + accessLifetimeSeconds * 1000
    if (mine === undefined || end > mine.opened_at + signInMaxMs) return yield* tooOld
    const id = yield* (yield* SecureRandom.SecureRandom).uuidV7()
    return yield* grant(user_id, now, { id, family_id: auth_session_id })
  }
)

/** Nothing where there is none; a code that is asked for is no failure yet. */
const passSecondFactor = Effect.fnUntraced(
  function*(account: StaffAccount, attempt: SignInAttempt, now: number) {
    const factor = yield* (yield* StaffProofs).secondFactor(account.id)
    if (!isOn(factor)) return
    if (attempt.code === null) return yield* codeNeeded
    if (yield* takeCode(account.id, factor.secret, attempt.code, now)) return
    yield* audit("staff.sign_in_failed", account, attempt)
    yield* tellStaffEvent("second_factor_failed", attempt.email, attempt.address)
    return yield* wrongCode
  }
)

/** `nobodysHash` is compared when there is no such account: an unknown email takes as long as a known one. */
const signIn = (nobodysHash: string) =>
  Effect.fn("StaffSignIn.signIn")(function*(attempt: SignInAttempt) {
    const { address, email, password } = attempt
    const now = yield* Clock.currentTimeMillis
    const account = yield* (yield* Staff).findStaffByEmail(email.trim())
    yield* countAttempt({ email, account, address, now })
    const matches = yield* (yield* Passwords).verify(password, account?.password_hash ?? nobodysHash)
    if (account === null || !account.is_active || !matches) {
      if (account !== null) yield* audit("staff.sign_in_failed", account, attempt)
      yield* tellStaffEvent("sign_in_failed", email, address)
      return yield* wrong
    }
    yield* passSecondFactor(account, attempt, now)
    yield* forgiveAttempts(account, address)
    const opened = yield* openSession(account, now)
    yield* audit("staff.sign_in", account, attempt)
    yield* tellStaffEvent("signed_in", email, address)
    return opened
  })

type Needs = AccessTokens | Passwords | SecureRandom.SecureRandom | SignIns | Staff | StaffProofs

export const layer = Layer.effect(StaffSignIn)(
  Effect.gen(function*() {
    const services = yield* Effect.context<Needs>()
    const random = yield* SecureRandom.SecureRandom
    const attempt = signIn(yield* (yield* Passwords).hash(Hex.encode(yield* random.randomBytes(16))))
    return StaffSignIn.of({ signIn: (given) => Effect.provideContext(attempt(given), services) })
  })
)
