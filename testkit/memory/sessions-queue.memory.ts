// The queue in memory: who looks for a mitra, who is ahead of whom, when a place will be free, and
// who has met whom. Part of sessions.memory.ts.
import * as Effect from "effect/Effect"
import { openStatuses } from "../../src/domain/session/state.ts"
import type { Sessions } from "../../src/services/sessions/sessions.ts"
import type { ChatSessionRow, Tables } from "./store/tables.ts"

type Line = Pick<Sessions["Service"], "waiting" | "aheadOf" | "nthEnd" | "haveMet">

const compare = (a: string, b: string): number => a < b ? -1 : a > b ? 1 : 0

const isInLine = (row: ChatSessionRow, now: number): boolean =>
  openStatuses.includes(row.status) && row.kind === "blast" && row.search_ends_at > now

const oldestFirst = (
  a: Pick<ChatSessionRow, "id" | "requested_at">,
  b: Pick<ChatSessionRow, "id" | "requested_at">
): number => a.requested_at - b.requested_at || compare(a.id, b.id)

export const queue = (tables: Tables): Line => ({
  waiting: (now, limit) =>
    Effect.sync(() =>
      tables.chat_sessions.where("status", "searching")
        .filter((row) => isInLine(row, now))
        .toSorted(oldestFirst)
        .slice(0, limit)
        .map((row) => row.id)
    ),
  aheadOf: (request, now, limit) =>
    Effect.sync(() => {
      const older = openStatuses.flatMap((status) => tables.chat_sessions.where("status", status))
        .filter((row) => isInLine(row, now) && oldestFirst(row, request) < 0)
      return Math.min(limit, older.length)
    }),
  nthEnd: (nth) =>
    Effect.sync(() =>
      tables.chat_sessions.where("live", "yes")
        .flatMap((row) => row.ends_at === null ? [] : [row.ends_at])
        .toSorted((a, b) => a - b)[nth - 1] ?? null
    ),
  haveMet: (customerId, mitraId) =>
    Effect.sync(() =>
      tables.chat_sessions.where("customer", customerId).some((row) =>
        (row.ended_at !== null || row.status === "closing") &&
        tables.mitra_assignments.where("session", row.id).some((given) => given.mitra_id === mitraId)
      )
    )
})
