// 10: a fenced-out owner cannot write: an actor's epoch only grows, one runner has each, only the newest
// writes, and a session's events and messages are numbered once, without gaps.
import type { MakeRule } from "../rule.ts"
import { Touched } from "../rule.ts"

export const fencing: MakeRule = (context, complain) => {
  const { tables } = context
  const epochs = new Map<string, number>()
  /** By actor: who wrote under the newest epoch seen. */
  const writers = new Map<string, { readonly epoch: number; readonly by: object; readonly name: string }>()
  const lastNumbers = new Map<string, number>()
  const touched = new Touched()

  const claimed = (id: string, before: number | undefined, after: number, session_id: string | null) => {
    if (before !== undefined && after < before) {
      complain(`epoch ${after} of ${id} follows ${before}`, { session_id })
    }
    epochs.set(id, after)
  }

  const checkNumbers = (session_id: string) => {
    const last = tables.chat_sessions.get(session_id)?.last_seq ?? 0
    const before = lastNumbers.get(session_id) ?? 0
    if (last < before) complain(`the event log goes back from ${before} to ${last}`, { session_id })
    for (let seq = before + 1; seq <= last; seq += 1) {
      const key = `${session_id}/${seq}`
      const times = Number(tables.messages.has(key)) + Number(tables.session_events.has(key))
      if (times !== 1) complain(`the event log has ${times} entries under number ${seq}`, { session_id })
    }
    lastNumbers.set(session_id, last)
  }

  return {
    rows: {
      chat_sessions: ({ after, before, key }) => {
        if (after === undefined) return
        claimed(key, before?.owner_epoch, after.owner_epoch, key)
        if (after.last_seq !== before?.last_seq) touched.add(key)
      },
      mitra_status: ({ after, before, key }) => {
        if (after !== undefined) claimed(key, before?.owner_epoch, after.owner_epoch, null)
      },
      session_events: ({ before, key }) => {
        const customer = tables.chat_sessions.get(before?.session_id ?? "")?.customer_id ?? ""
        // A customer who left for good took the words of her chats along.
        if (before === undefined || tables.deleted_customers.has(customer)) return
        complain(`event ${key} was written over`, { session_id: before.session_id })
      }
    },
    statement: () => touched.drain(checkNumbers),
    turn: ({ actor }, isWritten, by) => {
      const session_id = actor.kind === "session" ? actor.id : null
      const newest = epochs.get(actor.id)
      if (isWritten && newest !== undefined && actor.epoch < newest) {
        complain(`${by.name} wrote under epoch ${actor.epoch}; the owner has ${newest}`, { session_id })
      }
      const writer = writers.get(actor.id)
      if (writer !== undefined && writer.epoch === actor.epoch && writer.by !== by) {
        complain(`${by.name} and ${writer.name} share epoch ${actor.epoch}`, { session_id })
      }
      if (writer === undefined || writer.epoch < actor.epoch) {
        writers.set(actor.id, { epoch: actor.epoch, by, name: by.name })
      }
    }
  }
}
