// Missed: who is paused for offers that ran out did let so many run out since she came online, one after the
// other, answering none in between.
import type { MakeRule } from "../rule.ts"
import { Numbers } from "./numbers.ts"

/** What was counted for a pause may be so old when it is written. */
const readAgoMs = 1_500

export const missed: MakeRule = (context, complain) => {
  const { tables } = context
  const numbers = new Numbers(context)
  const cameAt = new Map<string, number>()
  let logged = tables.mitra_online_logs.length

  /** From the newest back to her last answer, of those that she was made since she came. */
  const inARow = (mitra_id: string, since: number): number => {
    const hers = tables.chat_request_notifications.where("mitra", mitra_id)
      .filter(({ sent_at, status }) => sent_at >= since && status !== "pending")
      .filter(({ responded_at }) => context.now_ms() - (responded_at ?? 0) > readAgoMs)
      .toSorted((a, b) => b.sent_at - a.sent_at)
    const answered = hers.findIndex(({ status }) => status === "accepted" || status === "declined")
    return hers.slice(0, answered < 0 ? hers.length : answered).filter(({ ending }) => ending === "expired")
      .length
  }

  const paused = (mitra_id: string) => {
    const least = numbers.smallest("mitra_missed_offers_pause")
    const count = inARow(mitra_id, cameAt.get(mitra_id) ?? 0)
    const phone = context.phoneOf(mitra_id)
    if (count >= Math.max(1, least) || context.clocksTrueFor_ms() < 600_000) return
    complain(`a mitra was paused who missed ${count} offers of ${least} since she came`, {
      people: phone === undefined ? [] : [phone.name]
    })
  }

  return {
    rows: { settings: numbers.changed },
    statement: () => {
      for (; logged < tables.mitra_online_logs.length; logged += 1) {
        const { at, cause, is_online, mitra_id } = tables.mitra_online_logs[logged]!
        if (is_online) cameAt.set(mitra_id, at)
        else if (cause === "missed_offers") paused(mitra_id)
      }
    }
  }
}
