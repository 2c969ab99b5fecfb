// The payment provider in the configuration: all of it or none of it, and its keys are never shown.
import { assert, describe, it } from "@effect/vitest"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { describeConfig, readConfig } from "../../src/config/server-config.ts"

const complete = {
  XENDIT_ENABLED: "true",
  XENDIT_SECRET_KEY: "xnd_production_secret",
  XENDIT_WEBHOOK_TOKEN: "callback-token-one, callback-token-two",
  XENDIT_SUCCESS_REDIRECT_URL: "https://halobestie.id/paid",
  XENDIT_FAILURE_REDIRECT_URL: "https://halobestie.id/unpaid"
}

const problemsOf = (environment: Record<string, string>): string => {
  const read = readConfig(environment)
  return Result.isFailure(read) ? read.failure.message : ""
}

describe("XENDIT_ENABLED", () => {
  it("is off by default and needs nothing then", () => {
    const config = Result.getOrThrow(readConfig({}))
    assert.isFalse(config.xendit_enabled)
    assert.isNull(config.xendit_secret_key)
  })

  it("names everything that is missing in the one message, in production too", () => {
    const needed = Object.keys(complete).filter((name) => name !== "XENDIT_ENABLED")
    for (const NODE_ENV of ["development", "production"]) {
      const message = problemsOf({ NODE_ENV, XENDIT_ENABLED: "true" })
      for (const name of needed) assert.include(message, `${name} is missing`)
    }
    const half = problemsOf({ ...complete, XENDIT_WEBHOOK_TOKEN: "" })
    assert.include(half, "XENDIT_WEBHOOK_TOKEN is missing")
    assert.notInclude(half, "XENDIT_SECRET_KEY")
  })

  it("replaces the built-in provider: production then needs no token for that one", () => {
    const production = { NODE_ENV: "production" }
    assert.include(problemsOf(production), "PAYMENT_WEBHOOK_TOKEN is missing")
    assert.notInclude(problemsOf({ ...production, ...complete }), "PAYMENT_WEBHOOK_TOKEN")
  })

  it("is content with one token or two, and shows no secret", () => {
    const config = Result.getOrThrow(readConfig(complete))
    assert.strictEqual(config.xendit_url, "https://api.xendit.co")
    assert.strictEqual(
      Redacted.value(config.xendit_webhook_token ?? Redacted.make("")),
      complete.XENDIT_WEBHOOK_TOKEN
    )
    const shown = [...describeConfig(config), JSON.stringify(config)].join("\n")
    for (const secret of ["xnd_production_secret", "callback-token"]) assert.notInclude(shown, secret)
    assert.isTrue(Result.isSuccess(readConfig({ ...complete, XENDIT_WEBHOOK_TOKEN: "only-one-token-here" })))
  })

  it("names what is malformed without repeating a secret", () => {
    const message = problemsOf({
      ...complete,
      XENDIT_SECRET_KEY: "two words",
      XENDIT_WEBHOOK_TOKEN: "short",
      XENDIT_SUCCESS_REDIRECT_URL: "halobestie://paid me",
      XENDIT_URL: "ftp://x"
    })
    for (const name of ["SECRET_KEY", "WEBHOOK_TOKEN", "SUCCESS_REDIRECT_URL", "URL"]) {
      assert.include(message, `XENDIT_${name} is malformed`)
    }
    assert.notInclude(message, "two words")
    assert.notInclude(message, "is missing")
  })
})
