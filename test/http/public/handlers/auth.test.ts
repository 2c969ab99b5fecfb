// The sign-in calls on a connection: only a token this server signed gives it an identity.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import { instant } from "../../../../src/contract/fields.ts"
import { wireVersion } from "../../../../src/contract/version.ts"
import { AccessTokens } from "../../../../src/http/public/auth/access-tokens.ts"
import { Accounts } from "../../../../src/services/accounts/accounts.ts"
import { idOf, t0 } from "../../../../testkit/conformance/given.ts"
import { customerPhone, newPhone, nextOf, refused } from "../../phone.ts"
import { given, phoneOf } from "../../script.ts"
import { world } from "../../world.ts"

describe("auth.authenticate", () => {
  it.effect("gives the connection the identity of the token and says when it ends", () =>
    Effect.gen(function*() {
      yield* given
      const phone = yield* newPhone
      const tokens = yield* phone.call("auth.sign_in_anonymous", { call_name: "Sari" })
      assert.strictEqual(yield* phone.connection.principal, null, "signing in alone is not an identity")
      const answer = yield* phone.call("auth.authenticate", { access_token: tokens.access_token })
      assert.deepStrictEqual(answer, {
        user_type: "customer",
        user_id: tokens.user_id,
        access_expires_at: tokens.access_expires_at,
        server_now: instant(t0),
        wire_version: wireVersion
      })
      assert.strictEqual((yield* phone.connection.principal)?.user_id, tokens.user_id)
    }).pipe(Effect.provide(world)))

  it.effect("refuses garbage, an expired token and a staff token, and leaves the connection as it was", () =>
    Effect.gen(function*() {
      yield* given
      const phone = yield* newPhone
      const { access_token } = yield* phone.call("auth.sign_in_anonymous", { call_name: "Sari" })
      const tokens = yield* AccessTokens
      const staff = yield* tokens.sign({ user_type: "staff", user_id: idOf(1), auth_session_id: idOf(2) })
      const authenticate = (access_token: string) =>
        refused(phone.call("auth.authenticate", { access_token }))
      assert.strictEqual(yield* authenticate("garbage"), "TOKEN_INVALID")
      assert.strictEqual(yield* authenticate(staff.token), "TOKEN_INVALID")
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* authenticate(access_token), "TOKEN_EXPIRED")
      assert.strictEqual(yield* phone.connection.principal, null)
    }).pipe(Effect.provide(world)))
})

describe("auth.providers", () => {
  it.effect("says which ways in there are, to anybody", () =>
    Effect.gen(function*() {
      const phone = yield* newPhone
      assert.deepStrictEqual(yield* phone.call("auth.providers", {}), {
        anonymous: true,
        phone: true,
        google: false,
        apple: false
      })
    }).pipe(Effect.provide(world)))
})

describe("a customer's phone", () => {
  it.effect("is proven for the account the connection is signed in as, never for one a payload names", () =>
    Effect.gen(function*() {
      yield* given
      const sari = yield* customerPhone("Sari")
      const budi = yield* customerPhone("Budi")
      const mine = { phone: "+6281300000001", user_type: "customer", code: "000000" } as const
      const forged = { ...mine, by: budi.id, user_id: budi.id }
      const proven = yield* sari.call("auth.verify_code", forged)
      assert.strictEqual(proven.user_id, sari.id)
      assert.isNull(proven.account_belongs_to)
      const theirs = yield* budi.call("auth.verify_code", mine)
      assert.strictEqual(theirs.user_id, sari.id)
      assert.strictEqual(theirs.account_belongs_to, sari.id)
      const stranger = yield* newPhone
      assert.strictEqual((yield* stranger.call("auth.verify_code", mine)).user_id, sari.id)
    }).pipe(Effect.provide(world)))
})

describe("auth.sign_out", () => {
  it.effect("needs a signed-in caller, and leaves the token worth nothing", () =>
    Effect.gen(function*() {
      yield* given
      const stranger = yield* newPhone
      assert.strictEqual(
        yield* refused(stranger.call("auth.sign_out", { everywhere: true })),
        "NOT_SIGNED_IN"
      )
      const sari = yield* customerPhone("Sari")
      assert.deepStrictEqual(yield* sari.call("auth.sign_out", { everywhere: false }), { signed_out: true })
      const back = stranger.call("auth.authenticate", { access_token: sari.tokens.access_token })
      assert.strictEqual(yield* refused(back), "TOKEN_INVALID")
    }).pipe(Effect.provide(world)))
})

describe("a device", () => {
  it.effect("belongs to the person and sign-in of the connection that registers it", () =>
    Effect.gen(function*() {
      yield* given
      const accounts = yield* Accounts
      const sari = yield* customerPhone("Sari")
      const budi = yield* customerPhone("Budi")
      const of = (who: { readonly id: string }) =>
        Effect.map(
          accounts.devicesOf({ user_type: "customer", user_id: who.id }),
          (all) => all.map((one) => one.token)
        )
      const token = "one-push-token"
      yield* sari.call("devices.register", { token, platform: "ios" })
      assert.deepStrictEqual(yield* of(sari), [token])
      yield* budi.call("devices.drop", { token })
      assert.deepStrictEqual(yield* of(sari), [token], "only their own")
      yield* budi.call("devices.register", { token, platform: "ios" })
      assert.deepStrictEqual([yield* of(sari), yield* of(budi)], [[], [token]])
      yield* budi.call("auth.sign_out", { everywhere: false })
      assert.deepStrictEqual(yield* of(budi), [], "a phone that is signed out hears nothing")
    }).pipe(Effect.provide(world)))
})

describe("a person's other phones", () => {
  it.effect("hear of a new sign-in, and whose push token went to somebody else hears of that", () =>
    Effect.scoped(Effect.gen(function*() {
      yield* given
      const sari = yield* customerPhone("Sari")
      const events = yield* sari.subscribe()
      yield* nextOf(events, "snapshot")
      yield* sari.call("auth.verify_code", { phone: "+6281300000001", user_type: "customer", code: "000000" })
      const told = yield* nextOf(events, "signed_in")
      const { sign_ins } = yield* sari.call("auth.sign_ins", {})
      assert.deepStrictEqual(sign_ins.map((one) => one.is_this_one), [false, true])
      assert.strictEqual(told.sign_in_id, sign_ins[0]?.sign_in_id)
      yield* sari.call("auth.end_sign_in", { sign_in_id: told.sign_in_id })
      assert.lengthOf((yield* sari.call("auth.sign_ins", {})).sign_ins, 1)
      const token = "sari-s-push-token"
      yield* sari.call("devices.register", { token, platform: "ios" })
      yield* (yield* customerPhone("Budi")).call("devices.register", { token, platform: "ios" })
      yield* nextOf(events, "device_moved")
    })).pipe(Effect.provide(world)))
})

describe("a mitra's sign-in", () => {
  it.effect("goes through request_code and verify_code, then refresh", () =>
    Effect.gen(function*() {
      yield* given
      const phone = yield* newPhone
      const asked = yield* phone.call("auth.request_code", { phone: phoneOf(1), user_type: "mitra" })
      assert.deepStrictEqual(asked, { expires_at: instant(t0 + 300_000), next_code_after_seconds: 60 })
      const tokens = yield* phone.call("auth.verify_code", {
        phone: phoneOf(1),
        user_type: "mitra",
        code: "000000"
      })
      assert.strictEqual(tokens.user_type, "mitra")
      const renewed = yield* phone.call("auth.refresh", { refresh_token: tokens.refresh_token })
      assert.strictEqual(renewed.user_id, tokens.user_id)
    }).pipe(Effect.provide(world)))
})
