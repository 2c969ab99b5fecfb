// Handlers of the console's calls: lists by page, one customer, what happened to a session, who I am. The
// state of the service is health.ts, what changes is watch.ts.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import {
  AdminConsoleRpcs,
  type CustomerLineView,
  type CustomerView,
  type MeView,
  type MitraLineView
} from "../../../contract/staff/console.ts"
import { instant, instantOrNull } from "../../../contract/fields.ts"
import { isPhone, maskedPhone } from "../../../domain/phone.ts"
import { refuse } from "../../../domain/refusal.ts"
import { liveStatuses, type SessionStatus } from "../../../domain/session/state.ts"
import { permissionsOf, type Role } from "../../../domain/staff.ts"
import { isUuid } from "../../../domain/uuid.ts"
import { Accounts, type CustomerAccount } from "../../../services/accounts/accounts.ts"
import { Staff } from "../../../services/accounts/staff.ts"
import { Presence } from "../../../services/availability/presence.ts"
import { Faults } from "../../../services/manual-clock/faults.ts"
import { ManualClock } from "../../../services/manual-clock/manual-clock.ts"
import { type MitraFilter, type MitraLine, Oversight } from "../../../services/oversight/oversight.ts"
import { SessionViews } from "../../../services/sessions/session-views.ts"
import { Settings } from "../../../services/settings/settings.ts"
import { answering, streaming } from "../../public/handlers/answering.ts"
import { sessionView } from "../../public/views/session-view.ts"
import { viewAll } from "../payments.ts"
import { holdView } from "../inspections.ts"
import { currentStaff } from "../staff/current-staff.ts"
import { health } from "./health.ts"
import { liveView } from "./live-view.ts"
import { watch } from "./watch.ts"

const readsAtOnce = 8
const waitingStatuses: ReadonlyArray<SessionStatus> = ["searching", "pending_acceptance"]

const statusesOf: Readonly<Record<"all" | "waiting" | "running" | "closing", ReadonlyArray<SessionStatus>>> =
  {
    all: liveStatuses,
    waiting: waitingStatuses,
    running: ["active", "extending"],
    closing: ["closing"]
  }

const badCursor = (given: string) =>
  refuse("BAD_REQUEST", "after must be the next of an earlier page.", { given })

/** `<text>_<id>`, as the page before gave it. */
const cursorOf = Effect.fnUntraced(function*(after: string) {
  const cut = after.lastIndexOf("_")
  const id = after.slice(cut + 1)
  return cut > 0 && isUuid(id) ? { key: after.slice(0, cut), id } : yield* badCursor(after)
})

const liveSessions = Effect.fnUntraced(function*(asked: {
  readonly filter: keyof typeof statusesOf
  readonly mitra_id: string | null
  readonly after: string | null
  readonly limit: number
}) {
  const cursor = asked.after === null ? null : yield* cursorOf(asked.after)
  if (cursor !== null && !/^\d{1,15}$/.test(cursor.key)) return yield* badCursor(asked.after ?? "")
  const found = yield* (yield* Oversight).live({
    statuses: statusesOf[asked.filter],
    mitra_id: asked.mitra_id,
    after: cursor === null ? null : { at: Number(cursor.key), id: cursor.id },
    limit: asked.limit + 1
  })
  const shown = found.slice(0, asked.limit)
  const last = shown.at(-1)
  const isMore = found.length > asked.limit && last !== undefined
  return {
    sessions: shown.map(liveView),
    next: isMore ? `${last.requested_at}_${last.session_id}` : null
  }
})

const queue = Effect.fnUntraced(function*(limit: number) {
  const oversight = yield* Oversight
  const now = yield* Clock.currentTimeMillis
  const page = { statuses: waitingStatuses, mitra_id: null, after: null, limit }
  const waiting = yield* oversight.live(page)
  const ends = yield* oversight.nextEnds(waiting.length)
  return {
    queue: waiting.map((session, index) => {
      const end = ends[index]
      return {
        position: index + 1,
        session: liveView(session),
        waited_ms: Math.max(0, now - session.requested_at),
        estimated_wait_seconds: end === undefined ? null : Math.max(0, Math.ceil((end - now) / 1000))
      }
    })
  }
})

const mitraView = (line: MitraLine, slots: number, connected: boolean | null): MitraLineView => ({
  ...line,
  hold: holdView(line.hold),
  slots,
  connected,
  online_since: instantOrNull(line.online_since),
  last_heartbeat_at: instantOrNull(line.last_heartbeat_at)
})

/** A whole phone is somebody; anything else is looked for in names and ids. */
const searchOf = Effect.fnUntraced(function*(search: string | null) {
  const text = search?.trim() ?? ""
  if (text === "" || !isPhone(text)) return text === "" ? null : text
  const found = yield* (yield* Accounts).findMitraByPhone(text)
  return found?.id ?? text
})

const mitras = Effect.fnUntraced(function*(asked: {
  readonly search: string | null
  readonly filter: MitraFilter
  readonly after: string | null
  readonly limit: number
}) {
  const cursor = asked.after === null ? null : yield* cursorOf(asked.after)
  const found = yield* (yield* Oversight).mitras({
    search: yield* searchOf(asked.search),
    filter: asked.filter,
    after: cursor === null ? null : { name: cursor.key, id: cursor.id },
    limit: asked.limit + 1
  })
  const shown = found.slice(0, asked.limit)
  const { max_customers_per_mitra: slots } = yield* (yield* Settings).current
  const presence = yield* Presence
  const lines = yield* Effect.forEach(shown, (line) =>
    Effect.map(
      presence.isConnected({ user_type: "mitra", user_id: line.mitra_id }),
      (connected) => mitraView(line, slots, connected)
    ), { concurrency: readsAtOnce })
  const last = shown.at(-1)
  const isMore = found.length > asked.limit && last !== undefined
  return { mitras: lines, next: isMore ? `${last.display_name}_${last.mitra_id}` : null }
})

const customerLine = (account: CustomerAccount): typeof CustomerLineView.Type => ({
  customer_id: account.id,
  call_name: account.call_name,
  phone_masked: account.phone === null ? null : maskedPhone(account.phone),
  created_at: instant(account.created_at)
})

const customers = Effect.fnUntraced(function*(search: string, limit: number) {
  const accounts = yield* Accounts
  const ids = yield* (yield* Oversight).customersNamed(search.trim(), limit)
  return { customers: (yield* accounts.findCustomers(ids)).map(customerLine) }
})

const customer = Effect.fnUntraced(function*(find: string) {
  const accounts = yield* Accounts
  const text = find.trim()
  const account = isPhone(text)
    ? yield* accounts.findCustomerByPhone(text)
    : isUuid(text)
    ? yield* accounts.findCustomer(text.toLowerCase())
    : null
  if (account === null) {
    return yield* refuse("ACCOUNT_NOT_FOUND", "There is no customer with this id or phone.", {
      given: isPhone(text) ? maskedPhone(text) : text
    })
  }
  const now = yield* Clock.currentTimeMillis
  const live = yield* (yield* SessionViews).liveOf("customer", account.id)
  const view: typeof CustomerView.Type = {
    ...customerLine(account),
    belongs_to: account.belongs_to,
    live_sessions: live.map((state) => sessionView(state, { side: "customer", unread: 0, now }))
  }
  return view
})

const customerPayments = Effect.fnUntraced(function*(customer_id: string, limit: number) {
  return { payments: yield* viewAll(yield* (yield* Oversight).paymentsOf(customer_id, limit)) }
})

const timeline = Effect.fnUntraced(function*(session_id: string) {
  const entries = yield* (yield* Oversight).timeline(session_id)
  return { entries: entries.map((entry) => ({ ...entry, at: instant(entry.at) })) }
})

const auditSearch = Effect.fnUntraced(function*(filter: Parameters<Oversight["Service"]["audit"]>[0]) {
  const entries = yield* (yield* Oversight).audit(filter)
  return { entries: entries.map((entry) => ({ ...entry, at: instant(entry.at) })) }
})

const me = Effect.fnUntraced(function*(time_zone: string) {
  const { staff_id } = yield* currentStaff
  const account = yield* (yield* Staff).findStaff(staff_id)
  if (account === null) return yield* refuse("ACCOUNT_NOT_FOUND", "There is no such staff account.")
  // The database knows no other role.
  const role = account.role as Role
  const view: typeof MeView.Type = {
    staff_id,
    email: account.email,
    role,
    permissions: permissionsOf(role),
    time_zone,
    is_clock_held: (yield* ManualClock) !== null,
    takes_faults: (yield* Faults) !== null,
    server_now: instant(yield* Clock.currentTimeMillis)
  }
  return view
})

export const layer = (options: { readonly time_zone: string }) =>
  AdminConsoleRpcs.toLayer({
    "admin.me": () => answering(me(options.time_zone)),
    "admin.health": () => answering(health),
    "admin.watch": ({ cursor }) => streaming(Stream.unwrap(watch(cursor))),
    "admin.live_sessions": (asked) => answering(liveSessions(asked)),
    "admin.queue": ({ limit }) => answering(queue(limit)),
    "admin.mitras": (asked) => answering(mitras(asked)),
    "admin.customers": ({ limit, search }) => answering(customers(search, limit)),
    "admin.customer": ({ find }) => answering(customer(find)),
    "admin.customer_payments": ({ customer_id, limit }) => answering(customerPayments(customer_id, limit)),
    "admin.session_timeline": ({ session_id }) => answering(timeline(session_id)),
    "admin.audit_search": (filter) => answering(auditSearch(filter))
  })
