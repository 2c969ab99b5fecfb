// Which refusals a run has reached, by code: what no client is ever told is tested by no world. The codes are
// written down here from docs/wire.md, so that a report can name those that were never reached.
import type { MakeRule } from "./checkers/rule.ts"
import { refusalOf } from "./checkers/rule.ts"

/** By section of docs/wire.md. */
export const refusals: ReadonlyArray<string> = [
  ["BAD_REQUEST", "UNKNOWN_METHOD", "TOO_MANY_REQUESTS", "RATE_LIMITED", "NOT_SIGNED_IN", "TOKEN_INVALID"],
  ["TOKEN_EXPIRED", "FORBIDDEN", "NOT_FOUND"],
  ["ACCOUNT_NOT_FOUND", "ACCOUNT_INACTIVE", "ACCOUNT_LOCKED", "CREDENTIALS_INVALID", "REFRESH_INVALID"],
  ["REFRESH_REUSED", "PHONE_INVALID", "PHONE_NOT_SERVED", "OTP_COOLDOWN", "OTP_RATE_LIMIT_PHONE"],
  ["OTP_RATE_LIMIT_IP", "CODE_INVALID", "CODE_MISMATCH", "OTP_ATTEMPTS_EXCEEDED", "OTP_EXPIRED", "OTP_USED"],
  ["WRONG_FLOW", "OTP_PROVIDER_FAILED"],
  ["TIER_NOT_FOUND", "PAYMENT_NOT_FOUND", "PAYMENT_NOT_PENDING", "TOO_MANY_OPEN_PAYMENTS"],
  ["PAYMENT_PROVIDER_FAILED", "ALREADY_ACTIVE", "MITRA_NOT_FOUND"],
  ["OFFER_NOT_FOUND", "OFFER_TAKEN", "OFFER_CANCELLED", "OFFER_EXPIRED", "OFFER_CLOSED", "MITRA_AT_CAPACITY"],
  ["MITRA_NOT_ONLINE"],
  ["SESSION_NOT_FOUND", "NOT_A_PARTICIPANT", "SESSION_NOT_ACTIVE", "SESSION_CLOSING", "SESSION_OVER"],
  [
    "SESSION_REROUTED",
    "SESSION_PAUSED",
    "REQUEST_NOT_OPEN",
    "END_NOT_ALLOWED",
    "TOPIC_NOT_ALLOWED",
    "EXTENSION_PENDING"
  ],
  ["EXTENSION_RESOLVED", "MESSAGE_EMPTY", "MESSAGE_TOO_LONG"],
  ["SAME_MITRA", "TOO_MANY_REROUTES", "PROPOSAL_NOT_FOUND", "PROPOSAL_DECIDED", "SETTING_UNKNOWN"],
  ["SETTING_INVALID", "STALE_WRITE", "NOTHING_TO_RESOLVE", "ALREADY_RESOLVED", "EMAIL_TAKEN", "PHONE_TAKEN"],
  ["SECOND_FACTOR_REQUIRED", "SECOND_FACTOR_INVALID", "SECOND_FACTOR_ON", "STEP_UP_REQUIRED"],
  ["LAST_ADMIN", "TOO_MANY_TEST_NUMBERS", "NOT_THIS_RUNNER"],
  ["ACCOUNT_PAUSED", "ACCOUNT_BUSY", "TOO_MANY_BLOCKS", "NOBODY_MET"],
  ["PAIR_BLOCKED", "MITRA_DRAINING", "MITRA_ON_HOLD"],
  ["CLOCK_NOT_HELD", "CLOCK_BACKWARDS", "CLOCK_NOT_SETTLED", "FAULTS_OFF", "TOO_MANY_FAULTS"]
].flat()

export class Refusals {
  readonly counts = new Map<string, number>(refusals.map((code) => [code, 0]))

  /** To be added to a checker's rules; it never complains. */
  readonly rule: MakeRule = () => ({
    called: (_phone, _tag, _payload, outcome) => {
      const code = refusalOf(outcome)
      if (code !== null) this.counts.set(code, (this.counts.get(code) ?? 0) + 1)
    }
  })
}

/** In one line: how many were reached, and which never. */
export const refusalsText = (counts: Readonly<Record<string, number>>): string => {
  const never = refusals.filter((code) => (counts[code] ?? 0) === 0)
  const reached = refusals.length - never.length
  const unknown = Object.keys(counts).filter((code) => !refusals.includes(code))
  return `refusals        ${reached} of ${refusals.length} reached; never: ${never.join(", ") || "none"}` +
    (unknown.length === 0 ? "" : `; not in the list: ${unknown.join(", ")}`)
}
