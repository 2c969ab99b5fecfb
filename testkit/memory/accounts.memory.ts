// Accounts in memory: customers and mitras as rows of the shared in-memory store, with the answers and the
// constraints of the Postgres adapter.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ChangeEntry } from "../../src/domain/audit.ts"
import { type Profile, usualProfile } from "../../src/domain/matching.ts"
import { neverOnline } from "../../src/domain/mitra.ts"
import { maskedPhone, proofOf } from "../../src/domain/phone.ts"
import { isOutrun } from "../../src/domain/mitra.ts"
import {
  Accounts,
  type Customer,
  type MitraAccount,
  type MitraRenamed
} from "../../src/services/accounts/accounts.ts"
import { appendEntry } from "./audit-log.memory.ts"
import { devices } from "./devices.memory.ts"
import { characters, hold, isPhone } from "./store/constraints.ts"
import { MemoryTables, type Tables } from "./store/tables.ts"

const accountOfMitra = ({ id, display_name, phone, is_active }: MitraAccount): MitraAccount => ({
  id,
  display_name,
  phone,
  is_active
})

const isName = (text: string): boolean => characters(text) >= 1 && characters(text) <= 40

const mitraWithPhone = (tables: Tables, phone: string) =>
  [...tables.mitras.values()].find((row) => row.phone === phone) ?? null

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

const addMitra = (
  tables: Tables,
  mitra: MitraAccount,
  at: number,
  entry: ChangeEntry | undefined
): boolean => {
  hold(isName(mitra.display_name), "mitras_display_name_check")
  hold(isPhone(mitra.phone), "mitras_phone_check")
  const taken = mitraWithPhone(tables, mitra.phone)
  if (taken !== null) return taken.id === mitra.id
  hold(!tables.mitras.has(mitra.id), "mitras_pkey")
  tables.mitras.set(mitra.id, {
    ...accountOfMitra(mitra),
    ...usualProfile,
    created_at: at,
    deactivated_at: mitra.is_active ? null : at
  })
  tables.mitra_status.set(mitra.id, {
    mitra_id: mitra.id,
    ...neverOnline,
    last_heartbeat_at: null,
    last_offer_at: null,
    owner_epoch: 0,
    owner_runner: null
  })
  const after = { display_name: mitra.display_name, phone: maskedPhone(mitra.phone) }
  if (entry !== undefined) appendEntry(tables, { ...entry, before: null, after })
  return true
}

const rename = (
  tables: Tables,
  mitraId: string,
  name: string,
  entry: ChangeEntry,
  seen?: string
): MitraRenamed => {
  const row = tables.mitras.get(mitraId)
  if (row === undefined) return { _tag: "Unknown" }
  if (isOutrun(row.display_name, name, seen)) return { _tag: "Stale", mitra: accountOfMitra(row) }
  if (row.display_name !== name) {
    appendEntry(tables, {
      ...entry,
      before: { display_name: row.display_name },
      after: { display_name: name }
    })
    tables.mitras.set(mitraId, { ...row, display_name: name })
  }
  return { _tag: "Done", mitra: { ...accountOfMitra(row), display_name: name } }
}

const setProfile = (tables: Tables, mitraId: string, profile: Profile, entry: ChangeEntry): boolean => {
  const row = tables.mitras.get(mitraId)
  if (row === undefined) return false
  const { languages, topics } = profile
  hold(languages.length >= 1 && languages.length <= 32, "mitras_languages_check")
  hold(topics.length > 0, "mitras_topics_check")
  const before = { languages: row.languages, topics: row.topics }
  if (JSON.stringify(before) === JSON.stringify({ languages, topics })) return true
  appendEntry(tables, { ...entry, before, after: { languages, topics } })
  tables.mitras.set(mitraId, { ...row, languages, topics })
  return true
}

export const layer = Layer.effect(Accounts)(
  Effect.gen(function*() {
    const tables = yield* MemoryTables
    return Accounts.of({
      ...devices(tables),
      createCustomer: (customer) => Effect.sync(() => addCustomer(tables, customer)),
      findCustomer: (id) => Effect.sync(() => tables.customers.get(id) ?? null),
      findCustomers: (ids) => Effect.sync(() => ids.flatMap((id) => tables.customers.get(id) ?? [])),
      findCustomerByPhone: (phone) => Effect.sync(() => customerWithPhone(tables, phone)),
      provePhone: (customerId, phone) => Effect.sync(() => provePhone(tables, customerId, phone)),
      createMitra: (mitra, at, entry) => Effect.sync(() => addMitra(tables, mitra, at, entry)),
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
      profileOf: (id) =>
        Effect.sync(() => {
          const row = tables.mitras.get(id)
          return row === undefined ? null : { languages: row.languages, topics: row.topics }
        }),
      setProfile: (id, profile, entry) => Effect.sync(() => setProfile(tables, id, profile, entry)),
      renameMitra: (id, name, entry, seen) => Effect.sync(() => rename(tables, id, name, entry, seen))
    })
  })
)
