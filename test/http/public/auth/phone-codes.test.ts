// One-time codes for mitras: what is sent, every reason not to send, every reason not to believe.
// Memory adapters, virtual time; the code sender is a fake that keeps what it was given.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { TestClock } from "effect/testing"
import { Refusal } from "../../../../src/domain/refusal.ts"
import { codeLifetimeMs } from "../../../../src/http/public/auth/phone-codes.ts"
import * as SignIn from "../../../../src/http/public/auth/sign-in.ts"
import { Quotas, quotas } from "../../../../src/http/public/quotas.ts"
import { MemoryTables } from "../../../../testkit/memory/store/tables.ts"
import { mitraId, t0 } from "../../../../testkit/conformance/given.ts"
import {
  codeOf,
  doors,
  given,
  Inbox,
  lastCode,
  mitraAsk,
  remote_address,
  phone,
  signIn,
  wrongCode
} from "./doors.ts"

const request = (to: string = phone, from: string = remote_address) =>
  Effect.flatMap(signIn, (door) => door.requestCode(mitraAsk(to, from)))
const verify = (code: string, by: string = phone) =>
  Effect.flatMap(signIn, (door) => door.verifyCode(mitraAsk(by), code))

const deactivate = Effect.gen(function*() {
  const { mitras } = yield* MemoryTables
  const row = mitras.get(mitraId)
  if (row !== undefined) mitras.set(mitraId, { ...row, is_active: false })
})

describe("asking for a code", () => {
  it.effect("sends six digits, stores only their hash, and says when to come again", () =>
    Effect.gen(function*() {
      yield* given
      assert.deepStrictEqual(yield* request(), {
        expires_at: t0 + codeLifetimeMs,
        next_code_after_seconds: 60
      })
      const { sent } = yield* Inbox
      assert.strictEqual(sent.length, 1)
      assert.strictEqual(sent[0]?.phone, phone)
      assert.match(yield* lastCode, /^[0-9]{6}$/)
      const stored = [...(yield* MemoryTables).one_time_codes.values()]
      assert.strictEqual(stored.length, 1)
      assert.notInclude(JSON.stringify(stored), yield* lastCode)
    }).pipe(Effect.provide(doors())))

  it.effect("is refused for anything that is no E.164 number", () =>
    Effect.gen(function*() {
      yield* given
      for (
        const given of [
          "08110000001",
          "628110000001",
          "+0811",
          "+62 811 0000 001",
          "+62811000000a",
          "+62",
          ""
        ]
      ) {
        assert.strictEqual(yield* codeOf(request(given)), "PHONE_INVALID", given)
      }
    }).pipe(Effect.provide(doors())))

  it.effect("is answered alike for a mitra, one who is not active, and a phone nobody registered", () =>
    Effect.gen(function*() {
      yield* given
      const hers = yield* request()
      assert.deepStrictEqual(yield* request("+628990000000"), hers)
      yield* TestClock.adjust("1 minute")
      yield* deactivate
      assert.strictEqual((yield* request()).next_code_after_seconds, hers.next_code_after_seconds)
      assert.strictEqual(
        yield* codeOf(request("+628990000000").pipe(Effect.andThen(request()))),
        "OTP_COOLDOWN"
      )
      assert.lengthOf(
        (yield* Inbox).sent,
        4,
        "each phone gets its code: what it costs and takes tells nothing"
      )
    }).pipe(Effect.provide(doors())))

  it.effect("binds it to who asked: nobody else answers it, uses it up or replaces it", () =>
    Effect.gen(function*() {
      yield* given
      const door = yield* signIn
      const hers = { ...mitraAsk(phone), device_key: "her-own-secret-of-the-app" }
      yield* door.requestCode(hers)
      const code = yield* lastCode
      const stranger = { ...mitraAsk(phone, "198.51.100.9"), device_key: "another-secret-of-an-app" }
      yield* door.requestCode(stranger)
      for (let guess = 0; guess < 6; guess++) yield* codeOf(door.verifyCode(stranger, yield* wrongCode))
      assert.strictEqual(yield* codeOf(door.verifyCode(mitraAsk(phone), code)), "WRONG_FLOW")
      const elsewhere = { ...hers, remote_address: "192.0.2.1" }
      assert.strictEqual((yield* door.verifyCode(elsewhere, code)).user_id, mitraId, "from any network")
    }).pipe(Effect.provide(doors())))

  it.effect("waits a minute between two codes and says how many seconds are left", () =>
    Effect.gen(function*() {
      yield* given
      yield* request()
      yield* TestClock.adjust("15500 millis")
      const refusal = yield* Effect.flip(request())
      assert.instanceOf(refusal, Refusal)
      assert.strictEqual(refusal.code, "OTP_COOLDOWN")
      assert.deepStrictEqual(refusal.details, { limit: "codes_cooldown", retry_after_seconds: 45 })
      yield* TestClock.adjust("44500 millis")
      yield* request()
    }).pipe(Effect.provide(doors())))

  it.effect("lets a demo person of a development server ask again at once, and nobody else", () =>
    Effect.gen(function*() {
      yield* given
      for (let sent = 0; sent < 20; sent++) {
        assert.strictEqual((yield* request()).next_code_after_seconds, 0)
      }
      yield* request("+628110000009")
      assert.strictEqual(yield* codeOf(request("+628110000009")), "OTP_COOLDOWN")
    }).pipe(
      Effect.provide(doors()),
      Effect.provideService(Quotas, { ...quotas, free_of_cooldown: [phone] })
    ))

  it.effect("stops after five codes an hour for one phone", () =>
    Effect.gen(function*() {
      yield* given
      for (let sent = 0; sent < 5; sent++) {
        yield* request()
        yield* TestClock.adjust("60 seconds")
      }
      assert.strictEqual(yield* codeOf(request()), "OTP_RATE_LIMIT_PHONE")
      yield* TestClock.adjust("55 minutes")
      yield* request()
    }).pipe(Effect.provide(doors())))

  it.effect("says so when the provider does not take the code, without a word about it", () =>
    Effect.gen(function*() {
      yield* given
      const inbox = yield* Inbox
      inbox.refuses = true
      const refusal = yield* Effect.flip(request())
      assert.instanceOf(refusal, Refusal)
      assert.strictEqual(refusal.code, "OTP_PROVIDER_FAILED")
      assert.notInclude(JSON.stringify(refusal), "fazpass")
    }).pipe(Effect.provide(doors())))
})

describe("proving a phone", () => {
  it.effect("takes the sent code once", () =>
    Effect.gen(function*() {
      yield* given
      yield* request()
      const code = yield* lastCode
      const tokens = yield* verify(code)
      assert.strictEqual(tokens.user_id, mitraId)
      assert.strictEqual(tokens.user_type, "mitra")
      assert.strictEqual(yield* codeOf(verify(code)), "OTP_USED")
    }).pipe(Effect.provide(doors())))

  it.effect("counts wrong codes and stops at five, also for the right one", () =>
    Effect.gen(function*() {
      yield* given
      yield* request()
      const wrong = yield* wrongCode
      for (let attempt = 0; attempt < 5; attempt++) {
        assert.strictEqual(yield* codeOf(verify(wrong)), "CODE_MISMATCH")
      }
      assert.strictEqual(yield* codeOf(verify(yield* lastCode)), "OTP_ATTEMPTS_EXCEEDED")
    }).pipe(Effect.provide(doors())))

  it.effect("fails once the code is five minutes old", () =>
    Effect.gen(function*() {
      yield* given
      yield* request()
      yield* TestClock.adjust("5 minutes")
      assert.strictEqual(yield* codeOf(verify(yield* lastCode)), "OTP_EXPIRED")
    }).pipe(Effect.provide(doors())))

  it.effect("fails for what is no code, for a phone that never asked, and for nobody's phone", () =>
    Effect.gen(function*() {
      yield* given
      for (const code of ["12345", "1234567", "12345a", "", "١٢٣٤٥٦"]) {
        assert.strictEqual(yield* codeOf(verify(code)), "CODE_INVALID", code)
      }
      assert.strictEqual(yield* codeOf(verify("123456")), "WRONG_FLOW")
      assert.strictEqual(yield* codeOf(verify("123456", "+628990000000")), "WRONG_FLOW")
      yield* request("+628990000000")
      assert.strictEqual(yield* codeOf(verify(yield* wrongCode, "+628990000000")), "CODE_MISMATCH")
      assert.strictEqual(yield* codeOf(verify(yield* lastCode, "+628990000000")), "ACCOUNT_NOT_FOUND")
      assert.strictEqual(yield* codeOf(verify("123456", "0811")), "PHONE_INVALID")
    }).pipe(Effect.provide(doors())))

  it.effect("fails for a mitra deactivated after her code was sent", () =>
    Effect.gen(function*() {
      yield* given
      yield* request()
      yield* deactivate
      assert.strictEqual(yield* codeOf(verify(yield* lastCode)), "ACCOUNT_INACTIVE")
    }).pipe(Effect.provide(doors())))
})

describe("a code sent before a key was rotated", () => {
  const keys = ["the-first-key-of-at-least-32-bytes", "the-second-key-of-at-least-32-bytes"]
  const signInWith = (...secrets: ReadonlyArray<string>) =>
    Layer.fresh(SignIn.layer({
      secrets: Redacted.make(secrets.join(",")),
      dev_code: null,
      test_numbers: false
    }))

  it.effect("counts as long as the old key does", () =>
    Effect.gen(function*() {
      yield* given
      const [old, next] = [keys[0] ?? "", keys[1] ?? ""]
      yield* Effect.provide(request(), signInWith(old))
      const code = yield* lastCode
      const only = yield* Effect.provide(codeOf(verify(code)), signInWith(next))
      assert.strictEqual(only, "CODE_MISMATCH")
      const tokens = yield* Effect.provide(verify(code), signInWith(next, old))
      assert.strictEqual(tokens.user_id, mitraId)
    }).pipe(Effect.provide(doors())))
})

describe("the dev code", () => {
  it.effect("opens every mitra's door where it is configured, and the sent code still works", () =>
    Effect.gen(function*() {
      yield* given
      assert.strictEqual((yield* verify("000000")).user_id, mitraId)
      yield* request()
      assert.strictEqual((yield* verify(yield* lastCode)).user_id, mitraId)
      assert.strictEqual(yield* codeOf(verify("000000", "+628990000000")), "ACCOUNT_NOT_FOUND")
    }).pipe(Effect.provide(doors({ dev_code: "000000" }))))

  it.effect("means nothing where it is not", () =>
    Effect.gen(function*() {
      yield* given
      assert.strictEqual(yield* codeOf(verify("000000")), "WRONG_FLOW")
    }).pipe(Effect.provide(doors())))
})

const chosen = { phone, code: "424242" }
const givenTestNumber = Effect.gen(function*() {
  yield* given
  const { test_numbers } = yield* MemoryTables
  test_numbers.set(phone, { ...chosen, updated_at: t0 })
})

describe("a test number", () => {
  it.effect("has the code staff chose, which is never sent, works once per request, and has all limits", () =>
    Effect.gen(function*() {
      yield* givenTestNumber
      assert.strictEqual(yield* codeOf(verify(chosen.code)), "WRONG_FLOW")
      yield* request()
      assert.strictEqual(yield* codeOf(request()), "OTP_COOLDOWN")
      assert.strictEqual((yield* verify(chosen.code)).user_id, mitraId)
      assert.strictEqual(yield* codeOf(verify(chosen.code)), "OTP_USED")
      assert.deepStrictEqual((yield* Inbox).sent, [])
    }).pipe(Effect.provide(doors({ test_numbers: true }))))

  it.effect("is a phone like any other while a provider sends the codes", () =>
    Effect.gen(function*() {
      yield* givenTestNumber
      yield* request()
      assert.strictEqual((yield* Inbox).sent.length, 1)
      const code = yield* lastCode
      if (code !== chosen.code) assert.strictEqual(yield* codeOf(verify(chosen.code)), "CODE_MISMATCH")
    }).pipe(Effect.provide(doors())))
})
