// Text as people count it and as a database can keep it.
import { assert, it } from "@effect/vitest"
import * as fc from "fast-check"
import { characters, isName, isReservedName, isStorable, isVisible } from "../../src/domain/text.ts"

it("Length is counted in code points", () => {
  assert.deepStrictEqual(["", "abc", "é", "😀", "😀😀", "👨‍👩‍👧‍👦"].map(characters), [0, 3, 1, 1, 2, 7])
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

it("Emoji, scripts of every direction and combining marks are visible; joiners and blanks are not", () => {
  for (const text of ["👍", "👨‍👩‍👧‍👦", "🇮🇩", "🙏🏽", "ꦲꦤꦕꦫꦏ", "e\u0301", "שלום", "مرحبا", "."]) {
    assert.isTrue(isVisible(text), text)
  }
  for (
    const text of [
      "",
      "\u00a0\u3000",
      "\u200b",
      "\u200d\u200c",
      "\u202e",
      "\u3164",
      "\u2800",
      "\ufe0f",
      "\u0007"
    ]
  ) {
    assert.isFalse(isVisible(text), JSON.stringify(text))
  }
})

it("A name is visible, on one line, and turns no words around it", () => {
  for (const name of ["Sari", "Sari 👩‍❤️‍👩", "أحمد", "Nur'aini", "Ⅷ"]) assert.isTrue(isName(name), name)
  for (
    const name of [
      "",
      "   ",
      "\u3164",
      "Sari\u202eimda",
      "Sari\nAdmin",
      "Sari\u001b[31m",
      "a\u2028b",
      "\u2066a"
    ]
  ) {
    assert.isFalse(isName(name), JSON.stringify(name))
  }
})

it("A name that reads as ours is reserved, however it is spelled; one that shares letters is not", () => {
  for (
    const name of [
      "Halobestie",
      "HALO Bestie",
      "Ｈａｌｏｂｅｓｔｉｅ",
      "halo\u200bbestie 2",
      "Sari (admin)",
      "Admin"
    ]
  ) {
    assert.isTrue(isReservedName(name), name)
  }
  // With a Cyrillic a, a Greek omicron, digits, an l for an i.
  for (const name of ["H\u0430lobestie", "Hal\u03bfbestie", "Ha10bestie", "4dm1n", "Admln", "ADM\u0406N"]) {
    assert.isTrue(isReservedName(name), name)
  }
  for (const name of ["Sari", "Badminton", "Bestie", "Halo", "\u0410\u043d\u043d\u0430", "Lili 17", "Dina"]) {
    assert.isFalse(isReservedName(name), name)
  }
})
