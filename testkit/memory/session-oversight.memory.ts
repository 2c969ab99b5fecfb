// SessionOversight in memory: what staff and the sweeps must find among all sessions of the shared in-memory
// store: those whose time has come, those who wait, those whose mitra is gone.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SessionOversight, type TopicChange } from "../../src/services/sessions/session-oversight.ts"
import { proposals } from "./proposals.memory.ts"
import { past } from "./sessions-past.memory.ts"
import { waiting } from "./sessions-queue.memory.ts"
import { type ChatSessionRow, MemoryTables, type MitraSlotRow, type Tables } from "./store/tables.ts"

type Part<Key extends keyof SessionOversight["Service"]> = Pick<SessionOversight["Service"], Key>

const compare = (a: string, b: string): number => a < b ? -1 : a > b ? 1 : 0

const isWithoutMitra = (
  tables: Tables,
  { mitra_id }: MitraSlotRow,
  row: ChatSessionRow,
  before: number
): boolean => {
  if (row.absence !== null || tables.mitras.get(mitra_id)?.is_active !== true) return true
  if (tables.mitra_status.get(mitra_id)?.is_online === true) return false
  const last = tables.mitra_online_logs.findLast((entry) => entry.mitra_id === mitra_id)
  return (last?.at ?? row.started_at ?? before) <= before
}

const alive = (tables: Tables): Part<"due" | "waiting" | "counts"> => ({
  due: (horizon, limit) =>
    Effect.sync(() =>
      tables.chat_sessions.where("live", "yes")
        .filter((row) => row.deadline_at !== null && row.deadline_at <= horizon)
        .toSorted((a, b) => (a.deadline_at ?? 0) - (b.deadline_at ?? 0) || compare(a.id, b.id))
        .slice(0, limit)
        .map((row) => row.id)
    ),
  waiting: (now, limit) => Effect.sync(() => waiting(tables, now, limit)),
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

const inTrouble = (tables: Tables): Part<"stuck" | "withoutMitra"> => ({
  stuck: (dueBefore, limit) =>
    Effect.sync(() =>
      [...tables.chat_sessions.values()]
        .flatMap(({ customer_id, deadline_at, id, mitra_id, owner_epoch, owner_runner, status }) =>
          deadline_at === null || deadline_at >= dueBefore
            ? []
            : [{ id, status, customer_id, mitra_id, deadline_at, owner_runner, owner_epoch }]
        )
        .toSorted((a, b) => a.deadline_at - b.deadline_at || compare(a.id, b.id))
        .slice(0, limit)
    ),
  withoutMitra: (offlineBefore, limit) =>
    Effect.sync(() =>
      [...tables.mitra_slots.values()]
        .flatMap((held) => {
          const row = tables.chat_sessions.get(held.session_id)
          return row !== undefined && isWithoutMitra(tables, held, row, offlineBefore) ? [row] : []
        })
        .toSorted((a, b) => Number(a.absence !== null) - Number(b.absence !== null) || compare(a.id, b.id))
        .slice(0, limit)
        .map((row) => row.id)
    )
})

const details = (tables: Tables): Part<"topicChanges" | "firstReplyAt" | "ownerOf" | "past"> => ({
  topicChanges: (sessionId, limit) =>
    Effect.sync(() =>
      [...tables.session_events.values()]
        .flatMap(({ event, seq, session_id }): ReadonlyArray<TopicChange> =>
          session_id === sessionId && event._tag === "TopicChanged"
            ? [{ seq, at: event.at, topic: event.topic, by: event.by }]
            : []
        )
        .toSorted((a, b) => a.seq - b.seq)
        .slice(0, limit)
    ),
  firstReplyAt: (sessionId) =>
    Effect.sync(() =>
      [...tables.messages.values()]
        .filter(({ session_id, side }) => session_id === sessionId && side === "mitra")
        .toSorted((a, b) => a.seq - b.seq)[0]?.sent_at ?? null
    ),
  ownerOf: (sessionId) =>
    Effect.sync(() => {
      const row = tables.chat_sessions.get(sessionId)
      return row === undefined ? null : { runner: row.owner_runner, epoch: row.owner_epoch }
    }),
  past: (options) => Effect.sync(() => past(tables, options))
})

const offerTimes = (tables: Tables): Part<"noteOffer" | "offerTimes"> => ({
  noteOffer: ({ at, mitra_id, session_id, what }) =>
    Effect.sync(() => {
      const key = `${session_id}/${mitra_id}`
      if (!tables.chat_request_notifications.has(key)) return false
      const before = tables.offer_times.get(key) ??
        { session_id, mitra_id, seen_at: null, late_accept_at: null }
      tables.offer_times.set(key, { ...before, [what]: before[what] ?? at })
      return true
    }),
  offerTimes: (sessionId) =>
    Effect.sync(() =>
      tables.offer_times.where("session", sessionId)
        .map(({ late_accept_at, mitra_id, seen_at }) => ({ mitra_id, seen_at, late_accept_at }))
        .toSorted((a, b) => compare(a.mitra_id, b.mitra_id))
    )
})

export const layer = Layer.effect(SessionOversight)(
  Effect.map(MemoryTables, (tables) =>
    SessionOversight.of({
      ...alive(tables),
      ...inTrouble(tables),
      ...details(tables),
      ...proposals(tables),
      ...offerTimes(tables)
    }))
)
