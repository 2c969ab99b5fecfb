// 13: a push for an offer never arrives after the offer is over because of us: it carries the offer's
// deadline, and the turn that ends the offer cancels it.
import { type MakeRule, Touched } from "../rule.ts"

export const pushes: MakeRule = (scene, complain) => {
  const { tables } = scene
  /** By `<session>/<mitra>`: pushes that still wait to be sent. */
  const waiting = new Map<string, Set<string>>()
  const touched = new Touched()

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
        if (after?.status !== before?.status) touched.add(key)
      }
    },
    statement: () => touched.drain(check)
  }
}
