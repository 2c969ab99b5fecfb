// Refusals: a closed list of codes that apps may switch on. Codes that phones rely on may not vanish.
import { assert, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { Refusal, refusalCodes, refuse } from "../../src/domain/refusal.ts"

it("Codes are unique and spelled in capitals", () => {
  assert.strictEqual(new Set(refusalCodes).size, refusalCodes.length)
  for (const code of refusalCodes) assert.match(code, /^[A-Z]+(_[A-Z]+)*$/)
})

it("The codes that the product names exist", () => {
  assert.includeMembers([...refusalCodes], [
    "ACCOUNT_NOT_FOUND",
    "ACCOUNT_INACTIVE",
    "PHONE_INVALID",
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
    "ALREADY_ACTIVE",
    "STALE_WRITE"
  ])
})

it("A refusal keeps its code, sentence and details on the way through JSON", () => {
  const refusal = refuse("OFFER_TAKEN", "Another bestie answered first.", { winner_at: 5, ending: null })
  const sent: unknown = JSON.parse(JSON.stringify(Schema.encodeSync(Refusal)(refusal)))
  const received = Schema.decodeUnknownSync(Refusal)(sent)
  assert.strictEqual(received._tag, "Refusal")
  assert.strictEqual(received.code, "OFFER_TAKEN")
  assert.strictEqual(received.message, "Another bestie answered first.")
  assert.deepStrictEqual(received.details, { winner_at: 5, ending: null })
})
