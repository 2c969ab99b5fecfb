// What staff and the sweeps must find among the sessions in memory: those that nobody woke, those whose mitra
// is gone, and who changed a topic. Part of sessions.memory.ts.
import * as Effect from "effect/Effect"
import type { Sessions, TopicChange } from "../../src/services/sessions/sessions.ts"
import type { ChatSessionRow, MitraSlotRow, Tables } from "./store/tables.ts"

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

export const oversight = (
  tables: Tables
): Pick<Sessions["Service"], "stuck" | "withoutMitra" | "topicChanges"> => ({
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
    ),
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
    )
})
