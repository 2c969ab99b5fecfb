// 13: a push for an offer never arrives after the offer is over because of us: it carries the offer's
// deadline, the turn that ends the offer cancels it, and none is sent for an offer that was over at the last
// check before sending.
import { type MakeRule, Touched } from "../rule.ts"

/** Between the server's last check of the offer and the provider's answer. */
const onItsWayMs = 2_000
/** A runner that was frozen in between could not check again. */
const recoveryMs = 60_000

export const pushes: MakeRule = (context, complain) => {
  const { tables } = context
  /** By `<session>/<mitra>`: pushes that still wait to be sent. */
  const waiting = new Map<string, Set<string>>()
  const touched = new Touched()
  /** When each offer ended, lately. */
  const endedAt = new Map<string, number>()
  let seen = 0

  /** What the provider took must not contain a push for an offer that had ended before it was sent. */
  const checkSent = () => {
    for (; seen < context.pushes.length; seen += 1) {
      const { at_ms, message } = context.pushes[seen]!
      const { kind, session_id } = message.data
      const owner = tables.devices.get(message.token)?.user_id
      const ended_at = endedAt.get(`${session_id}/${owner}`)
      if (kind !== "offer" || ended_at === undefined || context.calmFor_ms() < recoveryMs) continue
      if (at_ms - ended_at <= onItsWayMs) continue
      complain(`a push for an offer was sent ${at_ms - ended_at} ms after the offer was over`, {
        session_id: session_id ?? null
      })
    }
  }

  const check = (key: string) => {
    const offer = tables.chat_request_notifications.get(key)
    const count = waiting.get(key)?.size ?? 0
    if (count === 0 || offer === undefined || offer.status === "pending") return
    complain(`a push waits for an offer that is ${offer.ending ?? offer.status}`, {
      session_id: offer.session_id
    })
  }

  return {
    rows: {
      push_outbox: ({ after, before, key }) => {
        const push = after ?? before
        if (push?.kind !== "offer") return
        const offerKey = `${push.session_id}/${push.user_id}`
        const theirs = waiting.get(offerKey) ?? new Set()
        waiting.set(offerKey, theirs)
        if (after?.status !== "pending") {
          theirs.delete(key)
          if (theirs.size === 0) waiting.delete(offerKey)
          return
        }
        theirs.add(key)
        touched.add(offerKey)
        const offer = tables.chat_request_notifications.get(offerKey)
        if (offer !== undefined && after.expires_at > offer.deadline_at) {
          complain("the push of an offer lives longer than the offer", { session_id: push.session_id })
        }
      },
      chat_request_notifications: ({ after, before, key }) => {
        if (after?.status === before?.status) return
        touched.add(key)
        if (after?.status === "pending") endedAt.delete(key)
        else endedAt.set(key, context.now_ms())
      }
    },
    statement: () => touched.drain(check),
    onInterval: checkSent,
    end: checkSent
  }
}
