// MESSAGE_ENCRYPTION_KEYS: what is a key, what is not, and that neither is ever printed.
import { assert, describe, it } from "@effect/vitest"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { encryptionKeysOf, redactedKeys } from "../../src/config/encryption-keys.ts"
import { describeConfig, readConfig } from "../../src/config/server-config.ts"

const base64 = (byte: number) => Buffer.alloc(32, byte).toString("base64")
const [one, two] = [base64(1), base64(2)]

const idsOf = (text: string) => encryptionKeysOf(text)?.keys.map(({ id }) => id)

describe("MESSAGE_ENCRYPTION_KEYS", () => {
  it("names its keys, the sealing one first, and has their 32 bytes", () => {
    const read = encryptionKeysOf(`2026-11:${one}, k_1:${two}`)
    assert.deepStrictEqual(read?.keys.map(({ id }) => id), ["2026-11", "k_1"])
    assert.deepStrictEqual(read?.keys.map(({ bytes }) => [...new Set(bytes)]), [[1], [2]])
    assert.isTrue(read?.seals)
  })

  it("seals nothing with plain in front, and still has its keys", () => {
    assert.deepStrictEqual(idsOf(`plain,k1:${one}`), ["k1"])
    assert.isFalse(encryptionKeysOf(`plain,k1:${one}`)?.seals)
  })

  const malformed: ReadonlyArray<readonly [why: string, text: string]> = [
    ["no name", one],
    ["no key", "k1:"],
    ["too short a key", `k1:${Buffer.alloc(31).toString("base64")}`],
    ["too long a key", `k1:${Buffer.alloc(33).toString("base64")}`],
    ["a second spelling of a key", `k1:${one.slice(0, 42)}F=`],
    ["a name with a dot", `k.1:${one}`],
    ["a name in capitals", `K1:${one}`],
    ["a name twice", `k1:${one},k1:${two}`],
    ["nothing between two commas", `k1:${one},,k2:${two}`],
    ["plain alone", "plain"],
    ["plain behind a key", `k1:${one},plain`],
    ["a key called plain", `plain:${one}`],
    ["one good and one bad", `k1:${one},k2:xyz`]
  ]
  for (const [why, text] of malformed) {
    it(`is malformed with ${why}, and is not printed then`, () => {
      const message = Result.match(readConfig({ MESSAGE_ENCRYPTION_KEYS: text }), {
        onFailure: (problem) => problem.message,
        onSuccess: () => assert.fail("the configuration was accepted")
      })
      assert.include(message, "MESSAGE_ENCRYPTION_KEYS is malformed: got a value that is not shown")
      for (const secret of [one, two, text]) assert.notInclude(message, secret)
    })
  }

  it("is no more than set in what is printed of the configuration", () => {
    const config = Result.getOrThrow(readConfig({ MESSAGE_ENCRYPTION_KEYS: `k1:${one}` }))
    const lines = describeConfig(config).join("\n")
    assert.include(lines, "MESSAGE_ENCRYPTION_KEYS=(set, hidden)")
    assert.notInclude(`${lines} ${String(redactedKeys(config.message_encryption_keys))}`, one)
    assert.isTrue(Redacted.isRedacted(redactedKeys(config.message_encryption_keys)))
  })

  it("is not needed, in production neither", () => {
    assert.isNull(redactedKeys(Result.getOrThrow(readConfig({})).message_encryption_keys))
  })
})
