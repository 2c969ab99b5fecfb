// 2: never over capacity: a mitra has as many slots taken as she has running chats, one for each, and never
// takes one more than staff allow.
import { SettingInForce } from "../settings-in-force.ts"
import { type MakeRule, Touched } from "../rule.ts"

const running = new Set(["active", "extending"])

/** Sets of things by whom they belong to. */
class SetsByOwner {
  readonly #of = new Map<string, Set<string>>()

  add(owner: string, thing: string): number {
    const things = this.#of.get(owner) ?? new Set()
    this.#of.set(owner, things.add(thing))
    return things.size
  }

  remove(owner: string, thing: string): void {
    this.#of.get(owner)?.delete(thing)
  }

  of(owner: string): ReadonlySet<string> {
    return this.#of.get(owner) ?? new Set()
  }
}

export const capacity: MakeRule = (context, complain) => {
  const maximum = new SettingInForce(context, "max_customers_per_mitra")
  /** By mitra: her slots' sessions, and the sessions that run with her. */
  const slots = new SetsByOwner()
  const chats = new SetsByOwner()
  const slotsOfSession = new SetsByOwner()
  const sessions = new Touched()

  const check = (session_id: string) => {
    const row = context.tables.chat_sessions.get(session_id)
    const held = [...slotsOfSession.of(session_id)]
    const owner = row !== undefined && running.has(row.status) ? row.mitra_id : null
    if (owner === null && held.length > 0) {
      complain(`a chat that is ${row?.status ?? "gone"} holds a slot`, { session_id })
    } else if (owner !== null && (held.length !== 1 || !held[0]?.startsWith(`${owner}/`))) {
      complain(`a running chat holds ${held.length === 0 ? "no slot" : held.join(" and ")}`, { session_id })
    }
  }

  return {
    rows: {
      settings: maximum.changed,
      mitra_slots: ({ after, before, key }) => {
        for (const row of [before, after]) if (row !== undefined) sessions.add(row.session_id)
        if (before !== undefined) {
          slots.remove(before.mitra_id, key)
          slotsOfSession.remove(before.session_id, key)
        }
        if (after === undefined) return
        slotsOfSession.add(after.session_id, key)
        const { session_id } = after
        const taken = slots.add(after.mitra_id, key)
        if (taken > maximum.largest) {
          complain(`a mitra has ${taken} slots taken; allowed are ${maximum.largest}`, { session_id })
        }
      },
      chat_sessions: ({ after, before, key }) => {
        if (after?.status !== before?.status || after?.mitra_id !== before?.mitra_id) sessions.add(key)
        const was = before !== undefined && running.has(before.status) ? before.mitra_id : null
        const is = after !== undefined && running.has(after.status) ? after.mitra_id : null
        if (was === is) return
        if (was !== null) chats.remove(was, key)
        if (is === null) return
        const count = chats.add(is, key)
        if (count > maximum.largest) {
          complain(`a mitra has ${count} running chats; allowed are ${maximum.largest}`, { session_id: key })
        }
      }
    },
    statement: () => sessions.drain(check)
  }
}
