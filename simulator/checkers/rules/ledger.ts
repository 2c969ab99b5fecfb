// 5: every paid second is accounted for: each belongs to one state and one reason, no time costs twice, a
// pause costs nothing, and what a chat has cost in the end is what was paid for, to the millisecond.
import type { ChatSessionRow } from "../../../testkit/memory/store/tables.ts"
import { type MakeRule, Touched } from "../rule.ts"

/** Events carry the times of two servers' clocks, so their sums may differ from the ledger by this. */
const clockDifferenceMs = 4_500

/** Served and paused time as the events of the chat tell it. */
interface EventTimes {
  served_ms: number
  paused_ms: number
  since: { readonly state: "served" | "paused"; readonly at: number } | null
  changes: number
}

const next = {
  Paired: "served",
  ExtensionRequested: "paused",
  SessionResumed: "served",
  ClosingStarted: null
}

const addEvent = (times: EventTimes, tag: keyof typeof next, at: number) => {
  if (times.since !== null) {
    const length = Math.max(0, at - times.since.at)
    if (times.since.state === "served") times.served_ms += length
    else times.paused_ms += length
  }
  const state = next[tag] as "served" | "paused" | null
  times.since = state === null ? null : { state, at }
  times.changes += 1
}

type Ledger = ChatSessionRow["ledger"]

const sumOf = (ledger: Ledger, state: string): number =>
  ledger.entries.filter((entry) => entry.state === state).reduce((sum, { from, to }) => sum + to - from, 0)

/** What is wrong with the entries themselves; null when nothing is. */
const flawOf = ({ entries, open, purchased_ms }: Ledger): string | null => {
  let end: number | null = null
  let charged = 0
  for (const { charged_ms, from, reason, state, to } of entries) {
    if (reason === "") return "an entry has no reason"
    if (to < from) return `an entry runs backwards (${state}, ${reason})`
    if (end !== null && from !== end) {
      return `between ${end} and ${from} no entry, or two, account for the time`
    }
    if (state === "served" && charged_ms !== to - from) return `served ${to - from} ms, charged ${charged_ms}`
    if (state === "paused" && charged_ms !== 0) return `a pause was charged ${charged_ms} ms`
    charged += charged_ms
    end = to
  }
  if (open !== null && end !== null && open.from !== end) return "the running entry does not follow the last"
  return charged > purchased_ms ? `${charged} ms charged of ${purchased_ms} paid` : null
}

export const ledger: MakeRule = (context, complain) => {
  const { tables } = context
  const timesOfSession = new Map<string, EventTimes>()
  /** What was bought for a session, by its transactions. */
  const bought = new Map<string, number>()
  const touched = new Touched()

  const flawForStatus = (row: ChatSessionRow): string | null => {
    const { entries, open, purchased_ms } = row.ledger
    const charged = entries.reduce((sum, entry) => sum + entry.charged_ms, 0)
    switch (row.status) {
      case "active":
        if (row.absence?.paused_until !== undefined) {
          return open?.state === "paused" && row.ends_at === null
            ? null
            : "its mitra is gone but its clock runs"
        }
        if (open?.state !== "served") return "the chat is active but its clock does not run"
        return row.ends_at === open.from + purchased_ms - charged
          ? null
          : "the end is not where the ledger ends"
      case "extending":
        return open?.state === "paused" ? null : "the chat waits for an extension but its clock runs"
      case "closing":
      case "completed":
        if (open !== null) return "the chat is over but an entry still runs"
        return charged === purchased_ms ? null : `${charged} ms charged of ${purchased_ms} paid`
      default:
        return entries.length === 0 && open === null ? null : "time was counted before anybody was paired"
    }
  }

  const flawAgainstEvents = (row: ChatSessionRow): string | null => {
    const times = timesOfSession.get(row.id)
    if (times === undefined || (row.status !== "closing" && row.status !== "completed")) return null
    const tolerance = clockDifferenceMs * times.changes
    // No event with a number says that a chat stood without a mitra.
    const gone_ms = row.ledger.entries
      .filter(({ reason, state }) => state === "paused" && reason === "mitra_deactivated")
      .reduce((sum, { from, to }) => sum + to - from, 0)
    for (const state of ["served", "paused"] as const) {
      const byEvents = state === "served" ? times.served_ms - gone_ms : times.paused_ms + gone_ms
      const counted = sumOf(row.ledger, state)
      if (Math.abs(byEvents - counted) > tolerance) {
        return `${byEvents} ms ${state} by the events, ${counted} by the ledger`
      }
    }
    return null
  }

  const check = (session_id: string) => {
    const row = tables.chat_sessions.get(session_id)
    if (row === undefined) return
    const paid = bought.get(session_id)
    const flaw = flawOf(row.ledger) ?? flawForStatus(row) ?? flawAgainstEvents(row) ??
      (paid === undefined || paid === row.ledger.purchased_ms
        ? null
        : `paid for ${paid} ms, the ledger has ${row.ledger.purchased_ms}`)
    if (flaw !== null) complain(flaw, { session_id })
  }

  return {
    rows: {
      session_events: ({ after }) => {
        const event = after?.event
        if (after === undefined || event === undefined || !(event._tag in next)) return
        const times = timesOfSession.get(after.session_id) ??
          { served_ms: 0, paused_ms: 0, since: null, changes: 0 }
        timesOfSession.set(after.session_id, times)
        addEvent(times, event._tag as keyof typeof next, event.at)
        touched.add(after.session_id)
      },
      transactions: ({ after }) => {
        if (after === undefined) return
        const paid = (tables.payment_requests.get(after.payment_id)?.duration_seconds ?? 0) * 1000
        bought.set(after.session_id, (bought.get(after.session_id) ?? 0) + paid)
        touched.add(after.session_id)
      },
      chat_sessions: ({ after, before, key }) => {
        if (after?.ledger !== before?.ledger || after?.status !== before?.status) touched.add(key)
      }
    },
    statement: () => touched.drain(check),
    end: () => {
      for (const [session_id, { since }] of timesOfSession) {
        if (since !== null) complain(`the event log ends while time is still ${since.state}`, { session_id })
      }
    }
  }
}
