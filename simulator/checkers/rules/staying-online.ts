// 9: no mitra is taken offline by a failure of ours: only a mitra whose heartbeats stopped is called silent,
// whatever happened to Valkey, Postgres or a runner meanwhile; later, if a push can reach her. And whom staff
// hold offline, or drain, does not come back or get an offer before her time.
import { SettingInForce } from "../settings-in-force.ts"
import { answerOf, type MakeRule } from "../rule.ts"

/** An answer may have been on its way for so long, and two servers' clocks differ. */
const toleranceMs = 20_000
const clocksDifferMs = 2_000

export const stayingOnline: MakeRule = (context, complain) => {
  const stale = new SettingInForce(context, "mitra_stale_after_seconds")
  const grace = new SettingInForce(context, "mitra_background_grace_seconds")
  /** By mitra: when the server last told her that it has heard her. */
  const heardAt = new Map<string, number>()
  const { mitra_online_logs: log } = context.tables
  let seen = log.length

  /** Registered long enough ago that every runner, and the mirror, knows of it. */
  const hasHadDevice = (mitra_id: string): boolean =>
    context.tables.devices.where("person", `mitra:${mitra_id}`).some(({ auth_session_id, registered_at }) =>
      context.now_ms() - registered_at > toleranceMs &&
      !context.tables.auth_sessions.where("family", auth_session_id).some((row) => row.revoked_at !== null)
    )

  const scanLog = () => {
    for (; seen < log.length; seen += 1) {
      const entry = log[seen]
      if (entry === undefined || entry.is_online || entry.cause !== "stale_heartbeat") continue
      const last = heardAt.get(entry.mitra_id)
      const ago = last === undefined ? Number.POSITIVE_INFINITY : context.now_ms() - last
      const extra = hasHadDevice(entry.mitra_id) ? grace.smallest : 0
      if (ago >= (stale.smallest + extra) * 1000 - toleranceMs) continue
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
    rows: {
      settings: (change) => {
        stale.changed(change)
        grace.changed(change)
      },
      mitra_status: ({ after, before, key }) => {
        const { hold } = before ?? {}
        if (after === undefined || before?.is_online !== false || !after.is_online || !hold) return
        const left = (hold.until ?? Number.POSITIVE_INFINITY) - context.now_ms()
        if (left > clocksDifferMs) {
          const phone = context.phoneOf(key)
          complain(`${phone?.name ?? key} is online ${left} ms before her hold is over`, {
            people: phone === undefined ? [] : [phone.name]
          })
        }
      }
    },
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
