// Mirror: after every quiet second Valkey says of a mitra what the rows say: online, deactivated, how many
// chats. Only mitras of whom something changed are looked at.
import type { MakeRule } from "../rule.ts"
import type { ValkeyEngine } from "../../valkey/engine.ts"

const quietMs = 1_500
const recoversMs = 30_000
/** What a failed write leaves behind is healed by the reseed that runs every five minutes. */
const healsMs = 330_000
const checkEveryMs = 500

export const mirror: MakeRule = (context, complain) => {
  const { tables, valkey } = context
  if (valkey === null) return {}
  /** Since when nothing changed of her. */
  const changed = new Map<string, number>()
  let checkedAt = 0
  const touch = (mitra_id: string) => void changed.set(mitra_id, context.now_ms())

  const has = (engine: ValkeyEngine, set: string, member: string) =>
    engine.run("SISMEMBER", [set, member]) === 1

  const differenceOf = (mitra_id: string): string | null => {
    const { engine } = valkey
    const is_active = tables.mitras.get(mitra_id)?.is_active === true
    const isOnline = tables.mitra_status.get(mitra_id)?.is_online === true && is_active
    const chats = tables.mitra_slots.where("mitra", mitra_id).length
    const mirrored = Number(engine.run("GET", [`mitra:capacity:${mitra_id}`]) ?? 0)
    const beats = engine.run("GET", [`mitra:heartbeat:${mitra_id}`]) !== null
    if (has(engine, "mitras:online", mitra_id) !== isOnline) {
      return isOnline
        ? "online, not mirrored"
        : "not online"
    }
    if (has(engine, "mitras:deactivated", mitra_id) === is_active) return `active is ${is_active}`
    if (mirrored !== chats) return `${chats} chats, mirrored ${mirrored}`
    return !isOnline && beats ? "offline, with a heartbeat" : null
  }

  const check = () => {
    const now = context.now_ms()
    if (now - checkedAt < checkEveryMs) return
    checkedAt = now
    const steady = context.steadyFor_ms()
    if (steady < recoversMs) return
    for (const [mitra_id, since] of changed) {
      if (now - since < quietMs) continue
      const difference = differenceOf(mitra_id)
      if (difference === null) {
        changed.delete(mitra_id)
        continue
      }
      // What went wrong while something was broken may wait for the reseed.
      const isExcused = steady < now - since + recoversMs && steady < healsMs
      if (isExcused) continue
      changed.delete(mitra_id)
      complain(`the mirror says otherwise of ${mitra_id}: ${difference}`, {
        people: [context.phoneOf(mitra_id)?.name ?? mitra_id]
      })
    }
  }

  return {
    rows: {
      mitras: ({ key }) => touch(key),
      mitra_status: ({ after, before, key }) => {
        if (after?.is_online !== before?.is_online) touch(key)
      },
      mitra_slots: ({ after, before }) => {
        for (const row of [after, before]) if (row !== undefined) touch(row.mitra_id)
      }
    },
    onInterval: check
  }
}
