// The queue in memory: which requests look for a mitra, and which are ahead of one of them. Part of
// sessions.memory.ts and session-oversight.memory.ts.
import type { Older } from "../../src/domain/matching.ts"
import { openStatuses } from "../../src/domain/session/state.ts"
import type { ChatSessionRow, Tables } from "./store/tables.ts"

const compare = (a: string, b: string): number => a < b ? -1 : a > b ? 1 : 0

const isInLine = (row: ChatSessionRow, now: number): boolean =>
  openStatuses.includes(row.status) && row.kind === "blast" && row.search_ends_at > now

const oldestFirst = (
  a: Pick<ChatSessionRow, "id" | "requested_at">,
  b: Pick<ChatSessionRow, "id" | "requested_at">
): number => a.requested_at - b.requested_at || compare(a.id, b.id)

export const waiting = (tables: Tables, now: number, limit: number): ReadonlyArray<string> =>
  tables.chat_sessions.where("status", "searching")
    .filter((row) => isInLine(row, now))
    .toSorted(oldestFirst)
    .slice(0, limit)
    .map((row) => row.id)

export const aheadOf = (
  tables: Tables,
  request: Pick<ChatSessionRow, "id" | "requested_at">,
  now: number,
  limit: number
): ReadonlyArray<Older> => {
  const older = openStatuses.flatMap((status) => tables.chat_sessions.where("status", status))
    .filter((row) => isInLine(row, now) && oldestFirst(row, request) < 0)
    .toSorted(oldestFirst)
    .slice(0, limit)
  const wants = Map.groupBy(older, ({ language, topic }) => `${topic} ${language ?? ""}`)
  return [...wants.entries()].toSorted(([a], [b]) => compare(a, b)).flatMap(([, [first, ...rest]]) =>
    first === undefined
      ? []
      : [{ topic: first.topic, language: first.language, requests: 1 + rest.length }]
  )
}
