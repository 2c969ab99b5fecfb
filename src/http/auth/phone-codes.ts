// Phone codes: a mitra proves her phone with six digits. Decides what may be sent and what counts as
// proof; the limits themselves are counted from rows by OneTimeCodes.
import { createHmac } from "node:crypto"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import { SecureRandom } from "effect/crypto"
import { refuse } from "../../domain/refusal.ts"
import { CodeSender } from "../../services/code-sender.ts"
import { type Checked, type CodeLimits, type Issued, OneTimeCodes } from "../../services/one-time-codes.ts"
import { People } from "../../services/people.ts"
import { secretsOf } from "./access-tokens.ts"

export const codeLifetimeMs = 5 * 60_000
export const codeAttemptsMax = 5
export const codeLimits: Omit<CodeLimits, "now"> = {
  cooldown_ms: 60_000,
  per_phone_hourly: 5,
  // Several besties may share one office line.
  per_ip_hourly: 30
}

export interface PhoneCodeOptions {
  readonly secrets: Redacted.Redacted
  /** Accepted for every phone; null in production, where only the sent code counts. */
  readonly dev_code: string | null
}

const seconds = (ms: number): number => Math.ceil(ms / 1000)

const limited = (issued: Exclude<Issued, { readonly _tag: "Issued" }>) => {
  const details = { retry_after_seconds: seconds(issued.retry_after_ms) }
  switch (issued._tag) {
    case "Cooldown":
      return refuse("OTP_COOLDOWN", "A code was just sent. Please wait before asking again.", details)
    case "PhoneLimit":
      return refuse("OTP_RATE_LIMIT_PHONE", "Too many codes for this phone. Please try later.", details)
    case "IpLimit":
      return refuse("OTP_RATE_LIMIT_IP", "Too many codes from this network. Please try later.", details)
  }
}

const disproved = (checked: Exclude<Checked, "matched">) => {
  switch (checked) {
    case "mismatch":
      return refuse("CODE_MISMATCH", "This is not the code that was sent.")
    case "attempts_exceeded":
      return refuse("OTP_ATTEMPTS_EXCEEDED", "Too many wrong codes. Ask for a new one.")
    case "expired":
      return refuse("OTP_EXPIRED", "This code has run out. Ask for a new one.")
    case "used":
      return refuse("OTP_USED", "This code was already used. Ask for a new one.")
    case "unknown":
      return refuse("WRONG_FLOW", "No code was sent to this phone. Ask for one first.")
  }
}

/** The active mitra behind a phone, or why she may not come in. */
const activeMitra = Effect.fnUntraced(function*(phone: string) {
  if (!/^\+[1-9][0-9]{6,14}$/.test(phone)) {
    return yield* refuse("PHONE_INVALID", "A phone number looks like +628123456789.", { given: phone })
  }
  const people = yield* People
  const mitra = yield* people.findMitraByPhone(phone)
  if (mitra === null) return yield* refuse("ACCOUNT_NOT_FOUND", "No bestie is registered with this phone.")
  if (!mitra.is_active) {
    return yield* refuse("ACCOUNT_INACTIVE", "This account is not active. Please contact support.")
  }
  return mitra
})

export const makePhoneCodes = (options: PhoneCodeOptions) => {
  const [secret] = secretsOf(options.secrets)
  if (secret === undefined) throw new Error("AUTH_JWT_SECRET needs at least one secret")
  const hash = (phone: string, code: string) =>
    createHmac("sha256", secret).update(`mitra:${phone}:${code}`).digest("hex")

  const request = Effect.fnUntraced(function*(phone: string, ip: string) {
    yield* activeMitra(phone)
    const random = yield* SecureRandom.SecureRandom
    const code = String(yield* random.intBetween(0, 999_999)).padStart(6, "0")
    const now = yield* Clock.currentTimeMillis
    const issued = yield* (yield* OneTimeCodes).issue({
      id: yield* random.uuidV7(),
      phone,
      user_type: "mitra",
      code_hash: hash(phone, code),
      ip,
      created_at: now,
      expires_at: now + codeLifetimeMs
    }, { ...codeLimits, now })
    if (issued._tag !== "Issued") return yield* limited(issued)
    // Stored before it is sent: a code that arrives is always one we know.
    yield* (yield* CodeSender).send(phone, code).pipe(
      Effect.timeout("10 seconds"),
      Effect.tapError((error) => Effect.logWarning("a one-time code was not sent", error)),
      Effect.mapError(() =>
        refuse("OTP_PROVIDER_FAILED", "The code could not be sent. Please try again in a minute.", {
          retry_after_seconds: seconds(codeLimits.cooldown_ms)
        })
      )
    )
    return { expires_at: now + codeLifetimeMs, next_code_after_seconds: seconds(codeLimits.cooldown_ms) }
  })

  const prove = Effect.fnUntraced(function*(phone: string, code: string) {
    if (!/^[0-9]{6}$/.test(code)) return yield* refuse("CODE_INVALID", "A code has six digits.")
    const mitra = yield* activeMitra(phone)
    if (options.dev_code !== null && code === options.dev_code) return mitra
    const checked = yield* (yield* OneTimeCodes).check({
      phone,
      user_type: "mitra",
      code_hash: hash(phone, code),
      attempts_max: codeAttemptsMax,
      now: yield* Clock.currentTimeMillis
    })
    if (checked !== "matched") return yield* disproved(checked)
    return mitra
  })

  return { request, prove }
}
