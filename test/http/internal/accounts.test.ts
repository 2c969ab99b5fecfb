// The account calls of the control center: staff and roles, mitra accounts, test numbers; each with its
// audit entry.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import { TestClock } from "effect/testing"
import { usualProfile } from "../../../src/domain/matching.ts"
import { Accounts } from "../../../src/services/accounts/accounts.ts"
import { Staff } from "../../../src/services/accounts/staff.ts"
import { SignIns, testNumbersMax } from "../../../src/services/accounts/sign-ins.ts"
import { Bus } from "../../../src/services/bus/bus.ts"
import { hour, idOf, t0 } from "../../../testkit/conformance/given.ts"
import { refused } from "../phone.ts"
import { colleague, desk, outrunDesk } from "./staff-desk.ts"

const admin = Effect.andThen(TestClock.setTime(t0), colleague(1, "admin"))
const newcomer = { email: "New@Halobestie.local", password: "a-long-password", role: "operator" }

const logged = Effect.map(
  Effect.flatMap(Staff, (port) => port.auditPage({ before: null, limit: 50 })),
  (entries) => entries.map((entry) => [entry.action, entry.staff_id, entry.target_id, entry.peer])
)

describe("staff accounts", () => {
  it.effect("are created once per email with a hashed password, listed, and given another role", () =>
    Effect.gen(function*() {
      const me = yield* admin
      const made = yield* me.call("admin.staff_create", newcomer)
      assert.deepInclude(made, { email: "New@Halobestie.local", role: "operator", is_active: true })
      assert.strictEqual(
        (yield* (yield* Staff).findStaff(made.staff_id))?.password_hash,
        "hash of a-long-password"
      )
      const twin = { ...newcomer, email: "new@halobestie.LOCAL" }
      assert.strictEqual(yield* refused(me.call("admin.staff_create", twin)), "EMAIL_TAKEN")
      const changed = yield* me.call("admin.staff_set_role", { staff_id: made.staff_id, role: "viewer" })
      assert.strictEqual(changed.role, "viewer")
      const { staff } = yield* me.call("admin.staff_list")
      assert.deepStrictEqual(staff.map((one: { email: string; role: string }) => [one.email, one.role]), [
        ["New@Halobestie.local", "viewer"],
        ["staff1@halobestie.local", "admin"]
      ])
      assert.deepStrictEqual(
        (yield* logged).map(([action, who, , remote_address]) => [action, who, remote_address]).toSorted(),
        [
          ["staff.create", me.id, "127.0.0.1"],
          ["staff.set_role", me.id, "127.0.0.1"]
        ]
      )
    }).pipe(Effect.provide(desk)))

  it.effect("lose their sign-ins and sockets the moment they are deactivated", () =>
    Effect.gen(function*() {
      const me = yield* admin
      const leaver = yield* colleague(2, "operator")
      const signIns = yield* SignIns
      yield* signIns.open({
        id: idOf(1),
        family_id: idOf(1),
        user_type: "staff",
        user_id: leaver.id,
        refresh_hash: "hash",
        created_at: t0,
        expires_at: t0 + hour
      }, { only_one: false })
      const heard = yield* (yield* Bus).subscribe([`staff:${leaver.id}`])
      const off = { staff_id: leaver.id, is_active: false }
      assert.isFalse((yield* me.call("admin.staff_set_active", off)).is_active)
      assert.isFalse(yield* signIns.isLive(idOf(1)))
      assert.deepStrictEqual((yield* Queue.take(heard)).event, { _tag: "Revoked", auth_session_id: null })
      assert.isTrue((yield* me.call("admin.staff_set_active", { ...off, is_active: true })).is_active)
    }).pipe(Effect.scoped, Effect.provide(desk)))

  it.effect("cannot be changed by their owner, and unknown ones not at all", () =>
    Effect.gen(function*() {
      const me = yield* admin
      const mine = { staff_id: me.id, role: "viewer" }
      assert.strictEqual(yield* refused(me.call("admin.staff_set_role", mine)), "FORBIDDEN")
      const off = { staff_id: me.id, is_active: false }
      assert.strictEqual(yield* refused(me.call("admin.staff_set_active", off)), "FORBIDDEN")
      const nobody = { staff_id: idOf(0x99), role: "viewer" }
      assert.strictEqual(yield* refused(me.call("admin.staff_set_role", nobody)), "ACCOUNT_NOT_FOUND")
      assert.deepStrictEqual(yield* logged, [])
    }).pipe(Effect.provide(desk)))

  it.effect("are told when the change of a colleague, a moment before, left only one admin", () =>
    Effect.gen(function*() {
      const me = yield* admin
      const other = yield* colleague(2, "admin")
      const order = { staff_id: other.id, role: "viewer" }
      assert.strictEqual(yield* refused(me.call("admin.staff_set_role", order)), "LAST_ADMIN")
      assert.deepStrictEqual(yield* logged, [])
    }).pipe(Effect.provide(outrunDesk)))
})

describe("mitra accounts", () => {
  it.effect("are created active and offline, once per phone, and renamed", () =>
    Effect.gen(function*() {
      const me = yield* admin
      const dara = { display_name: " Dara ", phone: "+628110000009" }
      const made = yield* me.call("admin.mitra_create", dara)
      assert.deepInclude(made, { display_name: "Dara", phone: dara.phone, is_active: true })
      assert.strictEqual((yield* (yield* Accounts).findMitraByPhone(dara.phone))?.id, made.mitra_id)
      const again = yield* Effect.flip(me.call("admin.mitra_create", dara))
      assert.deepInclude(again, { code: "PHONE_TAKEN", details: { mitra_id: made.mitra_id } })
      const renamed = { mitra_id: made.mitra_id, display_name: "Kirana" }
      assert.strictEqual((yield* me.call("admin.mitra_rename", renamed)).display_name, "Kirana")
      const outrun = { mitra_id: made.mitra_id, display_name: "Rina", seen: "Dara" }
      assert.deepInclude(yield* Effect.flip(me.call("admin.mitra_rename", outrun)), {
        code: "STALE_WRITE",
        details: { mitra_id: made.mitra_id, given: "Dara", display_name: "Kirana" }
      })
      assert.strictEqual((yield* (yield* Accounts).findMitra(made.mitra_id))?.display_name, "Kirana")
      const actions = (yield* logged).map(([action, , target]) => [action, target])
      assert.deepStrictEqual(actions.toSorted(), [
        ["mitra.create", made.mitra_id],
        ["mitra.rename", made.mitra_id]
      ])
    }).pipe(Effect.provide(desk)))

  it.effect("may be asked for the usual things until staff say otherwise, once and in one form", () =>
    Effect.gen(function*() {
      const me = yield* admin
      const dara = { display_name: "Dara", phone: "+628110000009" }
      const { mitra_id } = yield* me.call("admin.mitra_create", dara)
      const accounts = yield* Accounts
      assert.deepStrictEqual(yield* accounts.profileOf(mitra_id), usualProfile)
      const profile = { mitra_id, languages: ["jv", "en", "jv"], topics: ["sensitive"] }
      const answer = { mitra_id, languages: ["en", "jv"], topics: ["sensitive"] }
      assert.deepStrictEqual(yield* me.call("admin.mitra_profile", profile), answer)
      assert.deepStrictEqual(yield* me.call("admin.mitra_profile", profile), answer)
      const actions = (yield* logged).map(([action]) => action)
      assert.deepStrictEqual(actions.toSorted(), ["mitra.create", "mitra.profile"])
      const nobody = { ...profile, mitra_id: idOf(0x99) }
      assert.strictEqual(yield* refused(me.call("admin.mitra_profile", nobody)), "ACCOUNT_NOT_FOUND")
    }).pipe(Effect.provide(desk)))

  it.effect("need a phone that is one, a name that is more than spaces, and to exist", () =>
    Effect.gen(function*() {
      const { call } = yield* admin
      const create = (display_name: string, phone: string) =>
        refused(call("admin.mitra_create", { display_name, phone }))
      assert.strictEqual(yield* create("Dara", "0811"), "PHONE_INVALID")
      assert.strictEqual(yield* create("   ", "+628110000009"), "BAD_REQUEST")
      const nobody = { mitra_id: idOf(0x99), display_name: "Dara" }
      assert.strictEqual(yield* refused(call("admin.mitra_rename", nobody)), "ACCOUNT_NOT_FOUND")
    }).pipe(Effect.provide(desk)))
})

describe("test numbers", () => {
  it.effect("are put, listed and removed, and the audit names neither the whole phone nor the code", () =>
    Effect.gen(function*() {
      const me = yield* admin
      const number = { phone: "+6281300000001", code: "424242" }
      assert.deepStrictEqual(yield* me.call("admin.test_number_put", number), number)
      assert.deepStrictEqual(yield* me.call("admin.test_numbers"), {
        is_effective: true,
        test_numbers: [number]
      })
      const { phone } = number
      assert.deepStrictEqual(yield* me.call("admin.test_number_remove", { phone }), { removed: true })
      assert.deepStrictEqual(yield* me.call("admin.test_number_remove", { phone }), { removed: false })
      const bad = { phone: "0813", code: "424242" }
      assert.strictEqual(yield* refused(me.call("admin.test_number_put", bad)), "PHONE_INVALID")
      const entries = yield* (yield* Staff).auditPage({ before: null, limit: 10 })
      assert.deepStrictEqual(entries.map((entry) => entry.target_id), ["+62***001", "+62***001"])
      for (const secret of [number.phone, number.code]) assert.notInclude(JSON.stringify(entries), secret)
    }).pipe(Effect.provide(desk)))

  it.effect("are so many at most; known ones may still be put anew", () =>
    Effect.gen(function*() {
      const me = yield* admin
      const numberOf = (n: number) => ({ phone: `+62813${String(n).padStart(8, "0")}`, code: "424242" })
      for (let n = 0; n < testNumbersMax; n++) yield* me.call("admin.test_number_put", numberOf(n))
      const more = me.call("admin.test_number_put", numberOf(testNumbersMax))
      assert.strictEqual(yield* refused(more), "TOO_MANY_TEST_NUMBERS")
      const anew = { ...numberOf(0), code: "111111" }
      assert.deepStrictEqual(yield* me.call("admin.test_number_put", anew), anew)
    }).pipe(Effect.provide(desk)))
})
