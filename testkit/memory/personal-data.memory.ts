// PersonalData in memory: the same endings on rows of the shared in-memory store.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ChangeEntry } from "../../src/domain/audit.ts"
import { erased, type RecordKind } from "../../src/domain/retention.ts"
import type { Person } from "../../src/domain/trust.ts"
import {
  type Erasure,
  type HeldAccount,
  heldPaymentsMax,
  PersonalData
} from "../../src/services/personal-data/personal-data.ts"
import { appendEntry } from "./audit-log.memory.ts"
import { MemoryTables, type Tables } from "./store/tables.ts"

const liveStatuses = ["searching", "pending_acceptance", "active", "extending", "closing"]

const sessionsOf = (tables: Tables, { user_id, user_type }: Person) =>
  tables.chat_sessions.where(user_type, user_id)

const busy = (tables: Tables, person: Person): Erasure | null => {
  const session = sessionsOf(tables, person).find(({ status }) => liveStatuses.includes(status))
  if (session !== undefined) return { _tag: "Busy", session_id: session.id, payment_id: null }
  if (person.user_type === "mitra") return null
  const payment = tables.payment_requests.where("customer", person.user_id)
    .find(({ status }) => status === "pending" || status === "confirmed")
  return payment === undefined ? null : { _tag: "Busy", session_id: null, payment_id: payment.id }
}

const scrub = (tables: Tables, { user_id, user_type }: Person, at: number): void => {
  const person = `${user_type}:${user_id}`
  for (const row of tables.auth_sessions.where("person", person)) {
    if (row.revoked_at !== null) continue
    tables.auth_sessions.set(row.id, { ...row, revoked_at: at, revoked_reason: "deleted" })
  }
  for (const { token } of tables.devices.where("person", person)) tables.devices.delete(token)
  for (const [key, row] of tables.blocks) {
    const maker = row.by_side === "customer" ? row.customer_id : row.mitra_id
    if (row.by_side === user_type && maker === user_id) tables.blocks.delete(key)
  }
  const customer = tables.customers.get(user_id)
  const mitra = tables.mitras.get(user_id)
  if (user_type === "customer" && customer !== undefined) {
    tables.customers.set(user_id, { ...customer, call_name: erased, phone: null, belongs_to: null })
    tables.deleted_customers.set(user_id, { deleted_at: at, erased_at: null })
  }
  if (user_type === "mitra" && mitra !== undefined) {
    const deactivated_at = mitra.deactivated_at ?? at
    tables.mitras.set(user_id, {
      ...mitra,
      display_name: erased,
      phone: "",
      is_active: false,
      deactivated_at
    })
    const kept = tables.mitra_online_logs.filter((row) => row.mitra_id !== user_id)
    tables.mitra_online_logs.splice(0, tables.mitra_online_logs.length, ...kept)
  }
}

const isGone = (tables: Tables, { user_id, user_type }: Person): boolean =>
  user_type === "customer"
    ? tables.deleted_customers.has(user_id)
    : tables.mitras.get(user_id)?.display_name === erased

const accountOf = (tables: Tables, { user_id, user_type }: Person) =>
  user_type === "customer" ? tables.customers.get(user_id) : tables.mitras.get(user_id)

const erase = (tables: Tables, person: Person, at: number, entry?: ChangeEntry): Erasure => {
  const account = accountOf(tables, person)
  if (account === undefined) return { _tag: "Unknown" }
  if (isGone(tables, person)) return { _tag: "Erased" }
  const { user_type } = person
  const others = user_type === "customer"
    ? [...tables.customers.values()].filter((row) => row.belongs_to === person.user_id)
    : []
  const accounts = [account, ...others].map(({ id }) => ({ user_type, user_id: id }))
  for (const one of accounts) {
    const why = busy(tables, one)
    if (why !== null) return why
  }
  if (account.phone !== null) {
    for (const row of tables.one_time_codes.where("phone", account.phone)) {
      if (row.user_type === user_type) tables.one_time_codes.delete(row.id)
    }
  }
  for (const one of accounts) scrub(tables, one, at)
  if (entry !== undefined) appendEntry(tables, { ...entry, before: null, after: { deleted: true } })
  return { _tag: "Erased" }
}

const heldOf = (tables: Tables, person: Person): HeldAccount | null => {
  const account = accountOf(tables, person)
  if (account === undefined || isGone(tables, person)) return null
  const payments = person.user_type === "mitra" ?
    [] :
    tables.payment_requests.where("customer", person.user_id)
      .toSorted((a, b) => a.id < b.id ? 1 : -1)
      .slice(0, heldPaymentsMax)
      .map(({ amount_idr, confirmed_at, created_at, id, product, status }) => ({
        id,
        status,
        product,
        amount_idr,
        created_at,
        confirmed_at
      }))
  const name = "call_name" in account ? account.call_name : account.display_name
  return { name, phone: account.phone, created_at: account.created_at, payments }
}

const eraseTexts = (tables: Tables, limit: number, now: number): number => {
  const next = [...tables.deleted_customers].toSorted().find(([, row]) => row.erased_at === null)
  if (next === undefined) return 0
  const [id, row] = next
  const sessions = new Set(tables.chat_sessions.where("customer", id).map((session) => session.id))
  const messages = [...tables.messages.entries()]
    .filter(([, message]) => sessions.has(message.session_id) && message.body !== erased)
    .slice(0, limit)
  for (const [key, message] of messages) tables.messages.set(key, { ...message, body: erased })
  if (messages.length > 0) return messages.length
  for (const [key, told] of tables.session_events) {
    if (!sessions.has(told.session_id) || told.event._tag !== "GoodbyeLeft") continue
    tables.session_events.set(key, { ...told, event: { ...told.event, text: erased } })
  }
  for (const session of tables.chat_sessions.where("customer", id)) {
    tables.chat_sessions.set(session.id, {
      ...session,
      customer_goodbye: session.customer_goodbye === null ? null : erased,
      mitra_goodbye: session.mitra_goodbye === null ? null : erased
    })
  }
  tables.deleted_customers.set(id, { ...row, erased_at: now })
  return 1
}

type Options = Parameters<PersonalData["Service"]["anonymous"]>[0]

const anonymous = (tables: Tables, { after, inactive_before, limit, unused_before }: Options) => {
  const looked = [...tables.customers.values()]
    .filter((row) => row.phone === null && !tables.deleted_customers.has(row.id))
    .filter((row) => after === null || row.id > after)
    .toSorted((a, b) => a.id < b.id ? -1 : 1)
    .slice(0, limit)
  const isOpenedSince = (id: string, created_at: number, at: number) =>
    created_at >= at ||
    tables.auth_sessions.where("person", `customer:${id}`).some((row) =>
      row.revoked_at === null && row.created_at >= at
    )
  const isUnused = ({ belongs_to, created_at, id }: (typeof looked)[number]) =>
    !isOpenedSince(id, created_at, unused_before) && belongs_to === null &&
    tables.payment_requests.where("customer", id).length === 0
  const unused = looked.filter(isUnused)
  for (const { id } of unused) {
    for (const row of tables.auth_sessions.where("person", `customer:${id}`)) {
      tables.auth_sessions.delete(row.id)
    }
    for (const row of tables.devices.where("person", `customer:${id}`)) tables.devices.delete(row.token)
    tables.customers.delete(id)
  }
  return {
    deleted: unused.length,
    inactive: looked.filter((row) => !unused.includes(row))
      .filter((row) => !isOpenedSince(row.id, row.created_at, inactive_before))
      .map((row) => row.id),
    last: looked.length < limit ? null : looked.at(-1)?.id ?? null
  }
}

const isDoomedSignIn = (tables: Tables, id: string, before: number): boolean => {
  const row = tables.auth_sessions.get(id)
  if (row === undefined || row.expires_at >= before) return false
  return row.id !== row.family_id ||
    tables.auth_sessions.where("family", row.family_id).every((one) => one.expires_at < before)
}

const takeSignIns = (tables: Tables, before: number, limit: number): number => {
  const doomed = [...tables.auth_sessions.keys()].filter((id) => isDoomedSignIn(tables, id, before))
  for (const id of doomed.slice(0, limit)) tables.auth_sessions.delete(id)
  return Math.min(doomed.length, limit)
}

const purge = (tables: Tables, kind: RecordKind, before: number, limit: number): number => {
  // Rows lie in the order of their times, oldest first: the first young one ends the search.
  const take = <Row>(table: Map<string, Row>, timeOf: (row: Row) => number): number => {
    const keys: Array<string> = []
    for (const [key, row] of table) {
      if (keys.length >= limit || timeOf(row) >= before) break
      keys.push(key)
    }
    for (const key of keys) table.delete(key)
    return keys.length
  }
  switch (kind) {
    case "codes":
      return take(tables.one_time_codes, (row) => row.created_at)
    case "sign_ins":
      return takeSignIns(tables, before, limit)
    case "commands":
      return take(tables.commands_seen, (row) => row.at)
    case "webhooks":
      return take(tables.webhook_logs, (row) => row.at)
  }
}

export const layer = Layer.effect(PersonalData)(Effect.map(MemoryTables, (tables) =>
  PersonalData.of({
    erase: (person, at, entry) => Effect.sync(() => erase(tables, person, at, entry)),
    heldOf: (person) => Effect.sync(() => heldOf(tables, person)),
    eraseTexts: (limit, now) => Effect.sync(() => eraseTexts(tables, limit, now)),
    anonymous: (options) => Effect.sync(() => anonymous(tables, options)),
    purge: (kind, before, limit) => Effect.sync(() => purge(tables, kind, before, limit)),
    // Rows in memory lie in no parts.
    keepMonths: () => Effect.succeed({ made: 0, detached: 0, dropped: 0 })
  })))
