// An extension is approved by the clock only for a mitra who can be reached: she is connected, or her app
// gave a sign of life lately.
import { SettingInForce } from "./settings-in-force.ts"
import { answerOf, type MakeRule, type Phone } from "./rule.ts"

/** A server notices a lost connection only after a while. */
const unnoticedMs = 60_000

export const reachability: MakeRule = (context, complain) => {
  const { tables } = context
  const stale = new SettingInForce(context, "mitra_stale_after_seconds")
  const lastSign = new Map<Phone, number>()
  const sign = (phone: Phone) => void lastSign.set(phone, context.now_ms())
  return {
    rows: {
      settings: stale.changed,
      session_events: ({ after }) => {
        const event = after?.event
        if (after === undefined || event?._tag !== "SessionResumed" || event.by !== "clock") return
        const { session_id } = after
        const mitra = context.phoneOf(tables.chat_sessions.get(session_id)?.mitra_id ?? "")
        if (mitra === undefined || mitra.isConnected) return
        const away = event.at - (lastSign.get(mitra) ?? 0)
        if (away < stale.largest * 1000 + unnoticedMs) return
        complain(`an extension was approved by the clock; ${mitra.name} was away for ${away} ms`, {
          session_id,
          people: [mitra.name]
        })
      }
    },
    heard: sign,
    called: (phone, _tag, _payload, outcome) => {
      if (answerOf(outcome) !== null) sign(phone)
    }
  }
}
