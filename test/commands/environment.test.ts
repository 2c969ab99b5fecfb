// The environment before it is read: secrets from files, and the address that a runner advertises.
import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { preparedEnvironment, privateAddressOf } from "../../src/commands/environment.ts"

const file = join(mkdtempSync(join(tmpdir(), "secret-")), "jwt")
writeFileSync(file, "from-a-file\n")

const at = (address: string, internal = false) => ({
  address,
  internal,
  netmask: "",
  family: "IPv4" as const,
  mac: "",
  cidr: null
})

describe("the environment", () => {
  it("takes a secret from the file that NAME_FILE names, without its last new line", () => {
    const environment = Result.getOrThrow(preparedEnvironment({ AUTH_JWT_SECRET_FILE: file }))
    assert.strictEqual(environment["AUTH_JWT_SECRET"], "from-a-file")
  })

  it("says when a secret is given twice, or its file cannot be read", () => {
    const twice = preparedEnvironment({ AUTH_JWT_SECRET_FILE: file, AUTH_JWT_SECRET: "given" })
    const missing = preparedEnvironment({ DATABASE_URL_FILE: "/nowhere/url" })
    assert.include(Result.isFailure(twice) ? twice.failure.message : "", "are both set")
    assert.include(Result.isFailure(missing) ? missing.failure.message : "", "/nowhere/url")
  })

  it("never lets a runner advertise a public address by itself: that port has no authentication", () => {
    const interfaces = { lo: [at("127.0.0.1", true)], wan: [at("203.0.113.7")], lan: [at("172.20.1.5")] }
    assert.strictEqual(privateAddressOf(interfaces), "172.20.1.5")
    assert.isUndefined(privateAddressOf({ wan: [at("203.0.113.7"), at("172.32.0.1")] }))
  })

  it("keeps the address that was given, and loopback in development", () => {
    const given = Result.getOrThrow(preparedEnvironment({ NODE_ENV: "production", RUNNER_HOST: "10.9.9.9" }))
    assert.strictEqual(given["RUNNER_HOST"], "10.9.9.9")
    assert.isUndefined(Result.getOrThrow(preparedEnvironment({}))["RUNNER_HOST"])
  })
})
