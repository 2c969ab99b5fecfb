// Text as people count it and as a database can keep it.
import { assert, it } from "@effect/vitest"
import * as fc from "fast-check"
import { characters, isStorable } from "../../src/domain/text.ts"

it("Length is counted in code points", () => {
  assert.deepStrictEqual(["", "abc", "é", "😀", "😀😀"].map(characters), [0, 3, 1, 1, 2])
})

it("A NUL or half of a surrogate pair cannot be kept; everything else can", () => {
  for (const text of ["", "plain", "baris\nbaru\t", "😀", "\u200b\uffff"]) assert.isTrue(isStorable(text))
  for (const text of ["\u0000", "a\u0000b", "\ud83d", "\ude00", "\ude00\ud83d"]) {
    assert.isFalse(isStorable(text))
  }
})

it("What can be kept comes back from UTF-8 unchanged", () => {
  // Code units one by one, so that halves of pairs come up as well as whole ones.
  const unit = fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.constantFrom(0, 0x61, 0xd83d, 0xde00))
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 6 }), (units) => {
      const text = String.fromCharCode(...units)
      const back = Buffer.from(text, "utf8").toString("utf8")
      assert.strictEqual(isStorable(text), back === text && !text.includes("\u0000"))
    }),
    { numRuns: 1000 }
  )
})
