// 1: never two winners of one request: neither in the rows nor in what any phone was told.
import { answerOf, type MakeRule, type Phone } from "../rule.ts"

export const oneWinner: MakeRule = (context, complain) => {
  /** By session: whose offer the rows call accepted, and who was announced as the winner. */
  const accepted = new Map<string, string>()
  const announced = new Map<string, string>()

  /** A mitra who took the chat over later receives its earlier events, too. */
  const hasServed = (session_id: string, mitraId: string | null): boolean => {
    for (let position = 0;; position += 1) {
      const assignment = context.tables.mitra_assignments.get(`${session_id}/${position}`)
      if (assignment === undefined) return false
      if (assignment.mitra_id === mitraId) return true
    }
  }

  const announce = (phone: Phone, session_id: string, mitraId: string) => {
    const before = announced.get(session_id)
    announced.set(session_id, before ?? mitraId)
    if (before !== undefined && before !== mitraId) {
      complain(`${phone.name} was told of another winner than somebody else`, {
        session_id,
        people: [phone.name]
      })
    }
    const isHers = mitraId === phone.id || hasServed(session_id, phone.id)
    if (phone.role === "mitra" && !isHers) {
      complain(`${phone.name} was told that she is paired, but another won`, {
        session_id,
        people: [phone.name]
      })
    }
  }

  return {
    rows: {
      chat_request_notifications: ({ after, before }) => {
        const isWinner = after?.status === "accepted"
        if (before?.status === "accepted" && !isWinner) {
          complain("an accepted offer is not accepted any more", { session_id: before.session_id })
        }
        if (after === undefined || !isWinner) return
        const { mitra_id, session_id } = after
        const winner = accepted.get(session_id) ?? mitra_id
        accepted.set(session_id, winner)
        if (winner !== mitra_id) complain("one request has two accepted offers", { session_id })
      },
      chat_sessions: ({ after, before }) => {
        if (after === undefined || after.mitra_id === null || before?.mitra_id != null) return
        if (
          context.tables.chat_request_notifications.get(`${after.id}/${after.mitra_id}`)?.status ===
            "accepted"
        ) return
        complain("a chat has a mitra whose offer was not accepted", { session_id: after.id })
      }
    },
    heard: (phone, event) => {
      const { fact } = event
      if (event["_tag"] === "session" && fact.kind === "paired") {
        announce(phone, event["session_id"], fact.mitra_id)
      }
    },
    called: (phone, tag, payload, outcome) => {
      const answer = tag === "mitra.accept" ? answerOf(outcome) : null
      if (answer !== null && phone.id !== null) announce(phone, payload["session_id"], phone.id)
    }
  }
}
