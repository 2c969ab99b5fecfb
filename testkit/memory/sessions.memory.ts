// Sessions in memory: opening, owning and reading from the shared in-memory store, with the verdicts of
// Postgres's unique indexes.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { blockingStatuses, type SessionState, type Side } from "../../src/domain/session/state.ts"
import type { AuditEntry } from "../../src/services/accounts/audit.ts"
import {
  type OfferedRequest,
  type Opened,
  type SequencedEvent,
  Sessions
} from "../../src/services/sessions/sessions.ts"
import type { StoredMessage } from "../../src/services/sessions/sessions.ts"
import { sessionRowOf } from "../../src/layers/sessions/chat-sessions.table.ts"
import { appendEntry } from "./audit.memory.ts"
import { hold, holdReference } from "./store/constraints.ts"
import { offerOf, stateOf } from "./store/session-states.ts"
import { MemoryTables, type OfferRow, type Tables } from "./store/tables.ts"
import { oversight } from "./sessions-oversight.memory.ts"
import { personal } from "./sessions-personal.memory.ts"
import { queue } from "./sessions-queue.memory.ts"

type Part<Key extends keyof Sessions["Service"]> = Pick<Sessions["Service"], Key>

const openOffersAtMost = 200

const compare = (a: string, b: string): number => a < b ? -1 : a > b ? 1 : 0
const find = (tables: Tables, sessionId: string): SessionState | null => {
  const row = tables.chat_sessions.get(sessionId)
  return row === undefined ? null : stateOf(tables, row)
}

const open = (
  tables: Tables,
  state: SessionState,
  deadlineAt: number,
  audit: AuditEntry | undefined
): Opened => {
  const ofPayment = tables.chat_sessions.where("payment", state.payment_id)
  const tried = ofPayment.find((row) => state.opened_by !== null && row.opened_by === state.opened_by)
  if (tried !== undefined) return { _tag: "Exists", session_id: tried.id }
  const same = ofPayment.find((row) => row.status !== "cancelled" && row.status !== "expired")
  if (same !== undefined) return { _tag: "Exists", session_id: same.id }
  const live = tables.chat_sessions.where("customer", state.customer_id)
    .find((row) => blockingStatuses.includes(row.status))
  if (live !== undefined) return { _tag: "AlreadyActive", session_id: live.id }
  if (tables.payment_requests.get(state.payment_id)?.status !== "confirmed") return { _tag: "NotPaid" }
  hold(!tables.chat_sessions.has(state.id), "chat_sessions_pkey")
  holdReference(tables.customers, state.customer_id, "chat_sessions_customer_id_fkey")
  holdReference(tables.mitras, state.target_mitra_id, "chat_sessions_target_mitra_id_fkey")
  if (audit !== undefined) appendEntry(tables, audit)
  const row = sessionRowOf(state, deadlineAt)
  tables.chat_sessions.set(state.id, { ...row, owner_epoch: 0, owner_runner: null })
  return { _tag: "Opened", session_id: state.id }
}

const claim = (tables: Tables, sessionId: string, runner: string) => {
  const row = tables.chat_sessions.get(sessionId)
  if (row === undefined) return null
  const epoch = row.owner_epoch + 1
  const owned = { ...row, owner_epoch: epoch, owner_runner: runner }
  tables.chat_sessions.set(sessionId, owned)
  return { epoch, state: stateOf(tables, owned) }
}

const owning = (tables: Tables): Part<"open" | "claim" | "find" | "ofPayments" | "ownerOf"> => ({
  open: (state, deadlineAt, audit) => Effect.sync(() => open(tables, state, deadlineAt, audit)),
  claim: (sessionId, runner) => Effect.sync(() => claim(tables, sessionId, runner)),
  find: (sessionId) => Effect.sync(() => find(tables, sessionId)),
  ofPayments: (paymentIds) =>
    Effect.sync(() => {
      const oldestFirst = [...new Set(paymentIds)]
        .flatMap((id) => tables.chat_sessions.where("payment", id))
        .toSorted((a, b) => a.requested_at - b.requested_at || compare(a.id, b.id))
      return new Map(oldestFirst.map((row) => [row.payment_id, row.id]))
    }),
  ownerOf: (sessionId) =>
    Effect.sync(() => {
      const row = tables.chat_sessions.get(sessionId)
      return row === undefined ? null : { runner: row.owner_runner, epoch: row.owner_epoch }
    })
})

const offeredOf = (tables: Tables, offer: OfferRow): ReadonlyArray<OfferedRequest> => {
  const session = tables.chat_sessions.get(offer.session_id)
  if (session === undefined) return []
  return [{
    session_id: session.id,
    customer_name: tables.customers.get(session.customer_id)?.call_name ?? "",
    topic: session.topic,
    mode: session.mode,
    kind: session.kind,
    duration_ms: session.ledger.purchased_ms,
    offer: offerOf(tables, offer),
    winner_at: session.started_at
  }]
}

const offersTo = (tables: Tables, mitraId: string): ReadonlyArray<OfferRow> =>
  tables.chat_request_notifications.where("mitra", mitraId)

const offers = (tables: Tables): Part<"openOffersOf" | "recentOffersOf" | "pendingOfferSessionsOf"> => ({
  openOffersOf: (mitraId, now) =>
    Effect.sync(() =>
      tables.chat_request_notifications.where("pending", mitraId)
        .filter((offer) => offer.deadline_at > now)
        .toSorted((a, b) => a.sent_at - b.sent_at || compare(a.session_id, b.session_id))
        .slice(0, openOffersAtMost)
        .flatMap((offer) => offeredOf(tables, offer))
    ),
  recentOffersOf: (mitraId, { before, limit }) =>
    Effect.sync(() =>
      offersTo(tables, mitraId)
        .filter((offer) => before === null || offer.session_id < before)
        .toSorted((a, b) => compare(b.session_id, a.session_id))
        .slice(0, limit)
        .flatMap((offer) => offeredOf(tables, offer))
    ),
  pendingOfferSessionsOf: (mitraId) =>
    Effect.sync(() =>
      tables.chat_request_notifications.where("pending", mitraId)
        .map((offer) => offer.session_id)
        .toSorted(compare)
    )
})

/** Messages of a session between two sequences, both excluded, found by their keys. */
const messagesBetween = (
  tables: Tables,
  sessionId: string,
  after: number,
  before: number
): ReadonlyArray<StoredMessage> => {
  const found: Array<StoredMessage> = []
  const end = Math.min(before, (tables.chat_sessions.get(sessionId)?.last_seq ?? 0) + 1)
  for (let seq = after + 1; seq < end; seq += 1) {
    const message = tables.messages.get(`${sessionId}/${seq}`)
    if (message !== undefined) found.push(message)
  }
  return found
}

const eventOf = ({ sent_at, ...message }: StoredMessage): SequencedEvent => {
  const { seq, session_id, ...rest } = message
  return { session_id, seq, event: { _tag: "MessageSent", at: sent_at, ...rest } }
}

const eventAt = (tables: Tables, sessionId: string, seq: number): ReadonlyArray<SequencedEvent> => {
  const stored = tables.session_events.get(`${sessionId}/${seq}`)
  if (stored !== undefined) return [stored]
  const message = tables.messages.get(`${sessionId}/${seq}`)
  return message === undefined ? [] : [eventOf(message)]
}

const eventsAfter = (tables: Tables, sessionId: string, after: number, limit: number) => {
  const found: Array<SequencedEvent> = []
  const last = tables.chat_sessions.get(sessionId)?.last_seq ?? 0
  for (let seq = after + 1; seq <= last && found.length < limit; seq += 1) {
    found.push(...eventAt(tables, sessionId, seq))
  }
  return found
}

const unreadIn = (tables: Tables, side: Side, sessionId: string): number => {
  const row = tables.chat_sessions.get(sessionId)
  if (row === undefined) return 0
  return messagesBetween(tables, sessionId, row[`${side}_read_seq`], Number.MAX_SAFE_INTEGER)
    .filter((message) => message.side !== side).length
}

const story = (tables: Tables): Part<"messages" | "sentMessage" | "eventsAfter" | "unread" | "lastSeqs"> => ({
  messages: (sessionId, range, limit) =>
    Effect.sync(() =>
      "after" in range
        ? messagesBetween(tables, sessionId, range.after, Number.MAX_SAFE_INTEGER).slice(0, limit)
        : limit === 0
        ? []
        : messagesBetween(tables, sessionId, 0, range.before).slice(-limit)
    ),
  sentMessage: (sessionId, senderId, clientMessageId) =>
    Effect.sync(() =>
      tables.messages.where("sender", `${sessionId}/${senderId}/${clientMessageId}`)[0] ?? null
    ),
  eventsAfter: (sessionId, seq, limit) => Effect.sync(() => eventsAfter(tables, sessionId, seq, limit)),
  unread: (side, sessionIds) =>
    Effect.sync(() =>
      new Map(
        sessionIds
          .map((id): [string, number] => [id, unreadIn(tables, side, id)])
          .filter(([, count]) => count > 0)
      )
    ),
  lastSeqs: (sessionIds) =>
    Effect.sync(() =>
      new Map(sessionIds.flatMap((id): Array<[string, number]> => {
        const row = tables.chat_sessions.get(id)
        return row === undefined ? [] : [[id, row.last_seq]]
      }))
    )
})

const overview = (tables: Tables): Part<"due" | "counts"> => ({
  due: (horizon, limit) =>
    Effect.sync(() =>
      tables.chat_sessions.where("live", "yes")
        .filter((row) => row.deadline_at !== null && row.deadline_at <= horizon)
        .toSorted((a, b) => (a.deadline_at ?? 0) - (b.deadline_at ?? 0) || compare(a.id, b.id))
        .slice(0, limit)
        .map((row) => row.id)
    ),
  counts: Effect.sync(() => {
    const count = (statuses: ReadonlyArray<string>) =>
      statuses.reduce((sum, status) => sum + tables.chat_sessions.where("status", status).length, 0)
    return {
      waiting: count(["searching", "pending_acceptance"]),
      active: count(["active", "extending"]),
      closing: count(["closing"])
    }
  })
})

export const layer = Layer.effect(Sessions)(
  Effect.map(MemoryTables, (tables) =>
    Sessions.of({
      ...owning(tables),
      ...offers(tables),
      ...story(tables),
      ...queue(tables),
      ...overview(tables),
      ...personal(tables),
      ...oversight(tables)
    }))
)
