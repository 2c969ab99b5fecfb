// What is said of a text that cannot be opened: that it is no sealed text, or which key is missing.
import { assert, describe, it } from "@effect/vitest"
import { noSuchKey } from "../../../src/layers/encryption/sealed-text.ts"

describe("a text that cannot be opened", () => {
  it("is called what it is: no sealed text, or one of a key that is not here", () => {
    assert.strictEqual(noSuchKey(null), "it is not a sealed text")
    assert.strictEqual(noSuchKey("k1"), "key k1 is not in MESSAGE_ENCRYPTION_KEYS")
  })
})
