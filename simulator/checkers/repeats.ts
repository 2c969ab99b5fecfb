// A command whose answer was lost may be repeated and has its effect once: the repeat is never refused for
// what the command itself has done.
import { type MakeRule, type Phone, refusalOf } from "./rule.ts"
import type { Answer } from "../clients/connection.ts"

const tags = ["chat.end", "chat.goodbye", "mitra.answer_extension"]

const keyOf = (phone: Phone, tag: string, { extension_seq, session_id }: Answer): string =>
  `${phone.name}/${tag}/${session_id}/${extension_seq ?? ""}`

type Side = "customer" | "mitra"

export const repeats: MakeRule = (context, complain) => {
  const { tables } = context
  /** By what was asked for: the ids of the commands that asked. */
  const attempts = new Map<string, Set<string>>()

  /** Whether the rows say that this very command was carried out. */
  const isDone = (tag: string, payload: Answer, phone: Phone, side: Side): boolean => {
    const { extension_seq, session_id, text } = payload
    const row = tables.chat_sessions.get(session_id)
    if (row === undefined) return false
    // What another mitra did before or after her is not her doing.
    const until = tag === "mitra.answer_extension" ? extension_seq : row.last_seq
    if (side === "mitra" && (mitraAt(session_id, until) ?? row.mitra_id) !== phone.id) return false
    switch (tag) {
      case "chat.end":
        return row.end_reason === `ended_by_${side}`
      case "chat.goodbye":
        return (side === "customer" ? row.customer_goodbye : row.mitra_goodbye) === String(text).trim()
      case "mitra.answer_extension": {
        // Somebody may answer what was never asked.
        if (eventAt(session_id, extension_seq)?._tag !== "ExtensionRequested") return false
        const next = followerOf(session_id, extension_seq, row.last_seq)
        return next?._tag === "SessionResumed" ?
          next.by === "mitra" && payload["approve"] === true
          : next?._tag === "ClosingStarted" && next.reason === "extension_rejected" &&
            payload["approve"] === false
      }
      default:
        return false
    }
  }

  const eventAt = (session_id: string, seq: number) =>
    tables.session_events.get(`${session_id}/${seq}`)?.event

  /** The mitra who had the chat at this number, by its events. */
  const mitraAt = (session_id: string, seq: number): string | null => {
    for (let each = seq; each > 0; each -= 1) {
      const event = eventAt(session_id, each)
      if (event?._tag === "Paired" || event?._tag === "Rerouted") return event.mitra_id
    }
    return null
  }

  /** What decided the extension that was asked for at `seq`. */
  const followerOf = (session_id: string, seq: number, last: number) => {
    for (let each = seq + 1; each <= last; each += 1) {
      const event = eventAt(session_id, each)
      if (event?._tag === "SessionResumed" || event?._tag === "ClosingStarted") return event
    }
    return undefined
  }

  return {
    sent: (phone, tag, payload) => {
      if (!tags.includes(tag)) return
      const key = keyOf(phone, tag, payload)
      attempts.set(key, (attempts.get(key) ?? new Set()).add(payload["command_id"]))
    },
    called: (phone, tag, payload, outcome) => {
      const code = refusalOf(outcome)
      if (code === null || phone.role === "staff" || !isDone(tag, payload, phone, phone.role)) return
      // An app that forgot its command and sends a new one is rightly told that it is already done.
      if ((attempts.get(keyOf(phone, tag, payload))?.size ?? 0) > 1) return
      complain(`${phone.name} was told ${code} for a ${tag} that was carried out`, {
        session_id: payload["session_id"],
        people: [phone.name]
      })
    }
  }
}
