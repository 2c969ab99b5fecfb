// SessionViews in memory: what phones read of the shared in-memory store: their sessions, offers, messages
// and events.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { OfferedRequest } from "../../src/domain/session/offered-request.ts"
import { liveStatuses, type Side } from "../../src/domain/session/state.ts"
import { type SequencedEvent, SessionViews } from "../../src/services/sessions/session-views.ts"
import type { StoredMessage } from "../../src/services/sessions/sessions.ts"
import { offerOf, stateOf } from "./store/session-states.ts"
import { MemoryTables, type OfferRow, type Tables } from "./store/tables.ts"
import { pastOf } from "./sessions-past.memory.ts"

type Part<Key extends keyof SessionViews["Service"]> = Pick<SessionViews["Service"], Key>

const liveAtMost = 50
const openOffersAtMost = 200

const compare = (a: string, b: string): number => a < b ? -1 : a > b ? 1 : 0

const personal = (tables: Tables): Part<"liveOf" | "participation" | "pastOf" | "haveMet"> => ({
  liveOf: (side, userId) =>
    Effect.sync(() =>
      tables.chat_sessions.where(side, userId)
        .filter((row) => liveStatuses.includes(row.status))
        .toSorted((a, b) => a.requested_at - b.requested_at || compare(a.id, b.id))
        .slice(0, liveAtMost)
        .map((row) => stateOf(tables, row))
    ),
  pastOf: (side, userId, options) => Effect.sync(() => pastOf(tables, side, userId, options)),
  haveMet: (customerId, mitraId) =>
    Effect.sync(() =>
      tables.chat_sessions.where("customer", customerId).some((row) =>
        (row.ended_at !== null || row.status === "closing") &&
        tables.mitra_assignments.where("session", row.id).some((given) => given.mitra_id === mitraId)
      )
    ),
  participation: (sessionId) =>
    Effect.sync(() => {
      const row = tables.chat_sessions.get(sessionId)
      if (row === undefined) return null
      const { customer_id, id, mitra_id, status } = row
      const assigned = tables.mitra_assignments.where("session", id).map((assignment) => assignment.mitra_id)
      return { id, status, customer_id, mitra_id, assigned: [...new Set(assigned)] }
    })
})

const offeredOf = (tables: Tables, offer: OfferRow): ReadonlyArray<OfferedRequest> => {
  const session = tables.chat_sessions.get(offer.session_id)
  if (session === undefined) return []
  return [{
    session_id: session.id,
    customer_name: tables.customers.get(session.customer_id)?.call_name ?? "",
    topic: session.topic,
    language: session.language,
    mode: session.mode,
    kind: session.kind,
    duration_ms: session.ledger.purchased_ms,
    offer: offerOf(tables, offer),
    winner_at: session.started_at
  }]
}

const offersTo = (tables: Tables, mitraId: string): ReadonlyArray<OfferRow> =>
  tables.chat_request_notifications.where("mitra", mitraId)

const offers = (tables: Tables): Part<"openOffersOf" | "recentOffersOf" | "nthEnd"> => ({
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
  nthEnd: (nth) =>
    Effect.sync(() =>
      tables.chat_sessions.where("live", "yes")
        .flatMap((row) => row.ends_at === null ? [] : [row.ends_at])
        .toSorted((a, b) => a - b)[nth - 1] ?? null
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

const transcript = (tables: Tables): Part<"messages" | "eventsAfter" | "unread"> => ({
  messages: (sessionId, range, limit) =>
    Effect.sync(() =>
      "after" in range
        ? messagesBetween(tables, sessionId, range.after, Number.MAX_SAFE_INTEGER).slice(0, limit)
        : limit === 0
        ? []
        : messagesBetween(tables, sessionId, 0, range.before).slice(-limit)
    ),
  eventsAfter: (sessionId, seq, limit) => Effect.sync(() => eventsAfter(tables, sessionId, seq, limit)),
  unread: (side, sessionIds) =>
    Effect.sync(() =>
      new Map(
        sessionIds
          .map((id): [string, number] => [id, unreadIn(tables, side, id)])
          .filter(([, count]) => count > 0)
      )
    )
})

export const layer = Layer.effect(SessionViews)(
  Effect.map(
    MemoryTables,
    (tables) =>
      SessionViews.of({
        ...personal(tables),
        ...offers(tables),
        ...transcript(tables),
        epoch: Effect.succeed("memory")
      })
  )
)
