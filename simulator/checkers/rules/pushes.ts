// 13: a push for an offer never arrives after the offer is over because of us: it carries the offer's
// deadline, the turn that ends the offer cancels it, and none is sent that was over when we looked last.
import { type MakeRule, Touched } from "../rule.ts"

/** Between the last look and the provider's word. */
const onItsWayMs = 2_000
/** A runner that stood still in between could not look again. */
const recoveryMs = 60_000

export const pushes: MakeRule = (scene, complain) => {
  const { tables } = scene
  /** By `<session>/<mitra>`: pushes that still wait to be sent. */
  const waiting = new Map<string, Set<string>>()
  const touched = new Touched()
  /** When each offer ended, lately. */
  const endedAt = new Map<string, number>()
  let seen = 0

  /** What the provider took: nothing for an offer that ended before it could be on its way. */
  const lookAtSent = () => {
    for (; seen < scene.pushes.length; seen += 1) {
      const { at_ms, message } = scene.pushes[seen]!
      const { kind, session_id } = message.data
      const owner = tables.devices.get(message.token)?.user_id
      const ended_at = endedAt.get(`${session_id}/${owner}`)
      if (kind !== "offer" || ended_at === undefined || scene.calmFor_ms() < recoveryMs) continue
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
        else endedAt.set(key, scene.now_ms())
      }
    },
    statement: () => touched.drain(check),
    beat: lookAtSent,
    end: lookAtSent
  }
}
