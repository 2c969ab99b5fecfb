// Staff at the door: email and password, a lock after repeated failures, a short-lived token. Staff
// get no refresh token: a staff member who works longer than the token lasts signs in again.
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { Hex } from "effect/encoding"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import { SecureRandom } from "effect/crypto"
import { type Refusal, refuse } from "../../../domain/refusal.ts"
import { SignIns } from "../../../services/accounts/sign-ins.ts"
import { Passwords } from "../../../services/accounts/passwords.ts"
import { Staff, type StaffAccount } from "../../../services/accounts/staff.ts"
import type { Unavailable } from "../../../services/platform/unavailable.ts"
import { AccessTokens } from "../../public/auth/access-tokens.ts"

const failuresBeforeLock = 5
const lockMs = 15 * 60 * 1000

export interface StaffToken {
  readonly staff_id: string
  readonly access_token: string
  readonly expires_at: number
}

export class StaffSignIn extends Context.Service<StaffSignIn, {
  readonly signIn: (email: string, password: string) => Effect.Effect<StaffToken, Refusal | Unavailable>
}>()("halobestie/http/StaffSignIn") {}

// One answer for an unknown email, a wrong password and a disabled account: none is confirmed.
const wrong = refuse("CREDENTIALS_INVALID", "Email or password is wrong.")

const signInEvents = Metric.counter("staff_sign_ins", { incremental: true })

/** A line and a count for each: guessing must be seen while it goes on. */
const tell = (what: string, email: string) =>
  Effect.andThen(
    Metric.update(Metric.withAttributes(signInEvents, { what }), 1),
    (what === "staff signed in" ? Effect.logInfo : Effect.logWarning)(what).pipe(
      Effect.annotateLogs({ email: email.trim().replace(/^(.{2}).*(@.*)?$/, "$1...") })
    )
  )

const locked = (until: number, now: number) =>
  refuse("ACCOUNT_LOCKED", "Too many failed attempts. Please wait.", {
    retry_after_seconds: Math.ceil((until - now) / 1000)
  })

export const layer = Layer.effect(StaffSignIn)(
  Effect.gen(function*() {
    const staff = yield* Staff
    const passwords = yield* Passwords
    const signIns = yield* SignIns
    const tokens = yield* AccessTokens
    const random = yield* SecureRandom.SecureRandom
    // Compared when there is no such account, so that an unknown email takes as long as a known one.
    const nobodysHash = yield* passwords.hash(Hex.encode(yield* random.randomBytes(16)))

    const openSession = Effect.fnUntraced(function*(account: StaffAccount, now: number) {
      const id = yield* random.uuidV7()
      const owner = { user_type: "staff", user_id: account.id, auth_session_id: id } as const
      const { expires_at, token } = yield* tokens.sign(owner)
      yield* signIns.open({
        id,
        family_id: id,
        user_type: "staff",
        user_id: account.id,
        // A hash of no token: a staff sign-in cannot be refreshed.
        refresh_hash: Hex.encode(yield* random.randomBytes(32)),
        created_at: now,
        expires_at
      }, { only_one: false })
      return { staff_id: account.id, access_token: token, expires_at }
    })

    const signIn = Effect.fn("StaffSignIn.signIn")(function*(email: string, password: string) {
      const now = yield* Clock.currentTimeMillis
      const account = yield* staff.findStaffByEmail(email.trim())
      if (account !== null && account.locked_until !== null && account.locked_until > now) {
        return yield* locked(account.locked_until, now)
      }
      // Counted before it is compared: of any number of guesses at once no more are looked at than meant.
      const attempt = account === null
        ? 0
        : yield* staff.staffSignInFailed(account.id, failuresBeforeLock, now + lockMs, now)
      if (attempt > failuresBeforeLock) {
        yield* tell("staff sign-in locked", email)
        return yield* locked(now + lockMs, now)
      }
      const matches = yield* passwords.verify(password, account?.password_hash ?? nobodysHash)
      if (account === null || !account.is_active || !matches) {
        yield* tell("staff sign-in failed", email)
        return yield* wrong
      }
      yield* staff.staffSignedIn(account.id)
      yield* tell("staff signed in", email)
      return yield* openSession(account, now)
    })

    return StaffSignIn.of({ signIn })
  })
)
