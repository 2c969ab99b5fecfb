// Pages of past sessions in memory, both ways, of one person and of all. Part of
// session-views.memory.ts and session-oversight.memory.ts.
import type { SessionState, Side } from "../../src/domain/session/state.ts"
import type { PastPage } from "../../src/services/sessions/session-views.ts"
import { stateOf } from "./store/session-states.ts"
import type { ChatSessionRow, Tables } from "./store/tables.ts"
import { cursorOf } from "../../src/domain/page-cursor.ts"

const compare = (a: string, b: string): number => a < b ? -1 : a > b ? 1 : 0

interface Ended {
  readonly id: string
  /** For this person. */
  readonly ended_at: number
}

const endedOf = (rows: Iterable<ChatSessionRow>) =>
  [...rows].flatMap((row): ReadonlyArray<Ended> =>
    row.ended_at !== null ? [{ id: row.id, ended_at: row.ended_at }] : []
  )

/** Of a mitra who had the same chat twice only the last time counts. */
const handedOverOrEnded = (tables: Tables, mitraId: string): ReadonlyArray<Ended> => {
  const last = new Map(
    tables.mitra_assignments.where("mitra", mitraId)
      .toSorted((a, b) => a.position - b.position)
      .map((row) => [row.session_id, row.ended_at])
  )
  return [...last].flatMap(([id, ended_at]) => ended_at === null ? [] : [{ id, ended_at }])
}

const oldestFirst = (a: Ended, b: Ended): number => a.ended_at - b.ended_at || compare(a.id, b.id)

/** Rows strictly beyond the cursor, newest first. */
const page = (
  tables: Tables,
  ended: ReadonlyArray<Ended>,
  { after = null, before, limit }: PastPage
): ReadonlyArray<SessionState> => {
  const text = after ?? before
  const given = text === null ? null : cursorOf(text)
  if (text !== null && given === null) return []
  const cursor = given === null ? null : { id: given.id, ended_at: given.at }
  const beyond = ended.toSorted(oldestFirst).filter((one) => {
    if (cursor === null) return true
    return after === null ? oldestFirst(one, cursor) < 0 : oldestFirst(one, cursor) > 0
  })
  const chosen = after === null ? beyond.toReversed().slice(0, limit) : beyond.slice(0, limit).toReversed()
  return chosen.flatMap(({ id }) => {
    const row = tables.chat_sessions.get(id)
    return row === undefined ? [] : [stateOf(tables, row, { offers: false })]
  })
}

export const pastOf = (
  tables: Tables,
  side: Side,
  userId: string,
  options: PastPage
): ReadonlyArray<SessionState> => {
  const ended = side === "mitra"
    ? handedOverOrEnded(tables, userId)
    : endedOf(tables.chat_sessions.where("customer", userId))
  return page(tables, ended, options)
}

export const past = (tables: Tables, options: PastPage): ReadonlyArray<SessionState> =>
  page(tables, endedOf(tables.chat_sessions.values()), options)
