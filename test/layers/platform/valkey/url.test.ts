// VALKEY_URL: what is accepted, what is refused with which reason, and that the reason keeps the secret.
import { assert, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { parseValkeyUrl } from "../../../../src/layers/platform/valkey/url.ts"

const plain = { host: "h", port: 6379, tls: false, username: null, password: null, database: 0 }

it.each([
  ["redis://h", plain],
  ["valkey://h:7000", { ...plain, port: 7000 }],
  ["rediss://user:se%40cret@h:6380/3", {
    host: "h",
    port: 6380,
    tls: true,
    username: "user",
    password: "se@cret",
    database: 3
  }],
  ["valkeys://:100%@h/", { ...plain, tls: true, password: "100%" }],
  ["redis://[::1]:6379/15", { ...plain, host: "::1", database: 15 }]
])("%s is understood", (url, expected) => {
  assert.deepStrictEqual(Result.getOrThrow(parseValkeyUrl(url)), expected)
})

it.each([
  ["h:6379", "it starts with h:"],
  ["not a url", "it is no url"],
  ["http://:hunter2@h", "it starts with http:"],
  ["redis://:hunter2@h/zero", "its path must be a database number"],
  ["redis://:hunter2@h/0?timeout=1", "it has parameters"],
  ["redis://:hunter2@h:99999", "it is no url"]
])("%s is refused with its reason and without its secret", (url, reason) => {
  const parsed = parseValkeyUrl(url)
  if (Result.isSuccess(parsed)) return assert.fail("was accepted")
  assert.include(parsed.failure.message, reason)
  assert.notInclude(parsed.failure.message, "hunter2")
})
