// Beacon: how many mitras are free, as customers ask it or watch it, is the truth of lately: a count may be
// ten seconds old, and who watches hears of every change.
import { answerOf, type MakeRule, type Phone } from "../rule.ts"
import type { Answer } from "../../clients/connection.ts"
import { Numbers } from "./numbers.ts"

/** The age of a snapshot, the watcher's look, and the way of the frame. */
const knownWithinMs = 15_000
const recoversMs = 60_000
const lookEveryMs = 2_000
/** A ping on its way, and two clocks. */
const surelyFreshMs = 6_000

export const beacon: MakeRule = (context, complain) => {
  const { tables } = context
  const numbers = new Numbers(context)
  const watching = new Map<Phone, Phone["connection"]>()
  const heard = new Map<Phone, number>()
  const pinged = new Map<string, number>()
  const reported = new Set<Phone>()
  /** What has been the truth all the time since then; null: nobody can say. */
  let stable: { readonly count: number | null; readonly since_ms: number } = { count: null, since_ms: 0 }
  let lookedAt = 0

  const count = (): number | null => {
    const now = context.now_ms()
    const [least, most] = (["smallest", "largest"] as const).map((which) =>
      numbers[which]("max_customers_per_mitra")
    )
    if (least !== most || !numbers.surely("mitra_ping_required", true)) return null
    const fresh = numbers.smallest("mitra_stale_after_seconds") * 1000 - surelyFreshMs
    let free = 0
    for (const { is_draining, is_online, mitra_id, online_since } of tables.mitra_status.values()) {
      if (!is_online || is_draining || tables.mitras.get(mitra_id)?.is_active !== true) continue
      if (tables.mitra_slots.where("mitra", mitra_id).length >= (most ?? 0)) continue
      if (now - Math.max(pinged.get(mitra_id) ?? 0, online_since ?? 0) > fresh) return null
      free += 1
    }
    return free
  }

  const look = () => {
    const now = count()
    if (now !== stable.count) stable = { count: now, since_ms: context.now_ms() }
  }

  const isKnown = () =>
    stable.count !== null && context.now_ms() - stable.since_ms > knownWithinMs &&
    context.steadyFor_ms() - recoversMs > knownWithinMs && context.clocksTrueFor_ms() > recoversMs

  const about = (phone: Phone) => ({ people: [phone.name] })

  const checkWatchers = () => {
    if (!isKnown()) return
    for (const [phone, connection] of watching) {
      if (phone.connection !== connection) {
        watching.delete(phone)
        continue
      }
      const told = heard.get(phone)
      if (told === stable.count || context.owedFor_ms(phone) < knownWithinMs || reported.has(phone)) continue
      reported.add(phone)
      complain(
        `${phone.name} watches and was told of ${told} free mitras; there are ${stable.count}`,
        about(phone)
      )
    }
  }

  const changes = () => look()
  return {
    rows: {
      settings: (change) => {
        numbers.changed(change)
        look()
      },
      mitras: changes,
      mitra_status: ({ after, before }) => {
        if (after?.is_online !== before?.is_online || after?.is_draining !== before?.is_draining) look()
      },
      mitra_slots: changes
    },
    sent: (phone, tag) => {
      if (tag !== "customer.watch_availability") return
      watching.set(phone, phone.connection)
      heard.delete(phone)
    },
    heard: (phone, event: Answer) => {
      if (event["_tag"] === undefined && typeof event["count"] === "number") heard.set(phone, event["count"])
    },
    called: (phone, tag, _payload, outcome) => {
      const answer = answerOf(outcome)
      if (answer === null || phone.id === null) return
      if ((tag === "mitra.heartbeat" || tag === "mitra.go_online") && answer["is_online"] === true) {
        pinged.set(phone.id, context.now_ms())
      }
      if (tag !== "customer.availability") return
      look()
      if (!isKnown() || answer["count"] === stable.count) return
      complain(
        `${phone.name} was told of ${answer["count"]} free mitras; there are ${stable.count}`,
        about(phone)
      )
    },
    onInterval: () => {
      if (watching.size === 0 || context.now_ms() - lookedAt < lookEveryMs) return
      lookedAt = context.now_ms()
      look()
      checkWatchers()
    }
  }
}
