// Sign-in times: how long codes and tokens live, what each refusal of a code says, and that a payment
// may be paid for exactly as long as staff set: to the millisecond, from the rows and the answers.
import type { OneTimeCodeRow } from "../../../testkit/memory/store/tables.ts"
import { answerOf, type MakeRule, type Phone, refusalOf } from "../rule.ts"
import type { Answer, CallFailure } from "../../clients/connection.ts"
import { Numbers } from "./numbers.ts"

const minute = 60_000
const codeLivesMs = 5 * minute
const codeCoolsMs = minute
const attemptsMax = 5
/** Asked for from one place, and from all together. */
const perPhoneHourly = 5
const perPhoneHourlyInTotal = 15
const refreshLivesMs = 30 * 24 * 60 * minute
const accessLivesMs = 60 * minute
/** Two clocks of servers differ by so much at most. */
const clockMs = 5_000

export const signInTimes: MakeRule = (context, complain) => {
  const { tables } = context
  const numbers = new Numbers(context)
  const codes = new Map<string, Array<OneTimeCodeRow>>()
  const askedAt = new Map<Phone, number>()
  /** A refresh token, the first time. */
  const shownAt = new Map<string, number>()

  const isExact = () => context.clocksTrueFor_ms() > clockMs

  const codeSent = (code: OneTimeCodeRow) => {
    const before = codes.get(code.phone) ?? []
    codes.set(code.phone, [...before, code])
    const lives = code.expires_at - code.created_at
    if (lives !== codeLivesMs) complain(`a code lives for ${lives} ms`)
    if (context.clocksTrueFor_ms() < codeCoolsMs) return
    const lately = before.filter(({ created_at }) => code.created_at - created_at < 60 * minute)
    const sameWay = lately.filter(({ ip }) => ip === code.ip)
    const ago = code.created_at - (sameWay.at(-1)?.created_at ?? Number.NEGATIVE_INFINITY)
    if (ago < codeCoolsMs) complain(`a code was sent ${ago} ms after another to the same phone`)
    if (sameWay.length >= perPhoneHourly || lately.length >= perPhoneHourlyInTotal) {
      complain(`${lately.length + 1} codes were sent to one phone within an hour`)
    }
  }

  const codeMoved = (before: OneTimeCodeRow, after: OneTimeCodeRow) => {
    if (before.used_at !== null && after.used_at !== before.used_at) complain("a code was used twice")
    if (after.attempts > attemptsMax) complain(`a code was tried ${after.attempts} times`)
    if (after.used_at !== null && after.used_at >= after.expires_at) {
      complain(`a code was used ${after.used_at - after.expires_at} ms after its end`)
    }
  }

  /** What a person is told of her code must be so. */
  const verified = (phone: Phone, payload: Answer, outcome: Answer | CallFailure) => {
    const all = codes.get(payload["phone"]) ?? []
    const newest = all.at(-1)
    // Codes that were asked for elsewhere stand beside hers.
    if (all.some(({ ip }) => ip !== newest?.ip)) return
    const code = refusalOf(outcome)
    const now = context.now_ms()
    const about = { people: [phone.name] }
    const tells = (isSo: boolean) =>
      isSo || complain(`${phone.name} was told ${code}, which is not so`, about)
    if (newest === undefined || !isExact()) return
    // A repeat crosses the code that it asks about: what it is told held when it arrived.
    const asked = askedAt.get(phone) ?? now
    if (newest.created_at > asked) return
    const row = tables.one_time_codes.get(newest.id) ?? newest
    if (code === "OTP_EXPIRED") tells(now >= row.expires_at)
    else if (code === "OTP_USED") tells(row.used_at !== null)
    else if (code === "OTP_ATTEMPTS_EXCEEDED") tells(row.attempts >= attemptsMax)
  }

  const askedForCode = (phone: Phone, payload: Answer, outcome: Answer | CallFailure) => {
    const asked = askedAt.get(phone)
    if (asked === undefined || !isExact()) return
    const all = (codes.get(payload["phone"]) ?? []).filter(({ created_at }) => created_at < asked)
    const last = all.at(-1)?.created_at ?? Number.NEGATIVE_INFINITY
    const code = refusalOf(outcome)
    const about = { people: [phone.name] }
    if (
      code === "OTP_COOLDOWN" && asked - last > codeCoolsMs && context.clocksTrueFor_ms() > 2 * codeCoolsMs
    ) {
      const newest = codes.get(payload["phone"])?.at(-1)?.created_at ?? 0
      if (newest < asked) complain(`${phone.name} waits for a code ${asked - last} ms after the last`, about)
    }
    const wait = (outcome as { readonly details?: Answer }).details?.["retry_after_seconds"]
    if (code === "OTP_COOLDOWN" && (wait < 1 || wait > codeCoolsMs / 1000)) {
      complain(`${phone.name} is told to wait for ${wait} s`, about)
    }
    const answer = answerOf(outcome)
    if (answer !== null && answer["next_code_after_seconds"] !== codeCoolsMs / 1000) {
      complain(`${phone.name} may have the next code after ${answer["next_code_after_seconds"]} s`, about)
    }
  }

  /** `age_ms`: since the token that is exchanged was shown first; shown again, it gets the same successor. */
  const tokens = (phone: Phone, answer: Answer, age_ms: number) => {
    const access = Date.parse(answer["access_expires_at"]) - context.now_ms()
    const refresh = Date.parse(answer["refresh_expires_at"]) - context.now_ms()
    const isLong = access <= accessLivesMs + clockMs && refresh <= refreshLivesMs + clockMs
    const isShort = access >= accessLivesMs - minute && refresh >= refreshLivesMs - minute - age_ms
    if (isLong && (isShort || context.owedFor_ms(phone) === 0)) return
    complain(`${phone.name} got tokens for ${access} and ${refresh} ms`, { people: [phone.name] })
  }

  return {
    rows: {
      settings: numbers.changed,
      one_time_codes: ({ after, before }) => {
        if (after === undefined) return
        if (before === undefined) codeSent(after)
        else codeMoved(before, after)
      },
      payment_requests: ({ after, before }) => {
        if (after === undefined) return
        const lives = (after.expires_at - after.created_at) / minute
        if (before === undefined && !numbers.may("payment_session_timeout_minutes", lives)) {
          complain(`a payment may be paid for ${lives} minutes`)
        }
        const hasExpired = after.status === "expired" && before?.status === "pending"
        const early = after.expires_at - context.now_ms()
        if (hasExpired && early > 0 && isExact()) complain(`a payment expired ${early} ms before its time`)
      }
    },
    sent: (phone, tag, payload) => {
      if (!tag.startsWith("auth.")) return
      askedAt.set(phone, context.now_ms())
      const shown: string | undefined = payload["refresh_token"]
      if (shown !== undefined && !shownAt.has(shown)) shownAt.set(shown, context.now_ms())
    },
    called: (phone, tag, payload, outcome) => {
      if (!tag.startsWith("auth.")) return
      if (tag === "auth.verify_code") verified(phone, payload, outcome)
      else if (tag === "auth.request_code") askedForCode(phone, payload, outcome)
      const answer = answerOf(outcome)
      if (answer?.["refresh_expires_at"] === undefined) return
      tokens(phone, answer, context.now_ms() - (shownAt.get(payload["refresh_token"]) ?? context.now_ms()))
    }
  }
}
