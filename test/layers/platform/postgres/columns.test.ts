// Values on their way into Postgres columns.
import { assert, describe, it } from "@effect/vitest"
import { storable, timestamp } from "../../../../src/layers/platform/postgres/columns.ts"

describe("columns", () => {
  it("writes instants as UTC text with milliseconds", () => {
    assert.strictEqual(timestamp(1_767_225_600_123), "2026-01-01T00:00:00.123Z")
    assert.strictEqual(timestamp(0), "1970-01-01T00:00:00.000Z")
  })

  it("replaces only what Postgres text cannot hold", () => {
    assert.strictEqual(storable("plain 🙂 \n\t\\u0000"), "plain 🙂 \n\t\\u0000")
    assert.strictEqual(storable("a\u0000b\uD800c\uDC00"), "a\uFFFDb\uFFFDc\uFFFD")
  })
})
