// Random bytes of the platform: no byte is given twice, and only those of ids are drawn beforehand.
import { assert, describe, it } from "@effect/vitest"
import { makeRandomBytes } from "../../../src/layers/platform/secure-random.ts"

/** Counts up, so that a byte that is given twice shows. */
const makeSource = () => {
  const calls: Array<number> = []
  let next = 0
  const draw = (bytes: Uint8Array<ArrayBuffer>) => {
    calls.push(bytes.length)
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
    for (let n = 0; n < words.length; n += 1) words[n] = ++next
  }
  return { calls, randomBytes: makeRandomBytes(draw) }
}

describe("random bytes", () => {
  it("of ids are drawn many at a time, and each is given once", () => {
    const { calls, randomBytes } = makeSource()
    const ids = Array.from({ length: 600 }, () => randomBytes(16))
    const words = ids.flatMap((id) => [...new Uint32Array(id.buffer, id.byteOffset, 4)])
    assert.deepStrictEqual(words, Array.from({ length: 2_400 }, (_, n) => n + 1))
    assert.deepStrictEqual(calls, [4_096, 4_096, 4_096])
  })

  it("of any other size have a call of their own", () => {
    const { calls, randomBytes } = makeSource()
    randomBytes(16)
    assert.strictEqual(randomBytes(32).length, 32)
    assert.strictEqual(randomBytes(12).length, 12)
    assert.deepStrictEqual(calls, [4_096, 32, 12])
  })

  it("of more than one call gives are drawn in several", () => {
    const { calls, randomBytes } = makeSource()
    assert.strictEqual(randomBytes(65_536 + 8).length, 65_536 + 8)
    assert.deepStrictEqual(calls, [65_536, 8])
  })
})
