// Phone codes: a person proves a phone with six digits. Decides what may be sent and what counts as
// proof; the limits themselves are counted from rows by SignIns.
import { createHmac } from "node:crypto"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import { SecureRandom } from "effect/crypto"
import { refuse } from "../../../domain/refusal.ts"
import { CodeSender } from "../../../services/accounts/code-sender.ts"
import { type Checked, type CodeLimits, type Issued, SignIns } from "../../../services/accounts/sign-ins.ts"
import { networkOf } from "../networks.ts"
import { Quotas, within, withinAccount, withinGuesses, withinNetwork, withinRange } from "../quotas.ts"
import { tellRateLimited, tellSecurityEvent } from "../../security-events.ts"
import { secretsOf } from "./access-tokens.ts"
import { askerOf, claim, mayAsk, type PhoneAsk } from "./phone-owners.ts"
import * as RealTime from "../../../services/platform/real-time.ts"

export const codeLifetimeMs = 5 * 60_000
export const codeAttemptsMax = 5
export const codeLimits: Omit<CodeLimits, "now"> = {
  cooldown_ms: 60_000,
  per_phone_hourly: 5,
  per_phone_hourly_in_total: 15,
  // Several besties may share one office line.
  per_ip_hourly: 30
}
/** More than anybody types. */
const unhurried: typeof codeLimits = {
  cooldown_ms: 0,
  per_phone_hourly: 1_000,
  per_phone_hourly_in_total: 1_000,
  per_ip_hourly: 1_000
}

const limitsFor = (phone: string) =>
  Effect.map(
    Quotas,
    ({ free_of_cooldown }) => free_of_cooldown.includes(phone) ? unhurried : codeLimits
  )

export interface PhoneCodeOptions {
  readonly secrets: Redacted.Redacted
  /** Accepted for every phone; null in production, where only the sent code counts. */
  readonly dev_code: string | null
  /** Whether the codes staff chose for test numbers count: only while no provider sends codes. */
  readonly test_numbers: boolean
}

const seconds = (ms: number): number => Math.ceil(ms / 1000)

const limitOf = { Cooldown: "codes_cooldown", PhoneLimit: "codes_phone", IpLimit: "codes_address" } as const

const limited = (issued: Exclude<Issued, { readonly _tag: "Issued" }>) => {
  const details = { limit: limitOf[issued._tag], retry_after_seconds: seconds(issued.retry_after_ms) }
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
      return refuse("WRONG_FLOW", "You have not asked for a code for this phone. Ask for one first.")
  }
}

const providerFailed = refuse(
  "OTP_PROVIDER_FAILED",
  "The code could not be sent. Please try again in a minute.",
  { retry_after_seconds: seconds(codeLimits.cooldown_ms) }
)

/** Longer than the sender's own attempts take together, shorter than a caller's patience. */
const sendingMax = "15 seconds"

const send = (phone: string, code: string) =>
  Effect.flatMap(CodeSender, (sender) => sender.send(phone, code)).pipe(
    RealTime.timeout(sendingMax),
    Effect.tapError((error) => Effect.logWarning("a one-time code was not sent", error)),
    Effect.mapError(() => providerFailed)
  )

const notBeforeTomorrow = 24 * 60 * 60

/** Each code is paid for: only where phones of ours are, and only so many a day. */
const mayCost = Effect.fnUntraced(function*({ by, phone, remote_address }: PhoneAsk) {
  const { code_countries } = yield* Quotas
  if (code_countries.length > 0 && !code_countries.some((country) => phone.startsWith(country))) {
    yield* tellRateLimited("code_countries", phone)
    return yield* refuse("PHONE_NOT_SERVED", "Phones of this country cannot be reached from here.", {
      limit: "code_countries",
      countries: code_countries,
      // Which countries are served changes with a deployment, not with waiting.
      retry_after_seconds: notBeforeTomorrow
    })
  }
  if (by !== null) yield* withinAccount("codes_per_account", "codes_per_new_account", by.user_id)
  yield* withinNetwork("codes_per_network", remote_address)
  yield* withinRange(phone, remote_address)
  yield* within("codes_in_total", "everybody")
})

const randomCode = Effect.gen(function*() {
  const random = yield* SecureRandom.SecureRandom
  return String(yield* random.intBetween(0, 999_999)).padStart(6, "0")
})

export const makePhoneCodes = (options: PhoneCodeOptions) => {
  const secrets = secretsOf(options.secrets)
  const [first] = secrets
  if (first === undefined) throw new Error("AUTH_JWT_SECRET needs at least one secret")
  const hashWith = (secret: Uint8Array, { phone, user_type }: PhoneAsk, code: string) =>
    createHmac("sha256", secret).update(`${user_type}:${phone}:${code}`).digest("hex")

  const request = Effect.fnUntraced(function*(ask: PhoneAsk) {
    yield* mayAsk(ask)
    yield* mayCost(ask)
    const chosen = options.test_numbers ? yield* (yield* SignIns).testCodeOf(ask.phone) : null
    const code = chosen ?? (yield* randomCode)
    const now = yield* Clock.currentTimeMillis
    const limits = yield* limitsFor(ask.phone)
    const issued = yield* (yield* SignIns).issueCode({
      id: yield* (yield* SecureRandom.SecureRandom).uuidV7(),
      phone: ask.phone,
      user_type: ask.user_type,
      code_hash: hashWith(first, ask, code),
      ip: networkOf(ask.remote_address),
      asked_by: askerOf(ask),
      created_at: now,
      expires_at: now + codeLifetimeMs
    }, { ...limits, now })
    if (issued._tag !== "Issued") {
      yield* tellRateLimited(limitOf[issued._tag], ask.phone)
      return yield* limited(issued)
    }
    // Stored before it is sent: a code that arrives is always one we know. A tester knows theirs.
    if (chosen === null) yield* send(ask.phone, code)
    return { expires_at: now + codeLifetimeMs, next_code_after_seconds: seconds(limits.cooldown_ms) }
  })

  const prove = Effect.fnUntraced(function*(ask: PhoneAsk, code: string) {
    if (!/^[0-9]{6}$/.test(code)) return yield* refuse("CODE_INVALID", "A code has six digits.")
    yield* mayAsk(ask)
    yield* withinGuesses(ask.phone, ask.remote_address)
    if (options.dev_code === null || code !== options.dev_code) {
      const checked = yield* (yield* SignIns).checkCode({
        phone: ask.phone,
        user_type: ask.user_type,
        asked_by: askerOf(ask),
        // Sent before a key was rotated, or by a runner that has not heard of it yet.
        code_hashes: secrets.map((secret) => hashWith(secret, ask, code)),
        attempts_max: codeAttemptsMax,
        now: yield* Clock.currentTimeMillis
      })
      if (checked !== "matched") {
        yield* tellSecurityEvent("code_refused", ask.remote_address, ask.phone)
        return yield* disproved(checked)
      }
    }
    return yield* claim(ask)
  })

  return { request, prove }
}
