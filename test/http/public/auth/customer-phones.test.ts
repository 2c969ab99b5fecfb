// Customers and their phones: an anonymous one who proves a phone, one whose phone is an existing customer's,
// one who comes back; and every refusal on the way. Memory adapters, virtual time.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import { Refusal } from "../../../../src/domain/refusal.ts"
import type { Principal } from "../../../../src/http/socket/connection.ts"
import { TokenVerifier } from "../../../../src/http/socket/token-verifier.ts"
import { Accounts } from "../../../../src/services/accounts/accounts.ts"
import {
  codeOf,
  customerAsk,
  doors,
  given,
  Inbox,
  lastCode,
  mitraAsk,
  remote_address,
  signIn,
  wrongCode
} from "./doors.ts"

const phone = "+6281300000001"
const other = "+6281300000002"

const request = (to: string = phone, by: Principal | null = null, from: string = remote_address) =>
  Effect.flatMap(signIn, (door) => door.requestCode(customerAsk(to, by, from)))
const verify = (code: string, by: Principal | null = null, to: string = phone) =>
  Effect.flatMap(signIn, (door) => door.verifyCode(customerAsk(to, by), code))
const whoIs = (token: string) => Effect.flatMap(TokenVerifier, (verifier) => verifier.verify(token))
const find = (id: string) => Effect.flatMap(Accounts, (accounts) => accounts.findCustomer(id))

/** An anonymous customer on a connection of their own. */
const guest = Effect.fnUntraced(function*(name: string) {
  const tokens = yield* (yield* signIn).anonymous(name, "203.0.113.7")
  return { ...tokens, by: yield* whoIs(tokens.access_token) }
})

/** Asks, reads the phone, proves it. */
const proven = Effect.fnUntraced(function*(by: Principal | null, to: string = phone) {
  yield* request(to, by)
  const tokens = yield* verify(yield* lastCode, by, to)
  yield* TestClock.adjust("1 minute")
  return tokens
})

describe("an anonymous customer who proves a phone", () => {
  it.effect("keeps the same account, which has the phone from then on", () =>
    Effect.gen(function*() {
      yield* given
      const sari = yield* guest("Sari")
      const tokens = yield* proven(sari.by)
      assert.strictEqual(tokens.user_id, sari.user_id)
      assert.isNull(tokens.account_belongs_to)
      assert.deepInclude(yield* find(sari.user_id), { call_name: "Sari", phone, belongs_to: null })
      assert.strictEqual((yield* whoIs(tokens.access_token)).user_id, sari.user_id)
      assert.strictEqual((yield* whoIs(sari.access_token)).user_id, sari.user_id, "the old sign-in goes on")
    }).pipe(Effect.provide(doors())))

  it.effect("gets the other account's tokens when the phone is another customer's, and points there", () =>
    Effect.gen(function*() {
      yield* given
      const sari = yield* guest("Sari")
      yield* proven(sari.by)
      const newPhone = yield* guest("Sari again")
      const tokens = yield* proven(newPhone.by)
      assert.strictEqual(tokens.user_id, sari.user_id)
      assert.strictEqual(tokens.account_belongs_to, sari.user_id)
      assert.strictEqual((yield* whoIs(tokens.access_token)).user_id, sari.user_id)
      assert.deepInclude(yield* find(newPhone.user_id), { phone: null, belongs_to: sari.user_id })
    }).pipe(Effect.provide(doors())))

  it.effect("may prove the same phone again, because an answer can get lost: it ends the same", () =>
    Effect.gen(function*() {
      yield* given
      const sari = yield* guest("Sari")
      yield* proven(sari.by)
      assert.strictEqual((yield* proven(sari.by)).user_id, sari.user_id)
      const newPhone = yield* guest("Sari again")
      yield* proven(newPhone.by)
      const again = yield* proven(newPhone.by)
      assert.strictEqual(again.account_belongs_to, sari.user_id)
    }).pipe(Effect.provide(doors())))

  it.effect("cannot take a second phone, nor one of somebody else's than whom it belongs to", () =>
    Effect.gen(function*() {
      yield* given
      const sari = yield* guest("Sari")
      yield* proven(sari.by)
      const newPhone = yield* guest("Sari again")
      yield* proven(newPhone.by)
      assert.strictEqual(yield* codeOf(request(other, sari.by)), "WRONG_FLOW")
      assert.strictEqual(yield* codeOf(verify("123456", sari.by, other)), "WRONG_FLOW")
      yield* request(other, newPhone.by)
      assert.strictEqual(yield* codeOf(verify(yield* lastCode, newPhone.by, other)), "WRONG_FLOW")
      assert.isNull(yield* (yield* Accounts).findCustomerByPhone(other))
    }).pipe(Effect.provide(doors())))

  it.effect("who lost the race for a phone after asking belongs to the one who won it", () =>
    Effect.gen(function*() {
      yield* given
      const sari = yield* guest("Sari")
      const rival = yield* guest("Rival")
      yield* request(phone, sari.by)
      yield* (yield* Accounts).provePhone(rival.user_id, phone)
      const tokens = yield* verify(yield* lastCode, sari.by)
      assert.strictEqual(tokens.account_belongs_to, rival.user_id)
    }).pipe(Effect.provide(doors())))
})

describe("a connection without an identity", () => {
  it.effect("signs in the customer who has the phone", () =>
    Effect.gen(function*() {
      yield* given
      const sari = yield* guest("Sari")
      yield* proven(sari.by)
      const tokens = yield* proven(null)
      assert.strictEqual(tokens.user_id, sari.user_id)
      assert.strictEqual(tokens.user_type, "customer")
      assert.isNull(tokens.account_belongs_to)
    }).pipe(Effect.provide(doors())))

  it.effect("is told that nobody has it only after proving it", () =>
    Effect.gen(function*() {
      yield* given
      yield* request()
      assert.strictEqual(yield* codeOf(verify(yield* wrongCode)), "CODE_MISMATCH")
      assert.strictEqual(yield* codeOf(verify(yield* lastCode)), "ACCOUNT_NOT_FOUND")
    }).pipe(Effect.provide(doors())))
})

describe("a connection of the other kind", () => {
  it.effect("proves no phones: not a mitra's for customers, nor a customer's for mitras", () =>
    Effect.gen(function*() {
      yield* given
      const ayu = yield* (yield* signIn).verifyCode(mitraAsk("+628110000001"), "000000")
      const sari = yield* guest("Sari")
      const asMitra = yield* whoIs(ayu.access_token)
      assert.strictEqual(yield* codeOf(request(phone, asMitra)), "WRONG_FLOW")
      assert.strictEqual(yield* codeOf(verify("000000", asMitra)), "WRONG_FLOW")
      const crossed = (yield* signIn).requestCode({ ...mitraAsk("+628110000001"), by: sari.by })
      assert.strictEqual(yield* codeOf(crossed), "WRONG_FLOW")
    }).pipe(Effect.provide(doors({ dev_code: "000000" }))))
})

describe("a customer's code", () => {
  it.effect("has every limit and every refusal a mitra's has", () =>
    Effect.gen(function*() {
      yield* given
      const { by } = yield* guest("Sari")
      assert.strictEqual(yield* codeOf(request("0813", by)), "PHONE_INVALID")
      assert.strictEqual(yield* codeOf(verify("12345", by)), "CODE_INVALID")
      assert.strictEqual(yield* codeOf(verify("123456", by)), "WRONG_FLOW", "no code was asked for")
      yield* request(phone, by)
      const cooling = yield* Effect.flip(request(phone, by))
      assert.instanceOf(cooling, Refusal)
      assert.strictEqual(cooling.code, "OTP_COOLDOWN")
      assert.deepStrictEqual(cooling.details, { limit: "codes_cooldown", retry_after_seconds: 60 })
      const wrong = yield* wrongCode
      for (let attempt = 0; attempt < 5; attempt++) {
        assert.strictEqual(yield* codeOf(verify(wrong, by)), "CODE_MISMATCH")
      }
      assert.strictEqual(yield* codeOf(verify(yield* lastCode, by)), "OTP_ATTEMPTS_EXCEEDED")
      yield* TestClock.adjust("1 minute")
      yield* request(phone, by)
      yield* TestClock.adjust("5 minutes")
      assert.strictEqual(yield* codeOf(verify(yield* lastCode, by)), "OTP_EXPIRED")
      yield* request(phone, by)
      yield* verify(yield* lastCode, by)
      assert.strictEqual(yield* codeOf(verify(yield* lastCode, by)), "OTP_USED")
      ;(yield* Inbox).refuses = true
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* codeOf(request(phone, by)), "OTP_PROVIDER_FAILED")
    }).pipe(Effect.provide(doors())))

  it.effect("counts against the phone's hour together with a mitra's codes", () =>
    Effect.gen(function*() {
      yield* given
      const { by } = yield* guest("Sari")
      const mitraPhone = "+628110000001"
      for (let sent = 0; sent < 5; sent++) {
        yield* sent % 2 === 0
          ? request(mitraPhone, by)
          : Effect.flatMap(signIn, (door) => door.requestCode(mitraAsk(mitraPhone)))
        yield* TestClock.adjust("1 minute")
      }
      assert.strictEqual(yield* codeOf(request(mitraPhone, by)), "OTP_RATE_LIMIT_PHONE")
    }).pipe(Effect.provide(doors())))

  it.effect("counts against its address, whatever the phone: the thirty-first of an hour is refused", () =>
    Effect.gen(function*() {
      yield* given
      for (let n = 10; n < 40; n++) yield* request(`+62813000000${n}`, (yield* guest("Bela")).by)
      const { by } = yield* guest("Sari")
      const refusal = yield* Effect.flip(request("+6281300000099", by))
      assert.instanceOf(refusal, Refusal)
      assert.strictEqual(refusal.code, "OTP_RATE_LIMIT_IP")
      assert.deepStrictEqual(refusal.details, { limit: "codes_address", retry_after_seconds: 3600 })
      yield* request("+6281300000099", by, "203.0.113.8")
    }).pipe(Effect.provide(doors())))

  it.effect("of a mitra proves nothing for a customer with the same phone", () =>
    Effect.gen(function*() {
      yield* given
      const { by } = yield* guest("Sari")
      yield* (yield* signIn).requestCode(mitraAsk("+628110000001"))
      assert.strictEqual(yield* codeOf(verify(yield* lastCode, by, "+628110000001")), "WRONG_FLOW")
    }).pipe(Effect.provide(doors())))
})
