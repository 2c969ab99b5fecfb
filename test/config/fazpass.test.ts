// The provider of one-time codes in the configuration: all of it or none of it, and its keys are never shown.
import { assert, describe, it } from "@effect/vitest"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { describeConfig, readConfig } from "../../src/config/server-config.ts"

const merchant = "merchant-key-of-nobody"
const keys = "wa-gateway-key, sms-gateway-key"

const problemsOf = (environment: Record<string, string>): string => {
  const read = readConfig(environment)
  return Result.isFailure(read) ? read.failure.message : ""
}

describe("FAZPASS_ENABLED", () => {
  it("is off by default and needs nothing then", () => {
    const config = Result.getOrThrow(readConfig({}))
    assert.isFalse(config.fazpass_enabled)
    assert.isNull(config.fazpass_key)
    assert.isNull(config.fazpass_merchant)
  })

  it("names every key that is missing, in one message", () => {
    const message = problemsOf({ FAZPASS_ENABLED: "true" })
    assert.include(message, "FAZPASS_KEY is missing")
    assert.include(message, "FAZPASS_MERCHANT is missing")
    const half = problemsOf({ FAZPASS_ENABLED: "true", FAZPASS_KEY: keys })
    assert.notInclude(half, "FAZPASS_KEY")
    assert.include(half, "FAZPASS_MERCHANT is missing")
  })

  it("is content with a merchant and one or two gateway keys, and shows none of them", () => {
    const environment = { FAZPASS_ENABLED: "true", FAZPASS_KEY: keys, FAZPASS_MERCHANT: merchant }
    const config = Result.getOrThrow(readConfig(environment))
    assert.strictEqual(config.fazpass_url, "https://api.fazpass.com")
    assert.isNotNull(config.fazpass_key)
    assert.strictEqual(Redacted.value(config.fazpass_key ?? Redacted.make("")), keys)
    const shown = [...describeConfig(config), JSON.stringify(config)].join("\n")
    for (const secret of [merchant, "wa-gateway-key", "sms-gateway-key"]) assert.notInclude(shown, secret)
    assert.include(shown, "FAZPASS_KEY=(set, hidden)")
  })

  it("does not repeat malformed keys", () => {
    const message = problemsOf({
      FAZPASS_ENABLED: "true",
      FAZPASS_KEY: "one,two,three",
      FAZPASS_MERCHANT: "a b"
    })
    assert.include(message, "FAZPASS_KEY is malformed")
    assert.include(message, "FAZPASS_MERCHANT is malformed")
    assert.notInclude(message, "three")
    assert.notInclude(message, "is missing")
    assert.include(problemsOf({ FAZPASS_URL: "ftp://x" }), "FAZPASS_URL is malformed")
  })
})
