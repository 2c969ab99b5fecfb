// The second factor: codes of an authenticator app (TOTP, RFC 6238: SHA-1, six digits, 30 seconds, as every
// app has it) and the recovery codes for when the phone is gone. What is stored of those is their hash.
import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import { SecureRandom } from "effect/crypto"
import { Secret, TOTP } from "otpauth"
import { type SecondFactor, StaffProofs } from "../../../services/accounts/staff-proofs.ts"

const stepMs = 30_000
/** A phone's clock may be one step off, either way. */
const stepsOff = 1
const secretBytes = 20
const recoveryCodes = 10
const recoveryBytes = 10

const totpOf = (secret: string, label: string) =>
  new TOTP({ issuer: "Halobestie", label, secret, algorithm: "SHA1", digits: 6, period: stepMs / 1000 })

/** For an authenticator app: to scan, and to type. */
export const newSecret = Effect.fnUntraced(function*(label: string) {
  const bytes = yield* (yield* SecureRandom.SecureRandom).randomBytes(secretBytes)
  const secret = new Secret({ buffer: new Uint8Array(bytes).buffer }).base32
  return { secret, uri: totpOf(secret, label).toString() }
})

/** The time step whose code this is; null for none that is near. */
export const stepOf = (secret: string, code: string, now: number): number | null => {
  if (!/^\d{6}$/.test(code)) return null
  const off = totpOf(secret, "").validate({ token: code, timestamp: now, window: stepsOff })
  return off === null ? null : Math.floor(now / stepMs) + off
}

/** `abcd-efgh...` as people type it: case, blanks and dashes do not matter. */
const plain = (code: string): string => code.toLowerCase().replace(/[\s-]/g, "")

/** They are random enough that nobody guesses one from its hash. */
export const recoveryHash = (staffId: string, code: string): string =>
  createHash("sha256").update(`${staffId}/${plain(code)}`).digest("hex")

export const newRecoveryCodes = Effect.gen(function*() {
  const bytes = yield* (yield* SecureRandom.SecureRandom).randomBytes(recoveryCodes * recoveryBytes)
  return Array.from({ length: recoveryCodes }, (_, n) => {
    const part = new Uint8Array(bytes.slice(n * recoveryBytes, (n + 1) * recoveryBytes))
    const text = new Secret({ buffer: part.buffer }).base32.toLowerCase()
    return text.replace(/(.{4})(?=.)/g, "$1-")
  })
})

/** Whether it is asked for: one that was only begun is not. */
export const isOn = (
  factor: SecondFactor | null
): factor is SecondFactor & { readonly confirmed_at: number } =>
  factor !== null && factor.confirmed_at !== null

/** Whether this code of an app, or recovery code, is good now. It is good once. */
export const takeCode = Effect.fnUntraced(function*(
  staffId: string,
  secret: string,
  given: string,
  now: number
) {
  const proofs = yield* StaffProofs
  const code = given.replaceAll(/\s/g, "")
  const step = stepOf(secret, code, now)
  if (step !== null) return yield* proofs.takeStep(staffId, step)
  return yield* proofs.takeRecoveryCode(staffId, recoveryHash(staffId, given))
})
