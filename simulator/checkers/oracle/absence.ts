// Absence: when a running chat counts as one whose mitra is gone: at once when she was deactivated, and
// otherwise when she has been offline with no app open for as long as staff want; neither earlier nor a sweep
// later; and no more once she is there again.
import type { ChatSessionRow } from "../../../testkit/memory/store/tables.ts"
import type { MakeRule } from "../rule.ts"
import { Numbers } from "./numbers.ts"

const recoversMs = 60_000
const clocksTrueMs = 60_000
/** The sweep's cadence, and the turn. */
const sweptWithinMs = 30_000 + 6_000
/** Her own actor tells her chats at once. */
const toldWithinMs = 4_000
const checkEveryMs = 2_000
/** A socket that leads nowhere is noticed after 45 to 50 seconds, and an open one is believed so long. */
const unnoticedMs = 75_000
const running = new Set(["active", "extending"])

interface Ending {
  readonly row: ChatSessionRow
  readonly isOwed: boolean
}

export const absence: MakeRule = (context, complain) => {
  const { tables } = context
  const numbers = new Numbers(context)
  const chats = new Map<string, ChatSessionRow>()
  /** Chats whose paid time the present statement ended. */
  const owing = new Map<string, Ending>()
  /** Since when each mitra is deactivated, or else offline; missing while she is neither. */
  const deactivatedSince = new Map<string, number>()
  const offlineSince = new Map<string, number>()
  const onlineSince = new Map<string, number>()
  let logged = 0
  let checkedAt = 0

  const about = (row: ChatSessionRow) => {
    const phone = context.phoneOf(row.mitra_id ?? "")
    return { session_id: row.id, people: phone === undefined ? [] : [phone.name] }
  }

  const scanLog = () => {
    for (; logged < tables.mitra_online_logs.length; logged += 1) {
      const { is_online, mitra_id } = tables.mitra_online_logs[logged]!
      const [is, was] = is_online ? [onlineSince, offlineSince] : [offlineSince, onlineSince]
      was.delete(mitra_id)
      is.set(mitra_id, context.now_ms())
    }
  }

  const wentAway = (row: ChatSessionRow) => {
    scanLog()
    const mitra_id = row.mitra_id ?? ""
    if (row.absence?.cause !== "mitra_offline" || context.clocksTrueFor_ms() < clocksTrueMs) return
    const since = offlineSince.get(mitra_id) ?? null
    const least = numbers.smallest("reroute_propose_after_seconds") * 1000
    const now = context.now_ms()
    if (since === null) return complain("a mitra is called gone who is online", about(row))
    if (now - since < least) complain(`a mitra is called gone ${now - since} ms after she left`, about(row))
    const phone = context.phoneOf(mitra_id)
    if (phone === undefined || context.owedFor_ms(phone) < 10_000) return
    complain("a mitra is called gone whose app is open", about(row))
  }

  const mustBeGone = (row: ChatSessionRow): string | null => {
    const mitra_id = row.mitra_id ?? ""
    const now = context.now_ms()
    const steady = context.steadyFor_ms() - recoversMs
    const hers = Math.max(
      row.started_at ?? 0,
      tables.mitra_assignments.where("session", row.id)
        .findLast(({ ended_at }) => ended_at === null)?.started_at ?? 0
    )
    const out = deactivatedSince.get(mitra_id)
    const outFor = out === undefined ? 0 : now - Math.max(out, hers)
    if (outFor > toldWithinMs && steady > outFor) return `was put out ${outFor} ms ago`
    const since = offlineSince.get(mitra_id)
    const phone = context.phoneOf(mitra_id)
    if (since === undefined || phone === undefined) return null
    const away = Math.min(now - Math.max(since, hers), context.awayFor_ms(phone) - unnoticedMs)
    const most = numbers.largest("reroute_propose_after_seconds") * 1000 + sweptWithinMs
    return away > most && steady > away + unnoticedMs ? `is offline and away for ${away} ms` : null
  }

  /** Her own actor tells her chats at once that she is back online. */
  const mustBeBack = (row: ChatSessionRow) => {
    const mitra_id = row.mitra_id ?? ""
    const now = context.now_ms()
    const backFor = Math.min(
      now - (onlineSince.get(mitra_id) ?? now),
      now - (row.absence?.since ?? now),
      context.steadyFor_ms() - recoversMs
    )
    if (backFor < toldWithinMs || tables.mitras.get(mitra_id)?.is_active !== true) return
    chats.delete(row.id)
    complain(`a mitra is back for ${backFor} ms, and her chat goes on without her`, about(row))
  }

  /** Time that nobody could serve is given back, and no other: staff see it with the end of the chat. */
  const ended = (before: ChatSessionRow, after: ChatSessionRow) => {
    const { absence: gone } = before
    const isTaken = gone?.cause === "mitra_deactivated" || gone?.paused_until !== undefined
    const isLeft = after.ledger.entries.some(({ charged_ms, state }) =>
      state === "forfeited" && charged_ms > 0
    )
    owing.set(after.id, { row: after, isOwed: isTaken && isLeft })
  }

  const checkOwed = ({ isOwed, row }: Ending) => {
    const isNoted = tables.payment_requests.get(row.payment_id)?.failure_cause === "mitra_gone"
    if (isNoted === isOwed) return
    complain(
      isOwed ? "nobody gives back what could not be served" : "time is given back that was served or left",
      {
        ...about(row)
      }
    )
  }

  const check = () => {
    const now = context.now_ms()
    if (now - checkedAt < checkEveryMs) return
    checkedAt = now
    for (const [id, row] of chats) {
      if (row.absence !== null) {
        mustBeBack(row)
        continue
      }
      const why = mustBeGone(row)
      if (why === null) continue
      chats.delete(id)
      complain(`a chat goes on as if its mitra were there, who ${why}`, about(row))
    }
  }

  return {
    rows: {
      settings: numbers.changed,
      mitras: ({ after, before, key }) => {
        if (after?.is_active === false && before?.is_active !== false) {
          deactivatedSince.set(key, context.now_ms())
        } else if (after?.is_active === true) deactivatedSince.delete(key)
      },
      chat_sessions: ({ after, before, key }) => {
        if (after !== undefined && before !== undefined && running.has(before.status)) {
          if (!running.has(after.status)) ended(before, after)
        }
        if (after === undefined || !running.has(after.status)) return void chats.delete(key)
        chats.set(key, after)
        // Once gone she stays so until she is seen again, whatever else becomes of her account.
        if (after.absence !== null && before?.absence == null) wentAway(after)
      }
    },
    statement: () => {
      scanLog()
      for (const ending of owing.values()) checkOwed(ending)
      owing.clear()
    },
    onInterval: check
  }
}
