// Signing in and staying signed in: anonymous customers, one live device per mitra, refresh tokens
// with their grace and their theft. Memory adapters, virtual time.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import { instant } from "../../../../src/contract/fields.ts"
import { AccessTokens } from "../../../../src/http/public/auth/access-tokens.ts"
import { TokenVerifier } from "../../../../src/http/socket/token-verifier.ts"
import { MemoryTables } from "../../../../testkit/memory/store/tables.ts"
import { SignIns } from "../../../../src/services/accounts/sign-ins.ts"
import { Accounts } from "../../../../src/services/accounts/accounts.ts"
import { hour, idOf, mitraId, t0 } from "../../../../testkit/conformance/given.ts"
import { codeOf, doors, given, heardOn, mitraAsk, phone, signIn } from "./doors.ts"

const anonymous = (name: string) => Effect.flatMap(signIn, (door) => door.anonymous(name, "203.0.113.7"))
const refresh = (token: string) => Effect.flatMap(signIn, (door) => door.refresh(token))
const verify = (token: string) => Effect.flatMap(TokenVerifier, (verifier) => verifier.verify(token))
const asMitra = Effect.flatMap(signIn, (door) => door.verifyCode(mitraAsk(phone), "000000"))

const deactivate = Effect.gen(function*() {
  const { mitras } = yield* MemoryTables
  const row = mitras.get(mitraId)
  if (row !== undefined) mitras.set(mitraId, { ...row, is_active: false })
})

describe("a customer", () => {
  it.effect("gets an identity of their own from nothing but a call name", () =>
    Effect.gen(function*() {
      yield* given
      const sari = yield* anonymous("  Sari ")
      const budi = yield* anonymous("Budi")
      assert.notStrictEqual(sari.user_id, budi.user_id)
      assert.strictEqual(sari.user_type, "customer")
      assert.strictEqual(sari.refresh_expires_at, instant(t0 + 30 * 24 * hour))
      assert.deepStrictEqual(yield* (yield* Accounts).findCustomer(sari.user_id), {
        id: sari.user_id,
        call_name: "Sari",
        phone: null,
        belongs_to: null,
        created_at: t0
      })
      assert.strictEqual((yield* verify(sari.access_token)).user_id, sari.user_id)
    }).pipe(Effect.provide(doors())))

  it.effect("needs a call name that people see, on one line, and that is not ours", () =>
    Effect.gen(function*() {
      for (const name of ["   ", "\u200b", "Sari\u202eimda", "Sari\nAdmin", "Halobestie Admin"]) {
        assert.strictEqual(yield* codeOf(anonymous(name)), "BAD_REQUEST", JSON.stringify(name))
      }
    }).pipe(Effect.provide(doors())))
})

describe("a refresh token", () => {
  it.effect("is exchanged for new tokens of the same sign-in, and only its hash is stored", () =>
    Effect.gen(function*() {
      yield* given
      const first = yield* anonymous("Sari")
      yield* TestClock.adjust("30 minutes")
      const second = yield* refresh(first.refresh_token)
      assert.strictEqual(second.user_id, first.user_id)
      assert.notStrictEqual(second.refresh_token, first.refresh_token)
      const family = (yield* verify(first.access_token)).auth_session_id
      assert.strictEqual((yield* verify(second.access_token)).auth_session_id, family)
      const stored = JSON.stringify([...(yield* MemoryTables).auth_sessions.values()])
      for (const token of [first.refresh_token, second.refresh_token]) {
        assert.strictEqual(Buffer.from(token, "base64url").length, 32)
        assert.notInclude(stored, token)
      }
    }).pipe(Effect.provide(doors())))

  it.effect("used twice within ten seconds gives the same successor: two refreshes crossed", () =>
    Effect.gen(function*() {
      yield* given
      const { refresh_token } = yield* anonymous("Sari")
      const one = yield* refresh(refresh_token)
      yield* verify(one.access_token)
      yield* TestClock.adjust("10 seconds")
      const other = yield* refresh(refresh_token)
      assert.strictEqual(one.refresh_token, other.refresh_token)
      assert.lengthOf([...(yield* MemoryTables).auth_sessions.values()], 2)
      yield* verify(one.access_token)
      yield* verify(other.access_token)
    }).pipe(Effect.provide(doors())))

  it.effect("whose answer was lost is good for another one, a day later, too", () =>
    Effect.gen(function*() {
      yield* given
      const { refresh_token } = yield* anonymous("Sari")
      for (const pause of ["12 seconds", "60 seconds", "1 day"] as const) {
        yield* refresh(refresh_token)
        yield* TestClock.adjust(pause)
      }
      const arrived = yield* refresh(refresh_token)
      yield* refresh(arrived.refresh_token)
      yield* TestClock.adjust("11 seconds")
      assert.strictEqual(yield* codeOf(refresh(refresh_token)), "REFRESH_REUSED")
    }).pipe(Effect.provide(doors())))

  it.effect("used again after the grace ends the whole sign-in and closes its sockets", () =>
    Effect.gen(function*() {
      yield* given
      const first = yield* anonymous("Sari")
      const second = yield* refresh(first.refresh_token)
      const family = (yield* verify(second.access_token)).auth_session_id
      yield* TestClock.adjust("10001 millis")
      const { heard, result } = yield* heardOn(
        `customer:${first.user_id}`,
        codeOf(refresh(first.refresh_token))
      )
      assert.strictEqual(result, "REFRESH_REUSED")
      assert.deepStrictEqual(heard, [{ _tag: "Revoked", auth_session_id: family }])
      assert.strictEqual(yield* codeOf(refresh(second.refresh_token)), "REFRESH_INVALID")
      assert.strictEqual(yield* codeOf(verify(second.access_token)), "TOKEN_INVALID")
    }).pipe(Effect.provide(doors())))

  it.effect("that is unknown, or older than thirty days, is refused and revokes nothing", () =>
    Effect.gen(function*() {
      yield* given
      const { refresh_token, user_id } = yield* anonymous("Sari")
      assert.strictEqual(yield* codeOf(refresh("not-a-token")), "REFRESH_INVALID")
      yield* TestClock.adjust("30 days")
      const { heard, result } = yield* heardOn(`customer:${user_id}`, codeOf(refresh(refresh_token)))
      assert.strictEqual(result, "REFRESH_INVALID")
      assert.deepStrictEqual(heard, [])
    }).pipe(Effect.provide(doors())))

  it.effect("of a mitra who was deactivated buys nothing", () =>
    Effect.gen(function*() {
      yield* given
      const ayu = yield* asMitra
      yield* deactivate
      assert.strictEqual(yield* codeOf(refresh(ayu.refresh_token)), "ACCOUNT_INACTIVE")
      assert.strictEqual(yield* codeOf(refresh(ayu.refresh_token)), "REFRESH_INVALID")
    }).pipe(Effect.provide(doors({ dev_code: "000000" }))))
})

describe("a mitra", () => {
  it.effect("has one live device: a new sign-in ends the others and closes their sockets", () =>
    Effect.gen(function*() {
      yield* given
      const { heard: atFirst, result: oldPhone } = yield* heardOn(`mitra:${mitraId}`, asMitra)
      assert.deepStrictEqual(atFirst, [])
      const family = (yield* verify(oldPhone.access_token)).auth_session_id
      const { heard, result: newPhone } = yield* heardOn(`mitra:${mitraId}`, asMitra)
      assert.deepStrictEqual(heard, [{ _tag: "Revoked", auth_session_id: family }])
      assert.strictEqual(yield* codeOf(verify(oldPhone.access_token)), "TOKEN_INVALID")
      assert.strictEqual(yield* codeOf(refresh(oldPhone.refresh_token)), "REFRESH_INVALID")
      assert.strictEqual((yield* verify(newPhone.access_token)).user_id, mitraId)
    }).pipe(Effect.provide(doors({ dev_code: "000000" }))))
})

describe("a token at the door", () => {
  it.effect("is refused once its sign-in is revoked, long before it runs out", () =>
    Effect.gen(function*() {
      yield* given
      const { access_token } = yield* anonymous("Sari")
      const { auth_session_id } = yield* verify(access_token)
      yield* (yield* SignIns).revokeFamily(auth_session_id, "staff", t0)
      assert.strictEqual(yield* codeOf(verify(access_token)), "TOKEN_INVALID")
    }).pipe(Effect.provide(doors())))

  it.effect("is refused once its mitra is deactivated, even if her sign-in was overlooked", () =>
    Effect.gen(function*() {
      yield* given
      const { access_token } = yield* asMitra
      yield* deactivate
      assert.strictEqual(yield* codeOf(verify(access_token)), "TOKEN_INVALID")
    }).pipe(Effect.provide(doors({ dev_code: "000000" }))))

  it.effect("is refused for a sign-in that never was, and for staff", () =>
    Effect.gen(function*() {
      yield* given
      const tokens = yield* AccessTokens
      const owner = { user_id: idOf(1), auth_session_id: idOf(2) }
      const stranger = yield* tokens.sign({ ...owner, user_type: "customer" })
      assert.strictEqual(yield* codeOf(verify(stranger.token)), "TOKEN_INVALID")
      const staff = yield* tokens.sign({ ...owner, user_type: "staff" })
      assert.strictEqual(yield* codeOf(verify(staff.token)), "TOKEN_INVALID")
    }).pipe(Effect.provide(doors())))
})

describe("the list of one's own sign-ins", () => {
  it.effect("has each phone once; one of them can be ended, and its sockets close; no stranger can", () =>
    Effect.gen(function*() {
      yield* given
      const door = yield* signIn
      const first = yield* anonymous("Sari")
      const sari = yield* verify(first.access_token)
      const phone = {
        token: "sari-s-first",
        platform: "ios",
        registered_at: t0,
        user_type: "customer"
      } as const
      yield* (yield* Accounts).registerDevice({ ...phone, ...sari, user_type: "customer" }, 10)
      const proof = { phone: "+6281300000001", user_type: "customer", device_key: null, by: sari } as const
      const ask = { ...proof, remote_address: "203.0.113.7" }
      yield* TestClock.adjust("1 minute")
      const topic = `customer:${sari.user_id}` as const
      const { heard: told, result: second } = yield* heardOn(topic, door.verifyCode(ask, "000000"))
      const other = yield* verify(second.access_token)
      assert.deepStrictEqual(told, [
        { _tag: "SignedIn", auth_session_id: other.auth_session_id, at: t0 + 60_000 }
      ])
      const pushes = [...(yield* MemoryTables).push_outbox.values()]
      assert.deepStrictEqual(
        pushes.map(({ auth_session_id, due_at, expires_at, kind }) => ({
          auth_session_id,
          due_at,
          expires_at,
          kind
        })),
        [{
          kind: "sign_in",
          auth_session_id: other.auth_session_id,
          due_at: t0 + 75_000,
          expires_at: t0 + 60_000 + 24 * hour
        }]
      )
      yield* refresh(first.refresh_token)
      assert.deepStrictEqual(yield* door.list(sari), [
        { family_id: other.auth_session_id, opened_at: t0 + 60_000, renewed_at: t0 + 60_000, platform: null },
        { family_id: sari.auth_session_id, opened_at: t0, renewed_at: t0 + 60_000, platform: "ios" }
      ])
      const budi = yield* verify((yield* anonymous("Budi")).access_token)
      assert.strictEqual(yield* codeOf(door.end(budi, other.auth_session_id)), "NOT_FOUND")
      yield* door.end(sari, other.auth_session_id)
      assert.strictEqual(yield* codeOf(verify(second.access_token)), "TOKEN_INVALID")
      assert.deepStrictEqual((yield* door.list(sari)).map((one) => one.family_id), [sari.auth_session_id])
      assert.strictEqual(yield* codeOf(door.end(sari, other.auth_session_id)), "NOT_FOUND")
    }).pipe(Effect.provide(doors({ dev_code: "000000" }))))
})
