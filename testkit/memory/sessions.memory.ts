// Sessions in memory: opening, owning and reading one from the shared in-memory store, with the verdicts of
// Postgres's unique indexes.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { blockingStatuses, type SessionState } from "../../src/domain/session/state.ts"
import type { Unavailable } from "../../src/services/platform/unavailable.ts"
import { firstEpoch, type Opened, type Opening, Sessions } from "../../src/services/sessions/sessions.ts"
import { sessionRowOf } from "../../src/layers/sessions/chat-sessions.table.ts"
import { appendEntry } from "./audit-log.memory.ts"
import { hold, holdReference } from "./store/constraints.ts"
import { stateOf } from "./store/session-states.ts"
import { betweenStatements } from "./store/statements.ts"
import { MemoryTables, type Tables } from "./store/tables.ts"
import { aheadOf } from "./sessions-queue.memory.ts"

type Part<Key extends keyof Sessions["Service"]> = Pick<Sessions["Service"], Key>

const compare = (a: string, b: string): number => a < b ? -1 : a > b ? 1 : 0
const find = (tables: Tables, sessionId: string): SessionState | null => {
  const row = tables.chat_sessions.get(sessionId)
  return row === undefined ? null : stateOf(tables, row)
}

type InTheWay = (tables: Tables, state: SessionState) => Opened | null

/** What may be in the way of a new request, in the order in which Postgres is asked about it. */
const inTheWay: ReadonlyArray<InTheWay> = [
  (tables, { opened_by, payment_id }) => {
    const tried = tables.chat_sessions.where("payment", payment_id)
      .find((row) => opened_by !== null && row.opened_by === opened_by)
    return tried === undefined ? null : { _tag: "Exists", session_id: tried.id }
  },
  (tables, { payment_id }) => {
    const same = tables.chat_sessions.where("payment", payment_id)
      .find((row) => row.status !== "cancelled" && row.status !== "expired")
    return same === undefined ? null : { _tag: "Exists", session_id: same.id }
  },
  (tables, { customer_id }) => {
    const live = tables.chat_sessions.where("customer", customer_id)
      .find((row) => blockingStatuses.includes(row.status))
    return live === undefined ? null : { _tag: "AlreadyActive", session_id: live.id }
  },
  (tables, { payment_id }) =>
    tables.payment_requests.get(payment_id)?.status === "confirmed" ? null : { _tag: "NotPaid" }
]

const insert = (
  tables: Tables,
  state: SessionState,
  deadlineAt: number,
  { audit, owner = null }: Opening
): Opened => {
  hold(!tables.chat_sessions.has(state.id), "chat_sessions_pkey")
  holdReference(tables.customers, state.customer_id, "chat_sessions_customer_id_fkey")
  holdReference(tables.mitras, state.target_mitra_id, "chat_sessions_target_mitra_id_fkey")
  if (audit !== undefined) appendEntry(tables, audit)
  const row = sessionRowOf(state, deadlineAt)
  const owner_epoch = owner === null ? 0 : firstEpoch
  tables.chat_sessions.set(state.id, { ...row, owner_epoch, owner_runner: owner })
  return { _tag: "Opened", session_id: state.id }
}

// Each new try follows a conflict with a session that was over before it could be named.
const openTries = 5

const open = Effect.fnUntraced(function*(
  tables: Tables,
  state: SessionState,
  deadlineAt: number,
  opening: Opening
): Effect.fn.Return<Opened, Unavailable> {
  for (let left = openTries; left > 0; left -= 1) {
    const isFree = inTheWay.every((look) => look(tables, state) === null)
    if (isFree) return insert(tables, state, deadlineAt, opening)
    for (const look of inTheWay) {
      yield* betweenStatements
      const found = look(tables, state)
      if (found !== null) return found
    }
  }
  return yield* Effect.die(new Error(`session ${state.id} is neither new nor in anybody's way`))
})

const claim = Effect.fnUntraced(function*(tables: Tables, sessionId: string, runner: string) {
  const row = tables.chat_sessions.get(sessionId)
  if (row === undefined) return null
  const epoch = row.owner_epoch + 1
  tables.chat_sessions.set(sessionId, { ...row, owner_epoch: epoch, owner_runner: runner })
  yield* betweenStatements
  const state = find(tables, sessionId)
  return state === null ? null : { epoch, state }
})

const owning = (
  tables: Tables
): Part<"open" | "claim" | "find" | "ofPayments"> => ({
  open: (state, deadlineAt, opening = {}) => open(tables, state, deadlineAt, opening),
  claim: (sessionId, runner) => claim(tables, sessionId, runner),
  find: (sessionId) => Effect.sync(() => find(tables, sessionId)),
  ofPayments: (paymentIds) =>
    Effect.sync(() => {
      const oldestFirst = [...new Set(paymentIds)]
        .flatMap((id) => tables.chat_sessions.where("payment", id))
        .toSorted((a, b) => a.requested_at - b.requested_at || compare(a.id, b.id))
      return new Map(oldestFirst.map((row) => [row.payment_id, row.id]))
    })
})

const asked = (tables: Tables): Part<"pendingOfferSessionsOf" | "aheadOf" | "sentMessage"> => ({
  pendingOfferSessionsOf: (mitraId) =>
    Effect.sync(() =>
      tables.chat_request_notifications.where("pending", mitraId)
        .map((offer) => offer.session_id)
        .toSorted(compare)
    ),
  aheadOf: (request, now, limit) => Effect.sync(() => aheadOf(tables, request, now, limit)),
  sentMessage: (sessionId, senderId, clientMessageId) =>
    Effect.sync(() =>
      tables.messages.where("sender", `${sessionId}/${senderId}/${clientMessageId}`)[0] ?? null
    )
})

export const layer = Layer.effect(Sessions)(
  Effect.map(MemoryTables, (tables) => Sessions.of({ ...owning(tables), ...asked(tables) }))
)
