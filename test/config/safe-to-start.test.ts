// What the configuration refuses as a whole: known and simple secrets, an open back network in production,
// and development where others reach it.
import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { readConfig } from "../../src/config/server-config.ts"

type Environment = Readonly<Record<string, string>>

const problemOf = (environment: Environment): string =>
  Result.match(readConfig(environment), { onFailure: ({ message }) => message, onSuccess: () => "" })

const production: Environment = {
  NODE_ENV: "production",
  DATABASE_URL: "postgres://server:pw@db.internal/halobestie?sslmode=verify-full",
  AUTH_JWT_SECRET: "jwt-hunter2-0123456789-0123456789-0123456789",
  PAYMENT_WEBHOOK_TOKEN: "webhook-hunter2-0123456789",
  ADMIN_EMAIL: "ops@halobestie.example",
  ADMIN_PASSWORD: "admin-hunter2-0123"
}

const refusedInProduction: ReadonlyArray<readonly [what: string, given: Environment, name: string]> = [
  ["the published signing secret", {
    AUTH_JWT_SECRET: "development-secret-never-use-in-production"
  }, "AUTH_JWT_SECRET"],
  ["the published secret behind a good one", {
    AUTH_JWT_SECRET: `${production["AUTH_JWT_SECRET"]},development-secret-never-use-in-production`
  }, "AUTH_JWT_SECRET"],
  ["a letter repeated", { AUTH_JWT_SECRET: "a".repeat(36) }, "AUTH_JWT_SECRET"],
  ["a few letters repeated", { AUTH_JWT_SECRET: "abcdefghij".repeat(4) }, "AUTH_JWT_SECRET"],
  ["the published webhook token", { PAYMENT_WEBHOOK_TOKEN: "dev-webhook-token" }, "PAYMENT_WEBHOOK_TOKEN"],
  ["the published admin password", { ADMIN_PASSWORD: "development-admin" }, "ADMIN_PASSWORD"],
  ["a simple runner secret", { RUNNER_SECRET: "ab".repeat(16) }, "RUNNER_SECRET"],
  ["a runner that others reach, without a secret", { RUNNER_HOST: "10.0.0.5" }, "RUNNER_SECRET"],
  ["a runner on every address, without a secret", { RUNNER_HOST: "0.0.0.0" }, "RUNNER_SECRET"],
  ["staff's listener on every address", { INTERNAL_HOST: "0.0.0.0" }, "INTERNAL_HOST"],
  ["a remote database without TLS", { DATABASE_URL: "postgres://s:pw@db.internal/h" }, "DATABASE_URL"],
  ["a remote database that may fall back to plain text", {
    DATABASE_URL: "postgres://s:pw@db.internal/h?sslmode=prefer"
  }, "DATABASE_URL"],
  ["a remote database behind the name of a near one", {
    DATABASE_URL: "postgres://s:pw@localhost/h?host=db.internal"
  }, "DATABASE_URL"],
  ["a provider's token that everybody guesses", {
    XENDIT_ENABLED: "true",
    XENDIT_SECRET_KEY: "xnd_production_key",
    XENDIT_WEBHOOK_TOKEN: "x".repeat(20),
    XENDIT_SUCCESS_REDIRECT_URL: "https://halobestie.example/paid",
    XENDIT_FAILURE_REDIRECT_URL: "https://halobestie.example/unpaid"
  }, "XENDIT_WEBHOOK_TOKEN"],
  ["a key of nothing but zeros", {
    MESSAGE_ENCRYPTION_KEYS: `k1:${Buffer.alloc(32).toString("base64")}`
  }, "MESSAGE_ENCRYPTION_KEYS"],
  ["a remote database without TLS for its owner", {
    DATABASE_MIGRATE_URL: "postgres://o:pw@db.internal/h"
  }, "DATABASE_MIGRATE_URL"],
  [
    "a replica in the open",
    { DATABASE_REPLICA_URL: "postgres://o:pw@db.internal/h" },
    "DATABASE_REPLICA_URL"
  ],
  ["a remote Valkey without a password", { VALKEY_URL: "rediss://cache.internal" }, "VALKEY_URL"],
  ["a remote Valkey without TLS", { VALKEY_URL: "redis://:pw@cache.internal" }, "VALKEY_URL"]
]

describe("production", () => {
  it("starts on secrets of its own and an encrypted back network", () => {
    assert.strictEqual(problemOf(production), "")
    const runners = { RUNNER_HOST: "10.0.0.5", RUNNER_SECRET: "runner-hunter2-0123456789-0123456789" }
    assert.strictEqual(
      problemOf({ ...production, ...runners, VALKEY_URL: "rediss://:pw@cache.internal" }),
      ""
    )
  })

  it("takes a simple key that only opens what was sealed with it", () => {
    const [good, simple] = [Uint8Array.from({ length: 32 }, (_, n) => n), Buffer.alloc(32)]
      .map((bytes, n) => `k${n}:${Buffer.from(bytes).toString("base64")}`)
    assert.strictEqual(problemOf({ ...production, MESSAGE_ENCRYPTION_KEYS: `${good},${simple}` }), "")
  })

  it.each(refusedInProduction)("refuses %s", (_what, given, name) => {
    const problem = problemOf({ ...production, ...given })
    assert.include(problem, `  - ${name} is `)
    assert.strictEqual(problem.split("\n").length, 2)
  })

  it("trusts a network that is said to be private, but never a runner without a secret", () => {
    const open = {
      ...production,
      INTERNAL_HOST: "0.0.0.0",
      DATABASE_URL: "postgres://s:pw@db.internal/h",
      VALKEY_URL: "redis://cache.internal",
      PRIVATE_NETWORK: "true"
    }
    assert.strictEqual(problemOf(open), "")
    assert.include(problemOf({ ...open, RUNNER_HOST: "10.0.0.5" }), "RUNNER_SECRET is missing")
  })

  it("asks nothing of databases and caches on the same machine", () => {
    const near = {
      DATABASE_URL: "postgres://s:pw@localhost/h?host=/var/run/postgresql",
      VALKEY_URL: "redis://127.0.0.1:6379"
    }
    assert.strictEqual(problemOf({ ...production, ...near }), "")
  })
})

describe("development", () => {
  it.each([
    ["PUBLIC_HOST", "0.0.0.0"],
    ["INTERNAL_HOST", "192.168.1.4"],
    ["RUNNER_HOST", "10.0.0.5"],
    ["DATABASE_URL", "postgres://server:pw@db.internal/halobestie"],
    ["DATABASE_MIGRATE_URL", "postgres://owner:pw@db.internal/halobestie"],
    ["DATABASE_REPLICA_URL", "postgres://server:pw@replica.internal/halobestie"],
    ["VALKEY_URL", "rediss://:pw@cache.internal"]
  ])("refuses a %s that is not of this machine, unless it is told to", (name, value) => {
    assert.include(problemOf({ [name]: value }), `  - ${name} is not loopback`)
    assert.strictEqual(problemOf({ [name]: value, ALLOW_INSECURE_DEVELOPMENT: "true" }), "")
  })

  it("is refused on a remote database, whichever way its host is named", () => {
    const url = "postgres://u:p@localhost/x?host=db.internal"
    assert.include(problemOf({ DATABASE_URL: url }), "  - DATABASE_URL is not loopback")
  })

  it.each(["postgres://u:p@127.0.0.1:5432/x", "postgres://u@localhost/x", "postgres://u@[::1]:5432/x"])(
    "takes the database %s of this machine",
    (url) => {
      assert.strictEqual(problemOf({ DATABASE_URL: url }), "")
    }
  )
})
