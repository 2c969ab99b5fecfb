// What every adapter of Accounts and Staff must do: accounts, their uniqueness, and staff lock-out.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Layer from "effect/Layer"
import { neverOnline } from "../../src/domain/mitra.ts"
import { Mitras } from "../../src/services/accounts/mitras.ts"
import { Accounts } from "../../src/services/accounts/accounts.ts"
import { Staff } from "../../src/services/accounts/staff.ts"
import {
  atOnce,
  customerId,
  givenStaff,
  idOf,
  minute,
  mitraAccount,
  mitraId,
  staffId,
  t0,
  times
} from "./given.ts"

const asCustomer = { id: customerId, call_name: "Sari", phone: "+6281234567890", created_at: t0 }
const asStaff = { id: staffId, email: "Admin@Halobestie.local", password_hash: "hash", role: "admin" }

type Test = (title: string, body: Effect.Effect<void, unknown, Accounts | Mitras | Staff>) => void

export const accounts = (name: string, layer: Layer.Layer<Accounts | Mitras | Staff>) =>
  describe(`Accounts (${name})`, () => {
    const test: Test = (title, body) => it.live(title, () => Effect.provide(body, layer))

    customers(test)
    mitraAccounts(test)
    staff(test)
    lockOut(test)
  })

const lockOut = (test: Test) => {
  test(
    "failed staff sign-ins count up, lock at the limit, and are forgotten on success",
    Effect.gen(function*() {
      const port = yield* Staff
      yield* givenStaff
      assert.strictEqual(yield* port.staffSignInFailed(staffId, 3, t0 + minute), 1)
      assert.strictEqual(yield* port.staffSignInFailed(staffId, 3, t0 + minute), 2)
      assert.isNull((yield* port.findStaff(staffId))?.locked_until ?? null)
      assert.strictEqual(yield* port.staffSignInFailed(staffId, 3, t0 + minute), 3)
      assert.strictEqual((yield* port.findStaff(staffId))?.locked_until, t0 + minute)
      assert.strictEqual(yield* port.staffSignInFailed(staffId, 3, t0), 4)
      const locked = yield* port.findStaff(staffId)
      assert.strictEqual(locked?.locked_until, t0 + minute, "a lock is never shortened")
      assert.strictEqual(yield* port.staffSignInFailed(staffId, 3, t0 + 3 * minute, t0 + minute), 1)
      assert.isNull((yield* port.findStaff(staffId))?.locked_until ?? null, "that lock is over")
      yield* port.staffSignedIn(staffId)
      const back = yield* port.findStaff(staffId)
      assert.strictEqual(back?.failed_attempts, 0)
      assert.isNull(back?.locked_until ?? null)
      assert.strictEqual(yield* port.staffSignInFailed(idOf(9), 3, t0), 0)
    })
  )

  test(
    "failed sign-ins at once are all counted, each with its own number",
    Effect.gen(function*() {
      const port = yield* Staff
      yield* givenStaff
      const counts = yield* atOnce(times(10).map(() => port.staffSignInFailed(staffId, 10, t0 + minute)))
      assert.deepStrictEqual(counts.toSorted((a, b) => a - b), times(10).map((n) => n + 1))
      assert.strictEqual((yield* port.findStaff(staffId))?.locked_until, t0 + minute)
    })
  )
}

const customers = (test: Test) => {
  test(
    "a created customer is found as she was created, to the millisecond",
    Effect.gen(function*() {
      const port = yield* Accounts
      yield* port.createCustomer(asCustomer)
      assert.deepStrictEqual(yield* port.findCustomer(customerId), { ...asCustomer, belongs_to: null })
      assert.isNull(yield* port.findCustomer(idOf(9)))
      const found = yield* port.findCustomers([idOf(9), customerId, customerId])
      assert.deepStrictEqual(found, [{ ...asCustomer, belongs_to: null }, {
        ...asCustomer,
        belongs_to: null
      }])
    })
  )

  test(
    "creating a customer again changes nothing",
    Effect.gen(function*() {
      const port = yield* Accounts
      yield* port.createCustomer(asCustomer)
      yield* port.createCustomer({ ...asCustomer, call_name: "Other" })
      assert.deepStrictEqual(yield* port.findCustomer(customerId), { ...asCustomer, belongs_to: null })
    })
  )

  test(
    "what the database refuses dies and stores nothing: bad names, bad phones, a phone in use",
    Effect.gen(function*() {
      const port = yield* Accounts
      yield* port.createCustomer(asCustomer)
      const other = { ...asCustomer, id: idOf(2) }
      for (
        const bad of [
          other,
          { ...other, phone: null, call_name: "" },
          { ...other, phone: null, call_name: "🙂".repeat(41) },
          { ...other, phone: "0812345" }
        ]
      ) {
        assert.isTrue(Exit.hasDies(yield* Effect.exit(port.createCustomer(bad))), JSON.stringify(bad))
      }
      assert.isNull(yield* port.findCustomer(other.id))
      yield* port.createCustomer({ ...other, phone: null, call_name: "🙂".repeat(40) })
    })
  )
}

const mitraAccounts = (test: Test) => {
  test(
    "a created mitra is found by id and phone, and starts offline and unowned",
    Effect.gen(function*() {
      const port = yield* Accounts
      assert.isTrue(yield* port.createMitra(mitraAccount(1), t0))
      assert.deepStrictEqual(yield* port.findMitra(mitraId), mitraAccount(1))
      assert.deepStrictEqual(yield* port.findMitraByPhone(mitraAccount(1).phone), mitraAccount(1))
      assert.isNull(yield* port.findMitraByPhone("+62899"))
      assert.isNull(yield* port.findMitra(idOf(9)))
      const mitras = yield* Mitras
      assert.deepStrictEqual(yield* mitras.find(mitraId), {
        id: mitraId,
        display_name: "Bestie 1",
        is_active: true,
        ...neverOnline
      })
      assert.deepStrictEqual(yield* mitras.ownerOf(mitraId), { runner: null, epoch: 0 })
    })
  )

  test(
    "a phone belongs to one mitra, and a repeated creation is the same one",
    Effect.gen(function*() {
      const port = yield* Accounts
      assert.isTrue(yield* port.createMitra(mitraAccount(1), t0))
      assert.isTrue(yield* port.createMitra({ ...mitraAccount(1), display_name: "Changed" }, t0))
      assert.isFalse(yield* port.createMitra({ ...mitraAccount(1), id: idOf(2) }, t0))
      assert.isNull(yield* port.findMitra(idOf(2)))
      assert.deepStrictEqual(yield* port.findMitra(mitraId), mitraAccount(1))
      const moved = yield* Effect.exit(port.createMitra({ ...mitraAccount(2), id: mitraId }, t0))
      assert.isTrue(Exit.hasDies(moved))
    })
  )

  test(
    "of many creations with one phone at once, exactly one wins",
    Effect.gen(function*() {
      const port = yield* Accounts
      const won = yield* atOnce(
        times(8).map((n) => port.createMitra({ ...mitraAccount(1), id: idOf(0x100 + n) }, t0))
      )
      assert.lengthOf(won.filter((one) => one), 1)
      const account = yield* port.findMitraByPhone(mitraAccount(1).phone)
      assert.strictEqual(account?.id, idOf(0x100 + won.indexOf(true)))
    })
  )
}

const staff = (test: Test) => {
  test(
    "staff are found by email without case, and an email belongs to one of them",
    Effect.gen(function*() {
      const port = yield* Staff
      assert.isTrue(yield* port.createStaff(asStaff, t0))
      assert.isTrue(yield* port.createStaff(asStaff, t0))
      assert.isFalse(
        yield* port.createStaff({ ...asStaff, id: idOf(2), email: "admin@halobestie.LOCAL" }, t0)
      )
      const expected = { ...asStaff, is_active: true, failed_attempts: 0, locked_until: null }
      assert.deepStrictEqual(yield* port.findStaff(staffId), expected)
      assert.deepStrictEqual(yield* port.findStaffByEmail("ADMIN@halobestie.local"), expected)
      assert.isNull(yield* port.findStaffByEmail("nobody@halobestie.local"))
      assert.isNull(yield* port.findStaff(idOf(2)))
      const badRole = yield* Effect.exit(
        port.createStaff({ ...asStaff, id: idOf(3), email: "b@b", role: "king" }, t0)
      )
      assert.isTrue(Exit.hasDies(badRole))
    })
  )
}
