// Password hashes: each with its own salt and its own parameters in the stored string.
import { argon2Sync } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SecureRandom } from "effect/crypto"
import * as PasswordsLayer from "../../../src/layers/accounts/passwords.ts"
import { Passwords } from "../../../src/services/accounts/passwords.ts"

const layer = PasswordsLayer.layer.pipe(Layer.provide(SecureRandom.layerWebCrypto))

describe("a password hash", () => {
  it.effect("is matched by its password and by no other", () =>
    Effect.gen(function*() {
      const passwords = yield* Passwords
      const hash = yield* passwords.hash("correct horse")
      assert.isTrue(yield* passwords.verify("correct horse", hash))
      for (const wrong of ["", "correct horse ", "Correct horse", hash]) {
        assert.isFalse(yield* passwords.verify(wrong, hash), wrong)
      }
    }).pipe(Effect.provide(layer)))

  it.effect("differs for equal passwords, and names argon2id with its parameters", () =>
    Effect.gen(function*() {
      const passwords = yield* Passwords
      const [one, two] = yield* Effect.all([passwords.hash("same"), passwords.hash("same")])
      assert.notStrictEqual(one, two)
      assert.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
    }).pipe(Effect.provide(layer)))

  it.effect("made with other parameters is still matched, so that they can be raised", () =>
    Effect.gen(function*() {
      const nonce = Buffer.from("0123456789abcdef")
      const tag = argon2Sync("argon2id", {
        message: "old",
        nonce,
        memory: 1024,
        passes: 1,
        parallelism: 1,
        tagLength: 32
      })
      const unpadded = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64").replace(/=+$/, "")
      const stored = `$argon2id$v=19$m=1024,t=1,p=1$${unpadded(nonce)}$${unpadded(tag)}`
      const passwords = yield* Passwords
      assert.isTrue(yield* passwords.verify("old", stored))
      assert.isFalse(yield* passwords.verify("new", stored))
    }).pipe(Effect.provide(layer)))

  it.effect("that cannot be read matches nothing and breaks nothing", () =>
    Effect.gen(function*() {
      const passwords = yield* Passwords
      const whole = yield* passwords.hash("secret")
      const broken = [
        "",
        "secret",
        "$2b$10$abc",
        whole.slice(0, -1),
        whole.replace("argon2id", "argon2i"),
        `${whole}a`
      ]
      for (const hash of broken) assert.isFalse(yield* passwords.verify("secret", hash), hash)
    }).pipe(Effect.provide(layer)))
})
