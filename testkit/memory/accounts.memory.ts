// People in memory: accounts as rows of the shared in-memory store, with the answers and the
// constraints of the Postgres adapter.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { proofOf } from "../../src/domain/phone.ts"
import {
  type Customer,
  type MitraAccount,
  Accounts,
  type StaffAccount
} from "../../src/services/accounts/accounts.ts"
import { devices } from "./devices.memory.ts"
import { characters, hold, isPhone } from "./store/constraints.ts"
import { MemoryTables, type StaffRow, type Tables } from "./store/tables.ts"

const roles = new Set(["admin", "operator", "viewer"])

const accountOfMitra = ({ id, display_name, phone, is_active }: MitraAccount): MitraAccount => ({
  id,
  display_name,
  phone,
  is_active
})

const accountOfStaff = ({ created_at: _created, ...account }: StaffRow): StaffAccount => account

const isName = (text: string): boolean => characters(text) >= 1 && characters(text) <= 40

const mitraWithPhone = (tables: Tables, phone: string) =>
  [...tables.mitras.values()].find((row) => row.phone === phone) ?? null

const staffWithEmail = (tables: Tables, email: string) =>
  [...tables.staff.values()].find((row) => row.email.toLowerCase() === email.toLowerCase()) ?? null

const addCustomer = (tables: Tables, customer: Customer): void => {
  hold(isName(customer.call_name), "customers_call_name_check")
  hold(customer.phone === null || isPhone(customer.phone), "customers_phone_check")
  if (tables.customers.has(customer.id)) return
  const taken = customer.phone !== null && tables.customers.where("phone", customer.phone).length > 0
  hold(!taken, "customers_phone_key")
  tables.customers.set(customer.id, { ...customer, belongs_to: null })
}

const customerWithPhone = (tables: Tables, phone: string) => tables.customers.where("phone", phone)[0] ?? null

const provePhone = (tables: Tables, customerId: string, phone: string) => {
  const account = tables.customers.get(customerId) ?? null
  const proof = proofOf(account, customerWithPhone(tables, phone), phone)
  if (account === null) return proof
  if (proof._tag === "Proven") {
    hold(isPhone(phone), "customers_phone_check")
    tables.customers.set(customerId, { ...account, phone })
  }
  if (proof._tag === "BelongsTo") {
    tables.customers.set(customerId, { ...account, belongs_to: proof.customer_id })
  }
  return proof
}

/** Also a part of AccountChanges. */
export const addMitra = (tables: Tables, mitra: MitraAccount, at: number): boolean => {
  hold(isName(mitra.display_name), "mitras_display_name_check")
  hold(isPhone(mitra.phone), "mitras_phone_check")
  const taken = mitraWithPhone(tables, mitra.phone)
  if (taken !== null) return taken.id === mitra.id
  hold(!tables.mitras.has(mitra.id), "mitras_pkey")
  tables.mitras.set(mitra.id, {
    ...accountOfMitra(mitra),
    created_at: at,
    deactivated_at: mitra.is_active ? null : at
  })
  tables.mitra_status.set(mitra.id, {
    mitra_id: mitra.id,
    is_online: false,
    online_since: null,
    last_heartbeat_at: null,
    last_offer_at: null,
    owner_epoch: 0,
    owner_runner: null
  })
  return true
}

/** Also a part of AccountChanges. */
export const addStaff = (
  tables: Tables,
  staff: Pick<StaffAccount, "id" | "email" | "password_hash" | "role">,
  at: number
): boolean => {
  hold(roles.has(staff.role), "staff_role_check")
  const taken = staffWithEmail(tables, staff.email)
  if (taken !== null) return taken.id === staff.id
  hold(!tables.staff.has(staff.id), "staff_pkey")
  tables.staff.set(staff.id, {
    id: staff.id,
    email: staff.email,
    password_hash: staff.password_hash,
    role: staff.role,
    is_active: true,
    failed_attempts: 0,
    locked_until: null,
    created_at: at
  })
  return true
}

const countFailure = (tables: Tables, id: string, lockAfter: number, lockedUntil: number): number => {
  const row = tables.staff.get(id)
  if (row === undefined) return 0
  const failed_attempts = row.failed_attempts + 1
  const locked_until = failed_attempts >= lockAfter
    ? Math.max(row.locked_until ?? lockedUntil, lockedUntil)
    : row.locked_until
  tables.staff.set(id, { ...row, failed_attempts, locked_until })
  return failed_attempts
}

export const layer = Layer.effect(Accounts)(
  Effect.gen(function*() {
    const tables = yield* MemoryTables
    return Accounts.of({
      ...devices(tables),
      createCustomer: (customer) => Effect.sync(() => addCustomer(tables, customer)),
      findCustomer: (id) => Effect.sync(() => tables.customers.get(id) ?? null),
      findCustomerByPhone: (phone) => Effect.sync(() => customerWithPhone(tables, phone)),
      provePhone: (customerId, phone) => Effect.sync(() => provePhone(tables, customerId, phone)),
      createMitra: (mitra, at) => Effect.sync(() => addMitra(tables, mitra, at)),
      findMitra: (id) =>
        Effect.sync(() => {
          const row = tables.mitras.get(id)
          return row === undefined ? null : accountOfMitra(row)
        }),
      findMitraByPhone: (phone) =>
        Effect.sync(() => {
          const row = mitraWithPhone(tables, phone)
          return row === null ? null : accountOfMitra(row)
        }),
      createStaff: (staff, at) => Effect.sync(() => addStaff(tables, staff, at)),
      findStaff: (id) =>
        Effect.sync(() => {
          const row = tables.staff.get(id)
          return row === undefined ? null : accountOfStaff(row)
        }),
      findStaffByEmail: (email) =>
        Effect.sync(() => {
          const row = staffWithEmail(tables, email)
          return row === null ? null : accountOfStaff(row)
        }),
      staffSignInFailed: (id, lockAfter, lockedUntil, now = 0) =>
        Effect.sync(() => {
          const row = tables.staff.get(id)
          // The lock is over: counting begins anew.
          if (row !== undefined && row.locked_until !== null && row.locked_until <= now) {
            tables.staff.set(id, { ...row, failed_attempts: 0, locked_until: null })
          }
          return countFailure(tables, id, lockAfter, lockedUntil)
        }),
      staffSignedIn: (id) =>
        Effect.sync(() => {
          const row = tables.staff.get(id)
          if (row !== undefined) tables.staff.set(id, { ...row, failed_attempts: 0, locked_until: null })
        })
    })
  })
)
