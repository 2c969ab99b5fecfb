// The push provider in the configuration: off unless its key file is named.
import { assert, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { describeConfig, readConfig } from "../../src/config/server-config.ts"

it("FIREBASE_SERVICE_ACCOUNT_PATH is not set by default, and shown as the path it is", () => {
  const without = Result.getOrThrow(readConfig({}))
  assert.isNull(without.firebase_service_account_path)
  assert.include(describeConfig(without), "FIREBASE_SERVICE_ACCOUNT_PATH=(not set)")
  const path = "/run/secrets/firebase.json"
  const given = Result.getOrThrow(readConfig({ FIREBASE_SERVICE_ACCOUNT_PATH: path }))
  assert.strictEqual(given.firebase_service_account_path, path)
  assert.include(describeConfig(given), `FIREBASE_SERVICE_ACCOUNT_PATH=${path}`)
})
