// What is sealed opens in its place and nowhere else, with its key and no other, and whatever is wrong with
// it is one typed failure that says which key and which place.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as fc from "fast-check"
import * as CipherNone from "../../../src/layers/encryption/cipher.none.ts"
import { Cipher, type Seal } from "../../../src/services/encryption/cipher.ts"
import { Unavailable } from "../../../src/services/platform/unavailable.ts"
import { sealing } from "../../support/keys.ts"

const failure = new Unavailable({ what: "encryption", retryable: false })

const sealOne = (text: string, place: string) =>
  Effect.gen(function*() {
    const seal = yield* (yield* Cipher).sealer(1)
    return seal(text, place).sealed ?? assert.fail("it was kept plain")
  })

const open = (sealed: string, place: string) => Effect.flatMap(Cipher, (cipher) => cipher.open(sealed, place))

const refuses = (sealed: string, place: string) =>
  Effect.map(
    Effect.exit(open(sealed, place)),
    (exit) => assert.deepStrictEqual(exit, Exit.fail(failure), sealed)
  )

const k1 = sealing("k1")

describe("a sealed text", () => {
  it.effect("opens in its place as it was, whatever it was", () =>
    Effect.gen(function*() {
      const { open, sealer } = yield* Cipher
      yield* Effect.promise(() =>
        fc.assert(fc.asyncProperty(fc.string({ unit: "binary" }), fc.string(), async (text, place) => {
          const opened = await Effect.runPromise(
            Effect.flatMap(sealer(1), (seal) => open(seal(text, place).sealed ?? "", place))
          )
          assert.strictEqual(opened, text)
        }))
      )
    }).pipe(Effect.provide(k1)))

  it.effect("is different each time, and shows neither the text nor the key", () =>
    Effect.gen(function*() {
      const text = "I have told nobody"
      const sealed = [yield* sealOne(text, "a"), yield* sealOne(text, "a")]
      assert.notStrictEqual(sealed[0], sealed[1])
      for (const one of sealed) {
        assert.match(one, /^1\.k1\.[A-Za-z0-9_-]+$/)
        const bytes = Buffer.from(one.slice("1.k1.".length), "base64url")
        assert.isFalse(bytes.includes("nobody"))
      }
    }).pipe(Effect.provide(k1)))

  it.effect("does not open in another place", () =>
    Effect.gen(function*() {
      const sealed = yield* sealOne("hello", "message/1/2")
      yield* refuses(sealed, "message/1/3")
      yield* refuses(sealed, "")
    }).pipe(Effect.provide(k1)))

  it.effect("does not open when any of its characters is another", () =>
    Effect.gen(function*() {
      const sealed = yield* sealOne("hello", "a")
      for (let index = 0; index < sealed.length; index++) {
        const other = sealed[index] === "A" ? "Q" : "A"
        yield* refuses(sealed.slice(0, index) + other + sealed.slice(index + 1), "a")
      }
      for (const text of ["", "hello", "1.k1.", "1.k1.AAAA", "2.k1.AAAA", sealed.slice(0, -4)]) {
        yield* refuses(text, "a")
      }
    }).pipe(Effect.provide(k1)))

  it.effect("does not open without its key, or under its key's name with another key", () =>
    Effect.gen(function*() {
      const sealed = yield* sealOne("hello", "a").pipe(Effect.provide(k1))
      yield* refuses(sealed, "a").pipe(Effect.provide(sealing("k2")))
      yield* refuses(sealed, "a").pipe(Effect.provide(CipherNone.layer))
      const renamed = sealed.replace("1.k1.", "1.k2.")
      yield* refuses(renamed, "a").pipe(Effect.provide(sealing("k1", "k2")))
    }))

  it.effect("opens with any of the keys, and is sealed with the first", () =>
    Effect.gen(function*() {
      const old = yield* sealOne("before", "a").pipe(Effect.provide(k1))
      yield* Effect.gen(function*() {
        assert.strictEqual(yield* open(old, "a"), "before")
        assert.match(yield* sealOne("after", "a"), /^1\.k2\./)
      }).pipe(Effect.provide(sealing("k2", "k1")))
    }))
})

describe("a sealer", () => {
  it.effect("is good for so many texts and not for one more, so that no nonce serves twice", () =>
    Effect.gen(function*() {
      const seal = yield* (yield* Cipher).sealer(2)
      const sealed = [seal("a", "1").sealed, seal("b", "2").sealed]
      assert.lengthOf(new Set(sealed.map((one) => one?.slice(5, 21))), 2)
      assert.throws(() => seal("c", "3"), "asked for one more")
    }).pipe(Effect.provide(k1)))

  for (
    const [name, layer] of [["without keys", CipherNone.layer], [
      "with plain first",
      sealing("plain", "k1")
    ]] as const
  ) {
    it.effect(`keeps texts plain ${name}`, () =>
      Effect.gen(function*() {
        const { sealer, seals_with } = yield* Cipher
        const seal: Seal = yield* sealer(0)
        assert.deepStrictEqual(seal("hello", "a"), { plain: "hello", sealed: null })
        assert.isNull(seals_with)
      }).pipe(Effect.provide(layer)))
  }
})

describe("a mark", () => {
  it.effect("is the same for the same text, and tells kinds, texts and keys apart", () =>
    Effect.gen(function*() {
      const { blindIndexesOf } = yield* Cipher
      const { known, written } = blindIndexesOf("mitras", "+628110000001")
      assert.lengthOf(known, 2)
      assert.deepStrictEqual(known, blindIndexesOf("mitras", "+628110000001").known)
      assert.strictEqual(written, known[0])
      const others = [blindIndexesOf("customers", "+628110000001"), blindIndexesOf("mitras", "+628110000002")]
      const all = [...known, ...others.flatMap((other) => other.known)]
      assert.lengthOf(new Set(all), 6)
      assert.isFalse(all.some((mark) => mark.includes("811")))
    }).pipe(Effect.provide(sealing("k2", "k1"))))

  it.effect("is still looked for, but no longer written, with plain first", () =>
    Effect.gen(function*() {
      const { written: before } = (yield* Cipher).blindIndexesOf("mitras", "+628110000001")
      const { known, written } = yield* Effect.map(
        Cipher,
        (cipher) => cipher.blindIndexesOf("mitras", "+628110000001")
      ).pipe(Effect.provide(sealing("plain", "k1")))
      assert.isNull(written)
      assert.isNotNull(before)
      assert.deepStrictEqual(known, before === null ? [] : [before])
    }).pipe(Effect.provide(k1)))
})
