// 9: no mitra is taken offline by a failure of ours: only a mitra whose heartbeats stopped is called silent,
// whatever happened to Valkey, Postgres or a runner meanwhile.
import { SettingInForce } from "../settings-in-force.ts"
import { answerOf, type MakeRule } from "../rule.ts"

/** An answer may have been on its way for so long, and two servers' clocks differ. */
const toleranceMs = 20_000

export const stayingOnline: MakeRule = (context, complain) => {
  const stale = new SettingInForce(context, "mitra_stale_after_seconds")
  /** By mitra: when the server last told her that it has heard her. */
  const heardAt = new Map<string, number>()
  const { mitra_online_logs: log } = context.tables
  let seen = log.length

  const scanLog = () => {
    for (; seen < log.length; seen += 1) {
      const entry = log[seen]
      if (entry === undefined || entry.is_online || entry.cause !== "stale_heartbeat") continue
      const last = heardAt.get(entry.mitra_id)
      const ago = last === undefined ? Number.POSITIVE_INFINITY : context.now_ms() - last
      if (ago >= stale.smallest * 1000 - toleranceMs) continue
      const phone = context.phoneOf(entry.mitra_id)
      complain(
        `${phone?.name ?? entry.mitra_id} was called silent ${ago} ms after her ping was acknowledged`,
        {
          people: phone === undefined ? [] : [phone.name]
        }
      )
    }
  }

  return {
    rows: { settings: stale.changed },
    statement: scanLog,
    onInterval: scanLog,
    called: (phone, tag, _payload, outcome) => {
      if (tag !== "mitra.heartbeat" && tag !== "mitra.go_online") return
      const answer = answerOf(outcome)
      if (answer?.["is_online"] !== true || phone.id === null) return
      // When it was said, not when a phone that slept meanwhile came to read it.
      heardAt.set(phone.id, Math.min(context.now_ms(), Date.parse(answer["server_now"]) || context.now_ms()))
    }
  }
}
