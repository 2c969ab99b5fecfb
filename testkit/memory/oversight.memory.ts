// Oversight in memory: the same lists over the rows of the shared store. A row's text is its fingerprint.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import {
  type Alerts,
  type AuditFilter,
  type LiveSession,
  type MitraFilter,
  type MitraLine,
  Oversight,
  type TimelineEntry
} from "../../src/services/oversight/oversight.ts"
import { troubleAt } from "../../src/services/payments/payments.ts"
import { hasDevice } from "./store/mirror-rows.ts"
import { reviewedPaymentOf } from "./store/payment-rows.ts"
import { type ChatSessionRow, MemoryTables, type MitraRow, type Tables } from "./store/tables.ts"

const compare = (a: string, b: string): number => a < b ? -1 : a > b ? 1 : 0

const unreadIn = (tables: Tables, row: ChatSessionRow, side: "customer" | "mitra") => {
  const { id, last_seq } = row
  let unread = 0
  for (let seq = row[`${side}_read_seq`] + 1; seq <= last_seq; seq += 1) {
    const message = tables.messages.get(`${id}/${seq}`)
    if (message !== undefined && message.side !== side) unread += 1
  }
  return unread
}

const lineOf = (tables: Tables, row: ChatSessionRow): ReadonlyArray<LiveSession> => {
  if (row.deadline_at === null) return []
  const offers = tables.chat_request_notifications.where("session", row.id)
  const { customer_id, ends_at, kind, mitra_id, mode, owner_epoch, owner_runner, requested_at } = row
  const { deadline_at, started_at, status, topic } = row
  return [{
    session_id: row.id,
    status,
    kind,
    mode,
    topic,
    customer_id,
    customer_name: tables.customers.get(customer_id)?.call_name ?? "",
    mitra_id,
    mitra_name: mitra_id === null ? null : tables.mitras.get(mitra_id)?.display_name ?? null,
    requested_at,
    started_at,
    ends_at,
    deadline_at,
    purchased_ms: row.ledger.purchased_ms,
    owner_runner,
    owner_epoch,
    is_without_mitra: row.absence !== null,
    unread_customer: unreadIn(tables, row, "customer"),
    unread_mitra: unreadIn(tables, row, "mitra"),
    offers: offers.length,
    offers_open: offers.filter((offer) => offer.status === "pending").length
  }]
}

const liveRows = (tables: Tables) => tables.chat_sessions.where("live", "yes")

const live = (
  tables: Tables
): Pick<Oversight["Service"], "fingerprints" | "liveOf" | "live" | "nextEnds"> => ({
  fingerprints: Effect.sync(() => new Map(liveRows(tables).map((row) => [row.id, JSON.stringify(row)]))),
  liveOf: (ids) =>
    Effect.sync(() =>
      ids.flatMap((id) => {
        const row = tables.chat_sessions.get(id)
        return row === undefined ? [] : lineOf(tables, row)
      })
    ),
  live: ({ after, limit, mitra_id, statuses }) =>
    Effect.sync(() =>
      liveRows(tables)
        .filter((row) => statuses.includes(row.status) && (mitra_id === null || row.mitra_id === mitra_id))
        .filter((row) =>
          after === null || row.requested_at > after.at ||
          (row.requested_at === after.at && row.id > after.id)
        )
        .toSorted((a, b) => a.requested_at - b.requested_at || compare(a.id, b.id))
        .slice(0, limit)
        .flatMap((row) => lineOf(tables, row))
    ),
  nextEnds: (limit) =>
    Effect.sync(() =>
      tables.chat_sessions.where("status", "active")
        .flatMap((row) => row.ends_at ?? [])
        .toSorted((a, b) => a - b)
        .slice(0, limit)
    )
})

const isIn = (filter: MitraFilter, { is_active, is_draining, is_online }: MitraLine): boolean => {
  switch (filter) {
    case "all":
      return true
    case "online":
      return is_online
    case "draining":
      return is_draining
    case "offline":
      return is_active && !is_online
    case "inactive":
      return !is_active
  }
}

const mitraLine = (tables: Tables, mitra: MitraRow): ReadonlyArray<MitraLine> => {
  const status = tables.mitra_status.get(mitra.id)
  if (status === undefined) return []
  const { hold, is_draining, is_online, last_heartbeat_at, online_since, owner_runner } = status
  return [{
    mitra_id: mitra.id,
    display_name: mitra.display_name,
    is_active: mitra.is_active,
    is_online,
    is_draining,
    hold,
    online_since,
    last_heartbeat_at,
    owner_runner,
    sessions: tables.mitra_slots.where("mitra", mitra.id).length,
    open_offers: tables.chat_request_notifications.where("pending", mitra.id).length,
    push_reachable: hasDevice(tables, mitra.id)
  }]
}

const mitras = (tables: Tables): Pick<Oversight["Service"], "mitras"> => ({
  mitras: ({ after, filter, limit, search }) =>
    Effect.sync(() =>
      [...tables.mitras.values()]
        .flatMap((mitra) => mitraLine(tables, mitra))
        .filter((line) => isIn(filter, line))
        .filter(({ display_name, mitra_id }) =>
          search === null || display_name.toLowerCase().includes(search.toLowerCase()) ||
          mitra_id === search.toLowerCase()
        )
        .filter((line) =>
          after === null || line.display_name > after.name ||
          (line.display_name === after.name && line.mitra_id > after.id)
        )
        .toSorted((a, b) => compare(a.display_name, b.display_name) || compare(a.mitra_id, b.mitra_id))
        .slice(0, limit)
    )
})

const small = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())

const customersNamed = (tables: Tables, beginning: string, limit: number): ReadonlyArray<string> =>
  [...tables.customers.values()]
    .filter((row) => small(row.call_name).startsWith(small(beginning)))
    .toSorted((a, b) => compare(small(a.call_name), small(b.call_name)) || compare(a.id, b.id))
    .slice(0, limit)
    .map((row) => row.id)

const timeline = (tables: Tables, sessionId: string): ReadonlyArray<TimelineEntry> => {
  const events = [...tables.session_events.values()].filter((row) => row.session_id === sessionId)
    .map(({ event, seq }): TimelineEntry => {
      const { _tag, at, ...rest } = event
      const { offers: _offers, text: _text, ...detail } = rest as Record<string, never>
      return { seq, at, type: _tag, side: null, detail }
    })
  const messages: Array<TimelineEntry> = []
  for (let seq = 1; seq <= (tables.chat_sessions.get(sessionId)?.last_seq ?? 0); seq += 1) {
    const message = tables.messages.get(`${sessionId}/${seq}`)
    if (message === undefined) continue
    messages.push({ seq, at: message.sent_at, type: "MessageSent", side: message.side, detail: null })
  }
  return [...events, ...messages].toSorted((a, b) => a.seq - b.seq)
}

const alerts = (tables: Tables, stuckBefore: number): Alerts => {
  const troubled = [...tables.payment_requests.values()].filter((row) => {
    const at = troubleAt(row)
    return at !== null && (row.resolved_at === null || row.resolved_at < at)
  })
  return {
    stuck: liveRows(tables).filter((row) => (row.deadline_at ?? stuckBefore) < stuckBefore).length,
    proposals: [...tables.reroute_proposals.values()].filter((row) => row.status === "open").length,
    failed_pairings: troubled.filter((row) => row.anomaly_at === null).length,
    anomalies: troubled.filter((row) => row.anomaly_at !== null).length,
    dead_letters: tables.push_outbox.where("status", "dead").length
  }
}

const audit = (tables: Tables, filter: AuditFilter) =>
  [...tables.audit_log.values()]
    .filter((entry) => filter.before === null || entry.id < filter.before)
    .filter((entry) => filter.staff_id === null || entry.staff_id === filter.staff_id)
    .filter((entry) => filter.action === null || entry.action.startsWith(filter.action))
    .filter((entry) => filter.target_type === null || entry.target_type === filter.target_type)
    .filter((entry) => filter.target_id === null || entry.target_id === filter.target_id)
    .toSorted((a, b) => compare(b.id, a.id))
    .slice(0, filter.limit)

export const layer = Layer.effect(Oversight)(
  Effect.map(MemoryTables, (tables) =>
    Oversight.of({
      ...live(tables),
      ...mitras(tables),
      customersNamed: (beginning, limit) => Effect.sync(() => customersNamed(tables, beginning, limit)),
      paymentsOf: (customerId, limit) =>
        Effect.sync(() =>
          tables.payment_requests.where("customer", customerId)
            .toSorted((a, b) => compare(b.id, a.id))
            .slice(0, limit)
            .map((row) => reviewedPaymentOf(tables, row))
        ),
      timeline: (sessionId) => Effect.sync(() => timeline(tables, sessionId)),
      alerts: (stuckBefore) => Effect.sync(() => alerts(tables, stuckBefore)),
      audit: (filter) => Effect.sync(() => audit(tables, filter)),
      ping: Effect.void
    }))
)
