// 6: every session reaches a terminal state: it only moves forwards, what is due happens soon, and after
// healing all are over and every phone is back.
import { EventuallyBound } from "../eventually-bound.ts"
import type { MakeRule } from "../rule.ts"

/** A session may skip steps, and never goes back. An extension is a running chat. */
const steps = new Map([
  ["searching", 0],
  ["pending_acceptance", 1],
  ["active", 2],
  ["extending", 2],
  ["closing", 3],
  ["completed", 4],
  ["cancelled", 4],
  ["expired", 4]
])
const over = 4
const dueWithinMs = 15_000
/** A token runs out at any moment, also in the last one. */
const comesBackWithinMs = 60_000
/** A reactivated mitra finds out when her app next tries to sign in. */
const signsInAgainWithinMs = 90_000

const mayFollow = (before: string, after: string): boolean => {
  const [from, to] = [steps.get(before) ?? 0, steps.get(after) ?? 0]
  if (before === after) return true
  if (after === "cancelled" || after === "expired") return from < 2
  return from < over && (from < to || (from === 2 && to === 2))
}

export const ending: MakeRule = (context, complain) => {
  const due = new EventuallyBound(context, dueWithinMs)
  const open = new Map<string, number>()
  const letInAt = new Map<string, number>()
  const reported = new Set<string>()
  let collectedAt = 0

  /** A deadline that has come becomes an expectation; open sessions are scanned every few seconds. */
  const collect = () => {
    const now = context.now_ms()
    if (now - collectedAt < 5_000) return
    collectedAt = now
    for (const [session_id, deadline] of open) {
      if (deadline > now || reported.has(session_id)) continue
      due.expect(
        session_id,
        () => open.get(session_id) !== deadline,
        () => {
          reported.add(session_id)
          const status = context.tables.chat_sessions.get(session_id)?.status ?? "gone"
          complain(`what was due ${context.now_ms() - deadline} ms ago has not happened: still ${status}`, {
            session_id
          })
        },
        deadline
      )
    }
  }

  return {
    rows: {
      chat_sessions: ({ after, before, key: session_id }) => {
        if (after === undefined) return complain("a session was removed", { session_id })
        if (before !== undefined && !mayFollow(before.status, after.status)) {
          complain(`a session that was ${before.status} is ${after.status}`, { session_id })
        }
        const isOver = steps.get(after.status) === over
        if (isOver !== (after.ended_at !== null)) {
          complain("over without an end, or ended without being over", { session_id })
        }
        if (isOver) open.delete(session_id)
        else if (after.deadline_at === null) {
          complain("a session that is not over has no deadline", { session_id })
        } else open.set(session_id, after.deadline_at)
      },
      mitras: ({ after, before, key }) => {
        if (after?.is_active === true && before?.is_active === false) letInAt.set(key, context.now_ms())
      }
    },
    onInterval: () => {
      collect()
      due.check()
    },
    end: () => {
      for (const session_id of open.keys()) {
        const status = context.tables.chat_sessions.get(session_id)?.status ?? "gone"
        complain(`after healing a session is still ${status}`, { session_id })
      }
      for (const phone of context.phones()) {
        // A deactivated mitra may not connect.
        const isOut = context.tables.mitras.get(phone.id ?? "")?.is_active === false
        if (phone.process.state !== "running" || phone.id === null || isOut) continue
        if (context.awayFor_ms(phone) < comesBackWithinMs) continue
        if (context.now_ms() - (letInAt.get(phone.id) ?? -Infinity) < signsInAgainWithinMs) continue
        complain(`after healing ${phone.name} is not connected`, { people: [phone.name] })
      }
    }
  }
}
