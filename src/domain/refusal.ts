// Refusals: the closed list of reasons the product says "no", each with a stable code that apps
// may switch on, and a sentence a person can read. A refusal is a value, never a crash.
import * as Schema from "effect/Schema"

export const refusalCodes = [
  // the call itself
  "BAD_REQUEST",
  "UNKNOWN_METHOD",
  "TOO_MANY_REQUESTS",
  "RATE_LIMITED",
  "NOT_SIGNED_IN",
  "TOKEN_INVALID",
  "TOKEN_EXPIRED",
  "FORBIDDEN",
  "NOT_FOUND",
  // people and sign-in
  "ACCOUNT_NOT_FOUND",
  "ACCOUNT_INACTIVE",
  "ACCOUNT_PAUSED",
  "ACCOUNT_BUSY",
  "ACCOUNT_LOCKED",
  "CREDENTIALS_INVALID",
  "SECOND_FACTOR_REQUIRED",
  "SECOND_FACTOR_INVALID",
  "SECOND_FACTOR_ON",
  "STEP_UP_REQUIRED",
  "REFRESH_INVALID",
  "REFRESH_REUSED",
  "PHONE_INVALID",
  "PHONE_NOT_SERVED",
  "OTP_COOLDOWN",
  "OTP_RATE_LIMIT_PHONE",
  "OTP_RATE_LIMIT_IP",
  "CODE_INVALID",
  "CODE_MISMATCH",
  "OTP_ATTEMPTS_EXCEEDED",
  "OTP_EXPIRED",
  "OTP_USED",
  "WRONG_FLOW",
  "OTP_PROVIDER_FAILED",
  // payments
  "TIER_NOT_FOUND",
  "PAYMENT_NOT_FOUND",
  "PAYMENT_NOT_PENDING",
  "TOO_MANY_OPEN_PAYMENTS",
  "PAYMENT_PROVIDER_FAILED",
  "ALREADY_ACTIVE",
  "MITRA_NOT_FOUND",
  // pairing
  "OFFER_NOT_FOUND",
  "OFFER_TAKEN",
  "OFFER_CANCELLED",
  "OFFER_EXPIRED",
  "OFFER_CLOSED",
  "MITRA_AT_CAPACITY",
  "MITRA_NOT_ONLINE",
  "MITRA_DRAINING",
  "MITRA_ON_HOLD",
  // trust
  "TOO_MANY_BLOCKS",
  "NOBODY_MET",
  // sessions and messages
  "SESSION_NOT_FOUND",
  "NOT_A_PARTICIPANT",
  "SESSION_NOT_ACTIVE",
  "SESSION_CLOSING",
  "SESSION_OVER",
  "SESSION_REROUTED",
  "SESSION_PAUSED",
  "REQUEST_NOT_OPEN",
  "END_NOT_ALLOWED",
  "TOPIC_NOT_ALLOWED",
  "EXTENSION_PENDING",
  "EXTENSION_RESOLVED",
  "MESSAGE_EMPTY",
  "MESSAGE_TOO_LONG",
  // staff
  "SAME_MITRA",
  "TOO_MANY_REROUTES",
  "PAIR_BLOCKED",
  "PROPOSAL_NOT_FOUND",
  "PROPOSAL_DECIDED",
  "SETTING_UNKNOWN",
  "SETTING_INVALID",
  "STALE_WRITE",
  "NOTHING_TO_RESOLVE",
  "ALREADY_RESOLVED",
  "EMAIL_TAKEN",
  "PHONE_TAKEN",
  "LAST_ADMIN",
  "TOO_MANY_TEST_NUMBERS",
  "NOT_THIS_RUNNER",
  // a tester's server
  "CLOCK_NOT_HELD",
  "CLOCK_BACKWARDS",
  "CLOCK_NOT_SETTLED",
  "FAULTS_OFF",
  "TOO_MANY_FAULTS"
] as const

export type RefusalCode = (typeof refusalCodes)[number]

/** A business "no". `details` carries the fields a person or an app needs, never internals. */
export class Refusal extends Schema.TaggedError<Refusal>()("Refusal", {
  code: Schema.Literals(refusalCodes),
  message: Schema.String,
  details: Schema.Record(Schema.String, Schema.Json)
}) {}

export const refuse = (
  code: RefusalCode,
  message: string,
  details: Readonly<Record<string, Schema.Json>> = {}
): Refusal => new Refusal({ code, message, details })
