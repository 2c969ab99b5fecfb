// The configuration in words is complete, stands in the docs as it is, and notices names that nobody reads.
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { configurationPage, explainConfig, strangers } from "../../src/config/explain-config.ts"
import { meanings } from "../../src/config/meanings.ts"
import { describeConfig, readConfig, variables } from "../../src/config/server-config.ts"

describe("the configuration in words", () => {
  it("has a meaning and an example for every variable", () => {
    assert.sameMembers(Object.keys(meanings), Object.keys(variables))
    const words = explainConfig().join("\n")
    for (const { name } of Object.values(variables)) assert.include(words, name)
    for (const { about, example } of Object.values(meanings)) assert.isAbove(about.length * example.length, 0)
  })

  it("stands in docs/operations/configuration.md as the code makes it", () => {
    const page = readFileSync(new URL("../../docs/operations/configuration.md", import.meta.url), "utf8")
    assert.strictEqual(page, configurationPage())
  })

  it("shows no development secret", () => {
    const words = `${explainConfig().join("\n")}${configurationPage()}`
    for (const secret of ["development-secret", "development-admin", "dev-webhook-token"]) {
      assert.notInclude(words, secret)
    }
  })
})

describe("an environment", () => {
  it("is searched for names that look like ours, with the nearest real one", () => {
    const found = strangers({
      DATABASE_POOL_SIZE: "20",
      XENDIT_SECRETKEY: "x",
      PUBLIC_PROT: "3000",
      DATABASE_URL_FILE: "/run/secrets/url"
    })
    assert.deepStrictEqual(found, [
      { name: "DATABASE_POOL_SIZE", nearest: "DATABASE_POOL_MAX" },
      { name: "XENDIT_SECRETKEY", nearest: "XENDIT_SECRET_KEY" },
      { name: "PUBLIC_PROT", nearest: "PUBLIC_PORT" }
    ])
  })

  it("may hold whatever shells and orchestrators put there", () => {
    const usual = [
      "PATH",
      "HOME",
      "HTTP_PROXY",
      "KUBERNETES_SERVICE_HOST",
      "VALKEY_SERVICE_HOST",
      "VALKEY_PORT_6379_TCP"
    ]
    assert.deepStrictEqual(strangers(Object.fromEntries(usual.map((name) => [name, "x"]))), [])
  })

  it("of staging is as strict as production's", () => {
    const missing = readConfig({ NODE_ENV: "staging" })
    assert.isTrue(Result.isFailure(missing))
    const config = Result.getOrThrow(readConfig({
      NODE_ENV: "staging",
      DATABASE_URL: "postgres://u:p@db:5432/x?sslmode=verify-full",
      AUTH_JWT_SECRET: "jwt-hunter2-0123456789-abcdefghij-klm",
      PAYMENT_WEBHOOK_TOKEN: "fedcba9876543210",
      ADMIN_EMAIL: "ops@example.id",
      ADMIN_PASSWORD: "twelve characters"
    }))
    assert.include(describeConfig(config), "NODE_ENV=staging")
    assert.isFalse(config.demo_data)
    assert.strictEqual(config.otp_dev_code, "")
  })
})
