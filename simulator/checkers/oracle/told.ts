// Told: who is told what within two seconds, whichever runner holds the socket, and after an interruption
// too. A phone for which nothing is broken has no excuse in what is broken for others.
import { type MakeRule, type Phone, refusalOf, Touched } from "../rule.ts"
import type { Answer } from "../../clients/connection.ts"
import type { ChatSessionRow } from "../../../testkit/memory/store/tables.ts"
import { Owed } from "./owed.ts"

/** Hints to the other side may be dropped when they come more often than once a second. */
const typingPaceMs = 1_000
/** What was sent on a line that broke may still come in so much later. */
const lostMs = 10_000
/** Whose chat it is may be remembered for two seconds where a hint arrives. */
const rememberedMs = 2_500
/** While the clock runs each phone hears of it once a minute, from when it came or heard of a new end. */
const tickEveryMs = 60_000
const tickLateMs = 2_500

type Side = "customer" | "mitra"
const sides: ReadonlyArray<Side> = ["customer", "mitra"]
const other = (side: Side): Side => side === "customer" ? "mitra" : "customer"

/** Newest receipts that a phone was told, by `<phone>/<session>/<side>`. */
class HeardReceipts {
  readonly #read = new Map<string, string>()

  hear(phone: Phone, session_id: string, side: Side, cursor: Answer): void {
    const { delivered_seq, read_seq } = cursor
    const key = `${phone.name}/${session_id}/${side}`
    const [delivered = 0, read = 0] = (this.#read.get(key) ?? "0,0").split(",").map(Number)
    this.#read.set(key, `${Math.max(delivered, delivered_seq)},${Math.max(read, read_seq)}`)
  }

  has(phone: Phone, session_id: string, side: Side, delivered_seq: number, read_seq: number): boolean {
    const [delivered = 0, read = 0] = (this.#read.get(`${phone.name}/${session_id}/${side}`) ?? "0,0").split(
      ","
    ).map(Number)
    return delivered >= delivered_seq && read >= read_seq
  }
}

export const told: MakeRule = (context, complain) => {
  const { tables } = context
  const owed = new Owed(context)
  const moved = new Touched()
  const receipts = new HeardReceipts()
  const status = new Map<Phone, { readonly is_online: boolean; readonly at_ms: number }>()
  /**
   * Hints of each person in each chat: when the last was sent, by when the one before it had certainly come
   * in, and how many are under way.
   */
  const typed = new Map<string, { at: number; before: number; ended: number; open: number }>()
  const heardTyping = new Map<string, number>()
  /** When each chat changed hands last. */
  const handedAt = new Map<string, number>()
  /** By `<phone>/<session>`: since when the phone waits for the next tick. */
  const ticks = new Map<string, { readonly phone: Phone; readonly session_id: string; since_ms: number }>()
  let logged = tables.mitra_online_logs.length

  const about = (phone: Phone, session_id: string | null = null) => ({ session_id, people: [phone.name] })
  const phoneOn = (row: ChatSessionRow, side: Side) => {
    const id = row[`${side}_id`]
    return id === null ? undefined : context.phoneOf(id)
  }

  const owesEvents = (session_id: string) => {
    const row = tables.chat_sessions.get(session_id)
    if (row === undefined || row.last_seq === 0) return
    const { last_seq } = row
    for (const side of sides) {
      const phone = phoneOn(row, side)
      if (phone === undefined || phone.role !== side) continue
      const known = () => phone.clientState.sessions.get(session_id)
      // An app that an answer told that the chat is over does not ask for the rest.
      const isDone = () => known()?.isOver === true && known()?.view?.["last_seq"] === last_seq
      owed.add(
        `events/${session_id}/${phone.name}`,
        phone,
        // Over before the phone came: it reads that in its history.
        () =>
          isDone() || phone.id !== row[`${side}_id`] || (known()?.last_seq ?? 0) >= last_seq ||
          (row.ended_at !== null && (known()?.last_seq ?? 0) === 0),
        () => complain(`${phone.name} was not told of ${last_seq} within 2 s`, about(phone, session_id))
      )
    }
  }

  const owesReceipt = (row: ChatSessionRow, side: Side) => {
    const phone = phoneOn(row, other(side))
    if (phone === undefined) return
    const { id } = row
    const [delivered, read] = [row[`${side}_delivered_seq`], row[`${side}_read_seq`]]
    owed.add(
      `receipt/${id}/${side}/${phone.name}`,
      phone,
      () =>
        receipts.has(phone, id, side, delivered, read) || phone.id !== row[`${other(side)}_id`] ||
        (tables.chat_sessions.get(id)?.ended_at ?? null) !== null ||
        tables.chat_sessions.get(id)?.[`${other(side)}_id`] !== phone.id,
      () =>
        complain(`${phone.name} was not told that ${delivered}, ${read} are received, read`, about(phone, id))
    )
  }

  const owesStatus = () => {
    for (; logged < tables.mitra_online_logs.length; logged += 1) {
      const entry = tables.mitra_online_logs[logged]
      const phone = entry === undefined ? undefined : context.phoneOf(entry.mitra_id)
      // One who was deactivated has no socket to hear it on.
      if (entry === undefined || phone === undefined || entry.cause === "deactivated") continue
      const since = context.now_ms()
      owed.addNews(
        `status/${phone.name}`,
        phone,
        () => {
          const heard = status.get(phone)
          return heard !== undefined && heard.at_ms >= since && heard.is_online === entry.is_online ||
            tables.mitras.get(entry.mitra_id)?.is_active !== true
        },
        () => complain(`${phone.name} was not told: online ${entry.is_online} (${entry.cause})`, about(phone))
      )
    }
  }

  const typing = (phone: Phone, session_id: string) => {
    const row = tables.chat_sessions.get(session_id)
    const side = phone.role
    if (row === undefined || side === "staff" || row[`${side}_id`] !== phone.id) return
    const key = `${session_id}/${phone.id}`
    const now = context.now_ms()
    const { at = now, before = Number.NEGATIVE_INFINITY } = typed.get(key) ?? {}
    const peer = phoneOn(row, other(side))
    if (at - before < typingPaceMs || peer === undefined || row.ended_at !== null) return
    if (at - (handedAt.get(session_id) ?? Number.NEGATIVE_INFINITY) < rememberedMs) return
    // The answer may be long on its way: the hint was told, or not, when it arrived.
    if (context.owedFor_ms(peer) <= now - at) return
    owed.addNews(
      `typing/${key}`,
      peer,
      () =>
        (heardTyping.get(`${peer.name}/${session_id}/${side}`) ?? 0) >= at ||
        tables.chat_sessions.get(session_id)?.status === "closing" ||
        tables.chat_sessions.get(session_id)?.mitra_id !== row.mitra_id ||
        tables.chat_sessions.get(session_id)?.ended_at !== null,
      () => complain(`${peer.name} was not told that ${phone.name} types`, about(peer, session_id))
    )
  }

  const offerChanged = (session_id: string, mitra_id: string, isOpen: boolean) => {
    const phone = context.phoneOf(mitra_id)
    if (phone === undefined) return
    const shown = () => phone.clientState.offers.get(session_id)
    const isStillOpen = () =>
      tables.chat_request_notifications.get(`${session_id}/${mitra_id}`)?.status === "pending"
    owed.add(
      `offer/${session_id}/${mitra_id}`,
      phone,
      isOpen
        ? () => shown()?.ending === null || !isStillOpen()
        : () => shown() === undefined || shown()?.ending !== null,
      () =>
        complain(
          isOpen
            ? `${phone.name} was not shown an offer within 2 s`
            : `${phone.name} was not told within 2 s that an offer is over`,
          about(phone, session_id)
        )
    )
  }

  /** Wherever the clock runs for a phone, the next tick is due a minute from now. */
  const clockRuns = (phone: Phone, session_id: string) => {
    if (phone.role === "staff") return
    ticks.set(`${phone.name}/${session_id}`, { phone, session_id, since_ms: context.now_ms() })
  }

  const checkTicks = () => {
    const now = context.now_ms()
    for (const [key, { phone, session_id, since_ms }] of ticks) {
      if (now - since_ms < tickEveryMs + tickLateMs) continue
      const row = tables.chat_sessions.get(session_id)
      ticks.delete(key)
      const isHers = row?.status === "active" && (row.customer_id === phone.id || row.mitra_id === phone.id)
      if (!isHers) continue
      // It stands still while its mitra is deactivated.
      const mayBeSilent = row.ends_at === null || context.owedFor_ms(phone) < now - since_ms
      if (mayBeSilent) clockRuns(phone, session_id)
      else {complain(`${phone.name} heard nothing of the running clock for ${now - since_ms} ms`, {
          session_id,
          people: [phone.name]
        })}
    }
  }

  const viewed = (phone: Phone, view: Answer) => {
    if (view["cursors"] === undefined || typeof view["session_id"] !== "string") return
    for (const side of sides) receipts.hear(phone, view["session_id"], side, view["cursors"][side])
  }

  return {
    rows: {
      chat_sessions: ({ after, before, key }) => {
        if (after === undefined) return
        if (after.last_seq !== before?.last_seq || after.mitra_id !== before.mitra_id) moved.add(key)
        if (before === undefined) return
        if (after.mitra_id !== before.mitra_id) handedAt.set(key, context.now_ms())
        for (const side of sides) {
          const [delivered, read] = [`${side}_delivered_seq`, `${side}_read_seq`] as const
          if (after[delivered] !== before[delivered] || after[read] !== before[read]) owesReceipt(after, side)
        }
      },
      chat_request_notifications: ({ after, before }) => {
        if (after === undefined || after.status === before?.status || after.status === "accepted") return
        offerChanged(after.session_id, after.mitra_id, after.status === "pending")
      }
    },
    statement: () => {
      moved.drain(owesEvents)
      owesStatus()
    },
    heard: (phone, event) => {
      const { _tag, session_id } = event
      if (_tag === "receipt") receipts.hear(phone, session_id, event["side"], event)
      else if (_tag === "typing") {
        heardTyping.set(`${phone.name}/${session_id}/${event["side"]}`, context.now_ms())
      } else if (_tag === "tick") clockRuns(phone, session_id)
      else if (_tag === "mitra_status") {
        status.set(phone, { is_online: event["is_online"], at_ms: context.now_ms() })
      } else if (_tag === "snapshot") {
        for (const view of event["sessions"]) {
          viewed(phone, view)
          if (view.status === "active" && view.ends_at !== null) clockRuns(phone, view.session_id)
        }
      } else if (_tag === "mitra_away") {
        if (event["ends_at"] !== undefined) clockRuns(phone, session_id)
        else if (event["paused_until"] !== undefined) ticks.delete(`${phone.name}/${session_id}`)
      } else if (_tag === "session") {
        const { ends_at, kind } = event["fact"]
        if (ends_at !== undefined) clockRuns(phone, session_id)
        // While the clock stands still nobody ticks.
        else if (kind === "extension_requested") ticks.delete(`${phone.name}/${session_id}`)
      }
    },
    sent: (phone, tag, { session_id }) => {
      if (phone.id === null || tag !== "chat.typing") return
      const key = `${session_id}/${phone.id}`
      const { ended, open } = typed.get(key) ?? { ended: Number.NEGATIVE_INFINITY, open: 0 }
      const before = open > 0 ? Number.POSITIVE_INFINITY : ended
      typed.set(key, { at: context.now_ms(), before, ended, open: open + 1 })
    },
    called: (phone, tag, payload, outcome) => {
      const hint = tag === "chat.typing" ? typed.get(`${payload["session_id"]}/${phone.id}`) : undefined
      if (hint !== undefined) {
        hint.open -= 1
        const broke = (outcome as Answer)["_tag"] === "ConnectionLost"
        hint.ended = Math.max(hint.ended, context.now_ms() + (broke ? lostMs : 0))
      }
      if (refusalOf(outcome) !== null || typeof outcome !== "object") return
      if (tag === "chat.typing" && !("_tag" in outcome)) typing(phone, payload["session_id"])
      else viewed(phone, outcome as Answer)
    },
    onInterval: () => {
      owed.check()
      checkTicks()
    }
  }
}
