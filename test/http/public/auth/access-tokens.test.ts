// Access tokens: what they say, when they run out, which forgeries are refused, and how a signing key
// is rotated. Virtual time.
import { assert, describe, it } from "@effect/vitest"
import { createHmac, generateKeyPairSync } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { TestClock } from "effect/testing"
import { SignJWT } from "jose"
import { AccessTokens, layer } from "../../../../src/http/public/auth/access-tokens.ts"
import { idOf, t0 } from "../../../../testkit/conformance/given.ts"

const owner = { user_type: "customer", user_id: idOf(1), auth_session_id: idOf(2) } as const
const secret = "first-secret-of-at-least-32-bytes!!"
const withSecrets = (secrets: string) => layer({ secrets: Redacted.make(secrets) })

const sign = Effect.flatMap(AccessTokens, (tokens) => tokens.sign(owner))
const verify = (token: string) =>
  Effect.flatMap(AccessTokens, (tokens) => tokens.verify(token, ["customer", "mitra"]))
const refusalOf = (token: string) => Effect.map(Effect.flip(verify(token)), (refusal) => refusal.code)

const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url")

const iat = Math.floor(t0 / 1000)
const claims = {
  sub: owner.user_id,
  user_type: "customer",
  session_id: owner.auth_session_id,
  iat,
  exp: iat + 3600
}

/** A token made without our code, so that every part of it can be wrong. */
const forge = (header: object, payload: object, key: string = secret, hash: string = "sha256"): string => {
  const body = `${base64(header)}.${base64(payload)}`
  return `${body}.${createHmac(hash, key).update(body).digest("base64url")}`
}

const hs256 = { alg: "HS256", typ: "JWT" }

describe("an access token", () => {
  it.effect("names its owner and its sign-in, and runs out an hour after it was signed", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(t0)
      const { expires_at, token } = yield* sign
      assert.strictEqual(expires_at, (iat + 3600) * 1000)
      assert.deepStrictEqual(yield* verify(token), { ...owner, expires_at })
      yield* TestClock.setTime(expires_at - 1)
      assert.deepStrictEqual(yield* verify(token), { ...owner, expires_at })
      yield* TestClock.setTime(expires_at)
      assert.strictEqual(yield* refusalOf(token), "TOKEN_EXPIRED")
    }).pipe(Effect.provide(withSecrets(secret))))

  it.effect("made by hand with the right key and claims is accepted, so a forgery fails for its flaw", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(t0)
      assert.strictEqual((yield* verify(forge(hs256, claims))).user_id, owner.user_id)
    }).pipe(Effect.provide(withSecrets(secret))))

  it.effect("is refused for every kind of forgery", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(t0)
      const good = forge(hs256, claims)
      const [header, payload, signature] = good.split(".") as [string, string, string]
      const without = (claim: keyof typeof claims) => {
        const { [claim]: _, ...rest } = claims
        return forge(hs256, rest)
      }
      const forgeries: Record<string, string> = {
        "no algorithm": `${base64({ alg: "none" })}.${payload}.`,
        "no algorithm, signed all the same": forge({ alg: "none" }, claims),
        "an algorithm in another spelling": forge({ alg: "hs256" }, claims),
        "another algorithm with the right key": forge({ alg: "HS512" }, claims, secret, "sha512"),
        "another key": forge(hs256, claims, "another-secret-of-at-least-32-bytes"),
        "an empty key": forge(hs256, claims, ""),
        "a changed payload": `${header}.${base64({ ...claims, sub: idOf(9) })}.${signature}`,
        "a changed header": `${base64({ ...hs256, kid: "x" })}.${payload}.${signature}`,
        "a cut signature": good.slice(0, -2),
        "no signature": `${header}.${payload}.`,
        "an unknown critical header": forge({ ...hs256, crit: ["x"], x: 1 }, claims),
        "a staff member": forge(hs256, { ...claims, user_type: "staff" }),
        "an unknown user type": forge(hs256, { ...claims, user_type: "admin" }),
        "a subject that is no id": forge(hs256, { ...claims, sub: "1 OR 1=1" }),
        "a session that is no id": forge(hs256, { ...claims, session_id: "x" }),
        "an expiry that is no number": forge(hs256, { ...claims, exp: "9999999999" }),
        "an expiry that is no whole number": forge(hs256, { ...claims, exp: 9e99 }),
        "no subject": without("sub"),
        "no user type": without("user_type"),
        "no session": without("session_id"),
        "no expiry": without("exp"),
        "no time of issue": without("iat"),
        "not yet valid": forge(hs256, { ...claims, nbf: iat + 60 }),
        "a list": forge(hs256, [claims]),
        "nothing": "",
        "dots": "..",
        "words": "not a token"
      }
      for (const [flaw, token] of Object.entries(forgeries)) {
        assert.strictEqual(yield* refusalOf(token), "TOKEN_INVALID", flaw)
      }
    }).pipe(Effect.provide(withSecrets(secret))))

  it.effect("is refused where its user type has no business", () =>
    Effect.gen(function*() {
      const tokens = yield* AccessTokens
      const { token } = yield* tokens.sign({ ...owner, user_type: "mitra" })
      assert.strictEqual((yield* Effect.flip(tokens.verify(token, ["customer"]))).code, "TOKEN_INVALID")
      assert.strictEqual((yield* Effect.flip(tokens.verify(token, ["staff"]))).code, "TOKEN_INVALID")
      assert.strictEqual((yield* tokens.verify(token, ["mitra"])).user_type, "mitra")
    }).pipe(Effect.provide(withSecrets(secret))))

  it.effect("is signed with the first secret and verified with any, so that a key can be rotated", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(t0)
      const old = yield* Effect.provide(sign, withSecrets("old-key"))
      const fresh = yield* Effect.provide(sign, withSecrets(" new-key , old-key "))
      const rotating = withSecrets("new-key,old-key")
      assert.strictEqual((yield* Effect.provide(verify(old.token), rotating)).user_id, owner.user_id)
      assert.strictEqual((yield* Effect.provide(verify(fresh.token), rotating)).user_id, owner.user_id)
      const rotated = withSecrets("new-key")
      assert.strictEqual(yield* Effect.provide(refusalOf(old.token), rotated), "TOKEN_INVALID")
      assert.strictEqual((yield* Effect.provide(verify(fresh.token), rotated)).user_id, owner.user_id)
      yield* TestClock.setTime(old.expires_at)
      // Not "invalid": the phone must know that refreshing helps, whichever key signed.
      assert.strictEqual(yield* Effect.provide(refusalOf(old.token), rotating), "TOKEN_EXPIRED")
      assert.strictEqual(yield* Effect.provide(refusalOf(fresh.token), rotating), "TOKEN_EXPIRED")
    }))

  it.effect("of an asymmetric key is refused", () =>
    Effect.gen(function*() {
      const { privateKey } = generateKeyPairSync("ed25519")
      const token = yield* Effect.promise(() =>
        new SignJWT(claims).setProtectedHeader({ alg: "EdDSA" }).sign(privateKey)
      )
      assert.strictEqual(yield* refusalOf(token), "TOKEN_INVALID")
    }).pipe(Effect.provide(withSecrets(secret))))

  it.effect("of staff is made and taken with keys of their own", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(t0)
      const tokens = yield* AccessTokens
      const { token } = yield* tokens.sign({ ...owner, user_type: "staff" })
      assert.strictEqual((yield* tokens.verify(token, ["staff"])).user_type, "staff")
      // Whoever signs for phones makes no staff member of anybody.
      const forged = forge(hs256, { ...claims, user_type: "staff" })
      assert.strictEqual((yield* Effect.flip(tokens.verify(forged, ["staff"]))).code, "TOKEN_INVALID")
      assert.strictEqual(yield* refusalOf(forge(hs256, claims, "staff-secret")), "TOKEN_INVALID")
    }).pipe(Effect.provide(layer({
      secrets: Redacted.make(secret),
      staff_secrets: Redacted.make("staff-secret")
    }))))
})
