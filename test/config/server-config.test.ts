// The configuration from the environment: defaults for development, nothing assumed in production, every
// problem in one message, and no secret in any of it.
import { assert, describe, it } from "@effect/vitest"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { describeConfig, readConfig, type ServerConfigValues } from "../../src/config/server-config.ts"

type Environment = Readonly<Record<string, string>>

const accepted = (environment: Environment): ServerConfigValues =>
  Result.getOrElse(readConfig(environment), (problem) => assert.fail(problem.message))

const refused = (environment: Environment): string =>
  Result.match(readConfig(environment), {
    onFailure: (problem) => problem.message,
    onSuccess: () => assert.fail("the configuration was accepted")
  })

const secretValues = {
  DATABASE_URL: "postgres://server:db-hunter2@db.internal:5432/halobestie",
  VALKEY_URL: "rediss://:valkey-hunter2@cache.internal:6379",
  AUTH_JWT_SECRET: "jwt-hunter2-0123456789-0123456789-0123456789",
  PAYMENT_WEBHOOK_TOKEN: "webhook-hunter2-0123456789",
  ADMIN_PASSWORD: "admin-hunter2-0123"
}

const production = {
  NODE_ENV: "production",
  ADMIN_EMAIL: "ops@halobestie.example",
  RUNNER_HOST: "10.0.0.1",
  ...secretValues
}

const malformed: ReadonlyArray<readonly [name: string, given: string, expected: string]> = [
  ["PUBLIC_PORT", "abc", "a whole number from 0 to 65535"],
  ["PUBLIC_PORT", "65536", "a whole number from 0 to 65535"],
  ["INTERNAL_PORT", "-1", "a whole number from 0 to 65535"],
  ["RUNNER_PORT", "3000.5", "a whole number from 0 to 65535"],
  ["PUBLIC_HOST", "not a host", "a host name or address"],
  ["RUNNER_HOST", "http://runner", "this machine's private address, which the others reach"],
  ["ADMIN_EMAIL", "nobody", "an email address"],
  ["DATABASE_POOL_MAX", "0x10", "a whole number from 4 to 200"],
  ["DRAIN_TIMEOUT_SECONDS", "0", "a whole number from 1 to 600"],
  ["MITRA_HEARTBEAT_CADENCE_SECONDS", "1e1", "a whole number from 1 to 3600"],
  ["MITRA_AUTO_OFFLINE_SWEEP_SECONDS", "30s", "a whole number from 1 to 3600"],
  ["HEARTBEAT_MIRROR_INTERVAL_SECONDS", "NaN", "a whole number from 1 to 3600"],
  ["VALKEY_ONLINE_MIRROR_SWEEP_SECONDS", "99999999999", "a whole number from 1 to 86400"],
  ["LOG_LEVEL", "loud", "debug, info, warn or error"],
  ["DEMO_DATA", "yes", "true or false"],
  ["CC_ORIGIN", "cc.halobestie.example", "one web origin"],
  ["CC_ORIGIN", "https://cc.halobestie.example/", "one web origin"],
  ["CC_ORIGIN", "https://a.example,https://b.example", "one web origin"],
  ["CC_ORIGIN", "*", "one web origin"],
  ["CC_ORIGIN", "null", "one web origin"],
  ["SERVER_TZ", "Jakarta", "a time zone like UTC or Asia/Jakarta"],
  ["SERVER_TZ", "WIB+7", "a time zone like UTC or Asia/Jakarta"],
  ["FAULT_GATE", "kill -9", "a failpoint's name, in tests only"],
  ["NODE_ENV", "prod", "production, development or test"],
  ["CLOCK", "fake", "real or simulated"],
  ["CLOCK_START", "tomorrow", "an instant like 2030-01-07T09:00:00Z"],
  ["CLOCK_START", "2030-13-07T09:00:00Z", "an instant like 2030-01-07T09:00:00Z"],
  ["CLOCK_START", "2030-01-07", "an instant like 2030-01-07T09:00:00Z"],
  ["FAULTS", "on", "true or false"]
]

const malformedSecrets: ReadonlyArray<readonly [name: string, given: string]> = [
  ["VALKEY_URL", "redis://:hunter2@h/zero"],
  ["DATABASE_URL", "mysql://root:hunter2@db/x"],
  ["DATABASE_URL", "hunter2"],
  ["VALKEY_URL", "http://:hunter2@cache"],
  ["AUTH_JWT_SECRET", "hunter2"],
  ["AUTH_JWT_SECRET", `${"a".repeat(40)},hunter2`],
  ["PAYMENT_WEBHOOK_TOKEN", "hunter2"],
  ["ADMIN_PASSWORD", "hunter2"],
  ["OTP_DEV_CODE", "hunter2"],
  ["MESSAGE_ENCRYPTION_KEYS", "hunter2"]
]

describe("development", () => {
  it("needs no environment at all", () => {
    const config = accepted({})
    assert.isFalse(config.production)
    assert.isNull(config.database_url)
    assert.deepStrictEqual([config.public_host, config.public_port], ["0.0.0.0", 3000])
    assert.deepStrictEqual([config.internal_host, config.internal_port], ["127.0.0.1", 3001])
    assert.strictEqual(config.heartbeat_cadence_seconds, 30)
    assert.strictEqual(config.drain_timeout_seconds, 20)
    assert.strictEqual(config.otp_dev_code, "000000")
    assert.isTrue(config.demo_data)
  })

  it("takes what is given, and an empty or blank variable as not given", () => {
    const config = accepted({
      PUBLIC_PORT: " 8080 ",
      INTERNAL_PORT: "",
      RUNNER_PORT: "  ",
      LOG_LEVEL: "debug"
    })
    assert.deepStrictEqual([config.public_port, config.internal_port, config.runner_port], [8080, 3001, 0])
    assert.strictEqual(config.log_level, "debug")
  })

  it("takes a web page's origin and a time zone as they are, and needs neither", () => {
    const given = accepted({ CC_ORIGIN: "https://cc.halobestie.example:8443", SERVER_TZ: "Asia/Jakarta" })
    assert.deepStrictEqual(
      [given.cc_origin, given.server_tz],
      ["https://cc.halobestie.example:8443", "Asia/Jakarta"]
    )
    const none = accepted({})
    assert.deepStrictEqual([none.cc_origin, none.server_tz], [null, "UTC"])
  })

  it("accepts two secrets at once, so that one can be rotated", () => {
    const [first, second] = ["a".repeat(32), "b".repeat(32)]
    const config = accepted({ AUTH_JWT_SECRET: `${first}, ${second}` })
    assert.strictEqual(Redacted.value(config.auth_jwt_secret), `${first},${second}`)
  })

  it.each(malformed)("refuses %s=%s and says what it expects", (name, given, expected) => {
    assert.include(
      refused({ [name]: given }),
      `${name} is malformed: got ${JSON.stringify(given)}, expected ${expected}`
    )
  })

  it.each(malformedSecrets)("refuses a malformed %s without showing it", (name, given) => {
    const message = refused({ [name]: given })
    assert.include(message, `${name} is malformed: got a value that is not shown, expected `)
    assert.notInclude(message, "hunter2")
  })
})

describe("production", () => {
  it("names everything that is missing or malformed in one message", () => {
    const message = refused({ NODE_ENV: "production", PUBLIC_PORT: "abc", ADMIN_EMAIL: "nobody" })
    for (const name of Object.keys(secretValues).filter((name) => name !== "VALKEY_URL")) {
      assert.include(message, `${name} is missing: expected `)
    }
    assert.include(message, "PUBLIC_PORT is malformed")
    assert.include(message, "ADMIN_EMAIL is malformed")
    assert.include(message, "RUNNER_HOST is missing: expected this machine's private address")
    assert.strictEqual(message.split("\n").length, 8)
  })

  it("starts on a complete environment, without any of development's conveniences", () => {
    const config = accepted({ ...production, OTP_DEV_CODE: "123456", DEMO_DATA: "true" })
    assert.isTrue(config.production)
    assert.strictEqual(config.otp_dev_code, "")
    assert.isFalse(config.demo_data)
  })

  it("refuses an armed failpoint", () => {
    const FAULT_GATE = "after_commit:Paired"
    assert.strictEqual(accepted({ FAULT_GATE }).fault_gate, FAULT_GATE)
    assert.include(refused({ ...production, FAULT_GATE }), "FAULT_GATE is set")
  })

  it("takes neither a manual clock nor faults, and says so with everything else", () => {
    const message = refused({ ...production, CLOCK: "simulated", FAULTS: "true", ADMIN_EMAIL: "nobody" })
    assert.include(message, "CLOCK is simulated: expected real in production")
    assert.include(message, "FAULTS is true: expected false in production")
    assert.include(message, "ADMIN_EMAIL is malformed")
    assert.strictEqual(accepted({ CLOCK: "simulated" }).clock, "simulated")
  })

  it("does not mistake a development default for something given", () => {
    for (const name of Object.keys(production)) {
      if (name === "NODE_ENV" || name === "VALKEY_URL") continue
      assert.include(refused({ ...production, [name]: "" }), `${name} is missing`)
    }
  })
})

describe("the description for check-config", () => {
  it("shows every variable and no secret", () => {
    const lines = describeConfig(accepted(production))
    for (const name of Object.keys(secretValues)) assert.include(lines, `${name}=(set, hidden)`)
    assert.include(lines, "PUBLIC_PORT=3000")
    assert.include(lines, "ADMIN_EMAIL=ops@halobestie.example")
    assert.include(lines, "NODE_ENV=production")
    assert.notMatch(lines.join("\n"), /hunter2/)
    assert.include(describeConfig(accepted({})), "DATABASE_URL=(not set)")
  })

  it("hides nothing less when the configuration itself is logged", () => {
    const config = accepted(production)
    assert.notMatch(JSON.stringify(config), /hunter2/)
    assert.notMatch(Object.values(config).map(String).join("\n"), /hunter2/)
  })
})
