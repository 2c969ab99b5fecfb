// Silence: a mitra whose pings stopped goes offline, and none goes offline a millisecond before her last
// ping is as old as staff allow.
import { answerOf, type MakeRule, type Phone } from "../rule.ts"
import { Numbers } from "./numbers.ts"

/** The sweep's cadence, the turn, and the last frame's way. */
const sweptWithinMs = 30_000 + 5_000
const checkEveryMs = 5_000

export const silence: MakeRule = (context, complain) => {
  const { tables } = context
  const numbers = new Numbers(context)
  /** By mitra: when her phone last sent a sign, and when it sent the newest one that was answered. */
  const sentAt = new Map<string, number>()
  const heardAt = new Map<string, number>()
  const onlineSince = new Map<string, number>()
  /** What was sent and not answered yet, by phone. */
  const pending = new Map<Phone, number>()
  let logged = tables.mitra_online_logs.length
  let checkedAt = 0

  const isSign = (tag: string) => tag === "mitra.heartbeat" || tag === "mitra.go_online"

  const scanLog = () => {
    for (; logged < tables.mitra_online_logs.length; logged += 1) {
      const entry = tables.mitra_online_logs[logged]
      if (entry === undefined) continue
      if (entry.is_online) onlineSince.set(entry.mitra_id, context.now_ms())
      else onlineSince.delete(entry.mitra_id)
      if (entry.cause !== "stale_heartbeat") continue
      if (numbers.surely("mitra_ping_required", false)) {
        complain("a mitra was called silent although no pings are required", peopleOf(entry.mitra_id))
      }
      const ago = entry.at - (heardAt.get(entry.mitra_id) ?? 0)
      const isExact = context.clocksTrueFor_ms() > 120_000
      if (isExact && ago < numbers.smallest("mitra_stale_after_seconds") * 1000) {
        complain(`a mitra was called silent ${ago} ms after her last ping`, peopleOf(entry.mitra_id))
      }
    }
  }

  const peopleOf = (mitra_id: string) => {
    const phone = context.phoneOf(mitra_id)
    return { people: phone === undefined ? [] : [phone.name] }
  }

  const checkSilent = () => {
    const now = context.now_ms()
    if (now - checkedAt < checkEveryMs) return
    checkedAt = now
    if (!numbers.surely("mitra_ping_required", true)) return
    // One whom a push can reach may have put her app into the background.
    const graceMs = numbers.largest("mitra_background_grace_seconds") * 1000
    const silentMs = numbers.largest("mitra_stale_after_seconds") * 1000 + graceMs + sweptWithinMs
    // A server listens for a while before it calls anybody silent.
    if (context.steadyFor_ms() < 2 * silentMs || context.clocksTrueFor_ms() < 2 * silentMs) return
    for (const [mitra_id, since] of onlineSince) {
      const silentFor = now - Math.max(since, sentAt.get(mitra_id) ?? 0)
      if (silentFor < silentMs) continue
      onlineSince.delete(mitra_id)
      complain(`a mitra was silent for ${silentFor} ms and is still online`, peopleOf(mitra_id))
    }
  }

  return {
    rows: { settings: numbers.changed },
    statement: scanLog,
    sent: (phone, tag) => {
      if (phone.id === null || phone.role !== "mitra" || !isSign(tag)) return
      sentAt.set(phone.id, context.now_ms())
      pending.set(phone, context.now_ms())
    },
    called: (phone, tag, _payload, outcome) => {
      if (tag !== "mitra.heartbeat" && tag !== "mitra.go_online") return
      const sent = pending.get(phone)
      if (sent === undefined || phone.id === null || answerOf(outcome)?.["is_online"] !== true) return
      heardAt.set(phone.id, sent)
    },
    onInterval: () => {
      scanLog()
      checkSilent()
    }
  }
}
