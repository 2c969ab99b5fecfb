// What every adapter of Accounts, Staff and SignIns must do with what staff change: the change and its audit
// entry, both or neither.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { maskedPhone } from "../../src/domain/phone.ts"
import type { ChangeEntry } from "../../src/domain/audit.ts"
import { Accounts } from "../../src/services/accounts/accounts.ts"
import { Staff } from "../../src/services/accounts/staff.ts"
import { SignIns, testNumbersMax } from "../../src/services/accounts/sign-ins.ts"
import { atOnce, givenStaff, idOf, mitraAccount, mitraId, staffId, t0, times } from "./given.ts"

type Needs = Staff | Accounts | SignIns
type Test = (title: string, body: Effect.Effect<void, unknown, Needs>) => void

const entry = (n: number, target_id: string, staff_id = staffId): ChangeEntry => ({
  id: idOf(0x1000 + n),
  staff_id,
  action: "test.change",
  target_type: "test",
  target_id,
  peer: "127.0.0.1",
  at: t0 + n
})

/** What the log holds, newest first: what was there before and after. */
const logged = Effect.map(
  Effect.flatMap(Staff, (port) => port.auditPage({ before: null, limit: 50 })),
  (entries) => entries.map(({ after, before }) => [before, after])
)

const newStaff = (n: number, role: "admin" | "operator" | "viewer" = "operator") => ({
  id: idOf(0xa0 + n),
  email: `staff${n}@halobestie.local`,
  password_hash: "hash",
  role
})

export const changesByStaff = (name: string, layer: Layer.Layer<Needs>) =>
  describe(`changes by staff (${name})`, () => {
    const test: Test = (title, body) =>
      it.live(title, () => Effect.andThen(givenStaff, body).pipe(Effect.provide(layer)))
    staff(test)
    admins(test)
    mitras(test)
    testNumbers(test)
  })

const staff = (test: Test) => {
  test(
    "a created member of staff is listed by email and logged; a taken email is neither",
    Effect.gen(function*() {
      const port = yield* Staff
      const two = newStaff(2)
      assert.isTrue(yield* port.createStaff(two, t0, entry(1, two.id)))
      const again = { ...newStaff(3), email: "STAFF2@halobestie.local" }
      assert.isFalse(yield* port.createStaff(again, t0, entry(2, again.id)))
      assert.deepStrictEqual((yield* port.listStaff).map((one) => [one.email, one.role, one.is_active]), [
        ["Admin@Halobestie.local", "admin", true],
        ["staff2@halobestie.local", "operator", true]
      ])
      assert.deepStrictEqual(yield* logged, [[null, { email: two.email, role: "operator" }]])
    })
  )

  test(
    "a changed role and a deactivation are kept and logged; what changes nothing is not",
    Effect.gen(function*() {
      const port = yield* Staff
      const two = newStaff(2)
      yield* port.createStaff(two, t0, entry(1, two.id))
      const changed = yield* port.changeStaff(two.id, { role: "viewer" }, entry(2, two.id))
      assert.deepInclude(changed, { _tag: "Done" })
      yield* port.changeStaff(two.id, { role: "viewer" }, entry(3, two.id))
      yield* port.changeStaff(two.id, { is_active: false }, entry(4, two.id))
      const found = yield* (yield* Staff).findStaff(two.id)
      assert.deepInclude(found, { role: "viewer", is_active: false })
      assert.deepStrictEqual((yield* logged).slice(0, 2), [
        [{ role: "viewer", is_active: true }, { role: "viewer", is_active: false }],
        [{ role: "operator", is_active: true }, { role: "viewer", is_active: true }]
      ])
      assert.lengthOf(yield* logged, 3)
      assert.deepStrictEqual(yield* port.changeStaff(idOf(9), { role: "admin" }, entry(5, idOf(9))), {
        _tag: "Unknown"
      })
    })
  )
}

const admins = (test: Test) => {
  test(
    "the last active admin stays one",
    Effect.gen(function*() {
      const port = yield* Staff
      const demote = { role: "viewer" } as const
      const deactivate = { is_active: false }
      assert.strictEqual((yield* port.changeStaff(staffId, demote, entry(1, staffId)))._tag, "LastAdmin")
      assert.strictEqual((yield* port.changeStaff(staffId, deactivate, entry(2, staffId)))._tag, "LastAdmin")
      assert.deepStrictEqual(yield* logged, [])
      yield* port.createStaff(newStaff(2, "admin"), t0, entry(3, newStaff(2).id))
      assert.strictEqual((yield* port.changeStaff(staffId, demote, entry(4, staffId)))._tag, "Done")
    })
  )

  test(
    "admins who take each other's role at the same time leave one behind",
    Effect.gen(function*() {
      const port = yield* Staff
      const all = [staffId, ...times(3).map((n) => newStaff(n + 2).id)]
      for (const n of times(3)) {
        yield* port.createStaff(newStaff(n + 2, "admin"), t0, entry(n, newStaff(n + 2).id))
      }
      const changed = yield* atOnce(
        all.map((id, n) => port.changeStaff(id, { is_active: false }, entry(n + 10, id)))
      )
      assert.deepStrictEqual(changed.filter((one) => one._tag === "LastAdmin").length, 1)
      assert.lengthOf((yield* port.listStaff).filter((one) => one.is_active), 1)
    })
  )
}

const mitras = (test: Test) => {
  test(
    "a created mitra can be found, a taken phone cannot be given twice, and both are logged as they are",
    Effect.gen(function*() {
      const port = yield* Accounts
      const mitra = mitraAccount(1)
      assert.isTrue(yield* port.createMitra(mitra, t0, entry(1, mitraId)))
      assert.isFalse(yield* port.createMitra({ ...mitra, id: idOf(0xb9) }, t0, entry(2, idOf(0xb9))))
      assert.deepStrictEqual(yield* (yield* Accounts).findMitra(mitraId), mitra)
      assert.deepStrictEqual(yield* logged, [[null, {
        display_name: mitra.display_name,
        phone: maskedPhone(mitra.phone)
      }]])
    })
  )

  test(
    "a renamed mitra has the new name everywhere; the same name again leaves no entry",
    Effect.gen(function*() {
      const port = yield* Accounts
      const mitra = mitraAccount(1)
      yield* port.createMitra(mitra, t0, entry(1, mitraId))
      const renamed = { ...mitra, display_name: "Kirana" }
      const done = { _tag: "Done", mitra: renamed } as const
      assert.deepStrictEqual(yield* port.renameMitra(mitraId, "Kirana", entry(2, mitraId)), done)
      assert.deepStrictEqual(yield* port.renameMitra(mitraId, "Kirana", entry(3, mitraId)), done)
      const nobody = yield* port.renameMitra(idOf(9), "Nobody", entry(4, idOf(9)))
      assert.deepStrictEqual(nobody, { _tag: "Unknown" })
      assert.deepStrictEqual(yield* (yield* Accounts).findMitra(mitraId), renamed)
      assert.deepStrictEqual((yield* logged)[0], [{ display_name: "Bestie 1" }, { display_name: "Kirana" }])
      assert.lengthOf(yield* logged, 2)
    })
  )

  test(
    "a mitra is renamed from the name that was seen: when a colleague was first, nothing changes",
    Effect.gen(function*() {
      const port = yield* Accounts
      const mitra = mitraAccount(1)
      yield* port.createMitra(mitra, t0, entry(1, mitraId))
      const rename = (name: string, seen: string) => port.renameMitra(mitraId, name, entry(2, mitraId), seen)
      const kirana = { ...mitra, display_name: "Kirana" }
      assert.deepStrictEqual(yield* rename("Kirana", mitra.display_name), { _tag: "Done", mitra: kirana })
      assert.deepStrictEqual(yield* rename("Dara", mitra.display_name), { _tag: "Stale", mitra: kirana })
      // The same once more, because its first answer was lost, is no conflict.
      assert.deepStrictEqual(yield* rename("Kirana", mitra.display_name), { _tag: "Done", mitra: kirana })
      assert.deepStrictEqual(yield* port.findMitra(mitraId), kirana)
      assert.lengthOf(yield* logged, 2)
    })
  )
}

const numberOf = (n: number) => ({ phone: `+6281300000${String(n).padStart(3, "0")}`, code: "123456" })

const testNumbers = (test: Test) => {
  test(
    "a test number is put, put anew and removed; the log never shows the code",
    Effect.gen(function*() {
      const port = yield* SignIns
      const { phone } = numberOf(1)
      assert.isNull(yield* port.testCodeOf(phone))
      assert.isTrue(yield* port.putTestNumber(numberOf(1), entry(1, phone)))
      assert.isTrue(yield* port.putTestNumber({ phone, code: "654321" }, entry(2, phone)))
      assert.isTrue(
        yield* port.putTestNumber(numberOf(1), entry(1, phone)),
        "a repeated write undoes nothing"
      )
      assert.strictEqual(yield* port.testCodeOf(phone), "654321")
      yield* port.putTestNumber(numberOf(0), entry(3, numberOf(0).phone))
      assert.deepStrictEqual(yield* port.testNumbers, [numberOf(0), { phone, code: "654321" }])
      assert.isTrue(yield* port.removeTestNumber(phone, entry(4, phone)))
      assert.isFalse(yield* port.removeTestNumber(phone, entry(5, phone)))
      assert.isNull(yield* port.testCodeOf(phone))
      assert.deepStrictEqual(yield* logged, [
        [{ is_set: true }, { is_set: false }],
        [{ is_set: false }, { is_set: true }],
        [{ is_set: true }, { is_set: true }],
        [{ is_set: false }, { is_set: true }]
      ])
    })
  )

  test(
    "there is a maximum of test numbers; known ones can still be changed",
    Effect.gen(function*() {
      const port = yield* SignIns
      for (const n of times(testNumbersMax)) {
        yield* port.putTestNumber(numberOf(n), entry(n, numberOf(n).phone))
      }
      assert.isFalse(yield* port.putTestNumber(numberOf(999), entry(999, numberOf(999).phone)))
      assert.isTrue(
        yield* port.putTestNumber({ ...numberOf(1), code: "000001" }, entry(1000, numberOf(1).phone))
      )
      assert.lengthOf(yield* port.testNumbers, testNumbersMax)
      assert.isNull(yield* port.testCodeOf(numberOf(999).phone))
    })
  )
}
