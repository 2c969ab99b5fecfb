// One's own account in the control center: signing in with and without a second factor, who is locked out of
// what, proving once more, and what ends a sign-in. Memory adapters; fake is only the connection.
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { RpcTest } from "effect/rpc"
import type * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { TOTP } from "otpauth"
import type { CallError } from "../../../src/contract/errors.ts"
import { AdminAccountRpcs } from "../../../src/contract/staff/accounts.ts"
import { AdminOwnAccountRpcs } from "../../../src/contract/staff/own-account.ts"
import * as AccessTokens from "../../../src/http/public/auth/access-tokens.ts"
import * as AccountHandlers from "../../../src/http/internal/accounts.ts"
import * as OwnAccountHandlers from "../../../src/http/internal/own-account.ts"
import * as Permissions from "../../../src/http/internal/permissions.ts"
import * as StaffSignIn from "../../../src/http/internal/staff/staff-sign-in.ts"
import * as VerifyStaffToken from "../../../src/http/internal/staff/verify-staff-token.ts"
import { Connection, type Principal } from "../../../src/http/socket/connection.ts"
import { TokenVerifier } from "../../../src/http/socket/token-verifier.ts"
import { Staff } from "../../../src/services/accounts/staff.ts"
import { valueOf } from "../../../src/services/operations/figures.ts"
import { idOf, t0 } from "../../../testkit/conformance/given.ts"
import { refused } from "../phone.ts"
import { adapters } from "./staff-desk.ts"

const group = AdminAccountRpcs.merge(AdminOwnAccountRpcs).middleware(Permissions.PermissionGate)

const world = Layer.mergeAll(
  AccountHandlers.layer({ testNumbersCount: true }),
  OwnAccountHandlers.layer,
  Permissions.layer,
  StaffSignIn.layer,
  VerifyStaffToken.layer
).pipe(
  Layer.provideMerge(AccessTokens.layer({ secrets: Redacted.make("a secret of at least 32 characters") })),
  Layer.provideMerge(adapters)
)

const email = "rina@halobestie.local"
const password = "a-long-password"
const home = "203.0.113.7"

const enter = (given: { password?: string; code?: string; address?: string; email?: string } = {}) =>
  Effect.flatMap(
    StaffSignIn.StaffSignIn,
    (port) => port.signIn({ email, password, code: null, address: home, ...given })
  )

const connectionOf = (principal: Principal, address: string) =>
  Connection.of({
    id: "own",
    remote_address: address,
    principal: Effect.succeed(principal),
    authenticate: () => Effect.void,
    close: () => Effect.void
  })

/** Calls with this token, as the listener verifies it. */
const callsWith = (token: string, address = home) =>
  Effect.gen(function*() {
    const client = yield* RpcTest.makeClient(group, { flatten: true, disableFatalDefects: true })
    const asked = client as unknown as (tag: string, payload: unknown) => Effect.Effect<unknown, CallError>
    const verifier = yield* TokenVerifier
    // oxlint-disable-next-line typescript/no-explicit-any
    return (tag: string, payload: object = {}): Effect.Effect<any, any> =>
      Effect.flatMap(verifier.verify(token), (principal) =>
        Effect.provideService(asked(tag, payload), Connection, connectionOf(principal, address)))
  })

/** Rina, an admin, and her calls. */
const rina = Effect.gen(function*() {
  yield* TestClock.setTime(t0)
  const port = yield* Staff
  const account = { id: idOf(0xa1), email, password_hash: `hash of ${password}`, role: "admin" }
  yield* port.createStaff(account, t0)
  const { access_token } = yield* enter()
  return { call: yield* callsWith(access_token), token: access_token }
})

const codeAt = (secret: string, timestamp: number) =>
  new TOTP({ secret, algorithm: "SHA1", digits: 6, period: 30 }).generate({ timestamp })

const codeNow = (secret: string) => Effect.map(Clock.currentTimeMillis, (now) => codeAt(secret, now))

const enrolled = Effect.gen(function*() {
  const { call } = yield* rina
  const { secret } = yield* call("admin.second_factor_begin")
  const { recovery_codes } = yield* call("admin.second_factor_confirm", { code: yield* codeNow(secret) })
  yield* TestClock.adjust("1 minute")
  return { call, secret: secret as string, recovery_codes: recovery_codes as ReadonlyArray<string> }
})

const actions = Effect.map(
  Effect.flatMap(Staff, (port) => port.auditPage({ before: null, limit: 50 })),
  (entries) => entries.map(({ action }) => action)
)

const test = (title: string, body: Effect.Effect<void, unknown, Layer.Success<typeof world> | Scope.Scope>) =>
  it.effect(title, () => Effect.provide(Effect.scoped(body), world))

describe("a sign-in of staff", () => {
  test(
    "locks a name at the address that guesses, known or not, and nowhere else",
    Effect.gen(function*() {
      yield* rina
      const guess = (name: string, address: string) =>
        refused(enter({ password: "wrong", address, email: name }))
      for (const name of [email, "nobody@halobestie.local"]) {
        for (let n = 0; n < 5; n += 1) {
          assert.strictEqual(yield* guess(name, "198.51.100.1"), "CREDENTIALS_INVALID")
        }
        assert.strictEqual(yield* guess(name, "198.51.100.1"), "ACCOUNT_LOCKED")
      }
      assert.strictEqual(yield* refused(enter({ address: "198.51.100.1" })), "ACCOUNT_LOCKED")
      yield* enter({ address: home })
      yield* TestClock.adjust("14 minutes")
      yield* TestClock.adjust("59 seconds")
      assert.strictEqual(yield* refused(enter({ address: "198.51.100.1" })), "ACCOUNT_LOCKED")
      yield* TestClock.adjust("1 second")
      yield* enter({ address: "198.51.100.1" })
    })
  )

  test(
    "locks the account for all when guesses come from everywhere",
    Effect.gen(function*() {
      yield* rina
      const codes = new Set<string>()
      for (let n = 0; n < 51; n += 1) {
        codes.add(yield* refused(enter({ password: "wrong", address: `198.51.${n}.1` })))
      }
      assert.deepStrictEqual([...codes], ["CREDENTIALS_INVALID", "ACCOUNT_LOCKED"])
      assert.strictEqual(yield* refused(enter()), "ACCOUNT_LOCKED")
    })
  )

  test(
    "is written in the audit log and counted, and so is one that failed",
    Effect.gen(function*() {
      const before = valueOf("staff_events_total", ["sign_in_failed"])
      yield* rina
      yield* refused(enter({ password: "wrong" }))
      assert.deepStrictEqual(yield* actions, ["staff.sign_in_failed", "staff.sign_in"])
      assert.strictEqual(valueOf("staff_events_total", ["sign_in_failed"]), before + 1)
    })
  )
})

describe("a second factor", () => {
  test(
    "is asked for once it is confirmed, by a code that counts once or a recovery code",
    Effect.gen(function*() {
      const { recovery_codes, secret } = yield* enrolled
      assert.strictEqual(yield* refused(enter()), "SECOND_FACTOR_REQUIRED")
      assert.strictEqual(yield* refused(enter({ code: "000000" })), "SECOND_FACTOR_INVALID")
      const code = yield* codeNow(secret)
      yield* enter({ code })
      assert.strictEqual(yield* refused(enter({ code })), "SECOND_FACTOR_INVALID", "used before")
      const [first = ""] = recovery_codes
      assert.strictEqual(recovery_codes.length, 10)
      yield* enter({ code: first.toUpperCase().replaceAll("-", " ") })
      assert.strictEqual(yield* refused(enter({ code: first })), "SECOND_FACTOR_INVALID", "used before")
    })
  )

  test(
    "that was only begun is not asked for, and a wrong code confirms nothing",
    Effect.gen(function*() {
      const { call } = yield* rina
      yield* call("admin.second_factor_begin")
      assert.strictEqual(
        yield* refused(call("admin.second_factor_confirm", { code: "000000" })),
        "SECOND_FACTOR_INVALID"
      )
      assert.deepStrictEqual(yield* call("admin.second_factor"), { is_on: false, recovery_codes_left: 0 })
      yield* enter()
    })
  )

  test(
    "takes the clock of a phone that is half a minute off, and no more",
    Effect.gen(function*() {
      const { secret } = yield* enrolled
      const now = yield* Clock.currentTimeMillis
      yield* enter({ code: codeAt(secret, now + 30_000) })
      assert.strictEqual(
        yield* refused(enter({ code: codeAt(secret, now + 90_000) })),
        "SECOND_FACTOR_INVALID"
      )
    })
  )

  test(
    "is taken off by its owner or by an admin, who have just proved who they are",
    Effect.gen(function*() {
      const { call } = yield* enrolled
      assert.strictEqual(yield* refused(call("admin.second_factor_begin")), "SECOND_FACTOR_ON")
      yield* TestClock.adjust("5 minutes")
      assert.strictEqual(yield* refused(call("admin.second_factor_off")), "STEP_UP_REQUIRED")
      yield* call("admin.step_up", { password, code: null })
      assert.deepStrictEqual(yield* call("admin.second_factor_off"), { was_on: true })
      yield* enter()
      const reset = { staff_id: idOf(0xa1) }
      assert.deepStrictEqual(yield* call("admin.staff_second_factor_reset", reset), { was_on: false })
    })
  )
})

describe("a step up", () => {
  test(
    "is needed for heavy writes five minutes after the sign-in, by password or code",
    Effect.gen(function*() {
      const { call, secret } = yield* enrolled
      const colleague = { email: "new@halobestie.local", password, role: "viewer" }
      yield* TestClock.adjust("5 minutes")
      assert.strictEqual(yield* refused(call("admin.staff_create", colleague)), "STEP_UP_REQUIRED")
      const step = (given: object) => call("admin.step_up", { password: null, code: null, ...given })
      assert.strictEqual(yield* refused(step({})), "BAD_REQUEST")
      assert.strictEqual(yield* refused(step({ password: "wrong" })), "CREDENTIALS_INVALID")
      assert.strictEqual(yield* refused(step({ code: "000000" })), "SECOND_FACTOR_INVALID")
      assert.strictEqual(yield* refused(call("admin.staff_create", colleague)), "STEP_UP_REQUIRED")
      yield* step({ code: yield* codeNow(secret) })
      yield* call("admin.staff_create", colleague)
      yield* TestClock.adjust("5 minutes")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(
        yield* refused(call("admin.staff_set_active", { staff_id: idOf(9), is_active: false })),
        "STEP_UP_REQUIRED"
      )
    })
  )
})

describe("a sign-in that is prolonged", () => {
  test(
    "counts for another hour, again and again until it is twelve hours old, and proves nothing anew",
    Effect.gen(function*() {
      let { token } = yield* rina
      for (let hour = 1; hour < 12; hour += 1) {
        const { access_token } = yield* (yield* callsWith(token))("admin.prolong")
        token = access_token
        yield* TestClock.adjust("59 minutes")
        yield* (yield* callsWith(token))("admin.second_factor")
      }
      const { access_token } = yield* (yield* callsWith(token))("admin.prolong")
      const call = yield* callsWith(access_token)
      assert.strictEqual(yield* refused(call("admin.second_factor_begin")), "STEP_UP_REQUIRED")
      yield* TestClock.adjust("12 minutes")
      assert.strictEqual(yield* refused(call("admin.prolong")), "TOKEN_EXPIRED")
    })
  )

  test(
    "is one sign-in: whoever signs out ends every token of it",
    Effect.gen(function*() {
      const { call, token } = yield* rina
      const { access_token } = yield* call("admin.prolong")
      yield* (yield* callsWith(access_token))("admin.sign_out")
      const verifier = yield* TokenVerifier
      for (const one of [token, access_token]) {
        assert.strictEqual(yield* refused(verifier.verify(one)), "TOKEN_INVALID")
      }
      assert.strictEqual(yield* refused(call("admin.prolong")), "TOKEN_INVALID")
    })
  )
})

describe("a sign-in is over", () => {
  test(
    "at once after signing out, and the others go on",
    Effect.gen(function*() {
      const { call, token } = yield* rina
      const other = yield* enter()
      yield* call("admin.sign_out")
      assert.strictEqual(yield* refused(call("admin.second_factor")), "TOKEN_INVALID")
      const verifier = yield* TokenVerifier
      assert.strictEqual(yield* refused(verifier.verify(token)), "TOKEN_INVALID")
      yield* verifier.verify(other.access_token)
    })
  )

  test(
    "everywhere after a change of the password, which needs the one of before",
    Effect.gen(function*() {
      const { call } = yield* rina
      const other = yield* enter()
      const change = (current_password: string) =>
        call("admin.password_change", { current_password, new_password: "another-long-password" })
      assert.strictEqual(yield* refused(change("wrong")), "CREDENTIALS_INVALID")
      assert.deepStrictEqual(yield* change(password), { signed_out: 2 })
      const verifier = yield* TokenVerifier
      assert.strictEqual(yield* refused(verifier.verify(other.access_token)), "TOKEN_INVALID")
      assert.strictEqual(yield* refused(enter()), "CREDENTIALS_INVALID")
      yield* enter({ password: "another-long-password" })
    })
  )
})
