// Must refuse: what was not allowed at any instant between the question and its answer may not have been
// done: an order of somebody who is paused, or has too many open, for a mitra who cannot be asked again; an
// answer to an extension that is decided; a chat given to a mitra who is not there.
import type { Answer } from "../../clients/connection.ts"
import { answerOf, type MakeRule, type Phone } from "../rule.ts"
import { Numbers } from "./numbers.ts"
import { Asked, Past } from "./past.ts"

const openOrdersMost = 5
/** Servers' clocks, and a ping whose answer is still on its way. */
const clockMs = 8_000
const blocking = new Set(["searching", "pending_acceptance", "active", "extending"])

interface Chat {
  readonly status: string
  readonly mitra_id: string | null
  readonly extension_seq: number | null
}

/** One past for each key; what is not known yet was `first`. */
class Pasts<A> {
  readonly #all = new Map<string, Past<A>>()
  readonly #first: A

  constructor(first: A) {
    this.#first = first
  }

  set(key: string, at_ms: number, value: A): void {
    const past = this.#all.get(key) ?? new Past<A>(this.#first)
    this.#all.set(key, past)
    past.set(at_ms, value)
  }

  /** Whether it was so all the time since then. */
  wasAlways(key: string, since: number, isSo: (value: A) => boolean): boolean {
    return (this.#all.get(key)?.since(since) ?? [this.#first]).every(isSo)
  }
}

const isTrue = (value: boolean): boolean => value

export const mustRefuse: MakeRule = (context, complain) => {
  const { tables } = context
  const asked = new Asked<Phone>()
  const numbers = new Numbers(context)
  const paused = new Pasts(false)
  const openOrders = new Pasts(0)
  const live = new Pasts(false)
  const paid = new Pasts("unknown")
  const isActive = new Pasts(true)
  const isThere = new Pasts(false)
  const blocked = new Pasts(false)
  const met = new Pasts(false)
  /** When her phone last sent a sign that was answered. */
  const signedAt = new Map<string, number>()
  const chats = new Pasts<Chat>({ status: "unknown", mitra_id: null, extension_seq: null })
  /** When each order, each request of another try and each command was written down first. */
  const writtenAt = new Map<string, number>()

  const now = () => context.now_ms()
  const wrote = (key: string) => void (writtenAt.has(key) || writtenAt.set(key, now()))
  /** The same command again gets the answer that it got. */
  const isRepeat = (key: string, since: number) => (writtenAt.get(key) ?? Number.POSITIVE_INFINITY) < since

  const noteMitra = (id: string) => {
    const status = tables.mitra_status.get(id)
    const active = tables.mitras.get(id)?.is_active === true
    isActive.set(id, now(), active)
    isThere.set(id, now(), active && status?.is_online === true && !status.is_draining)
  }

  const isSilent = (mitra_id: string, since: number): boolean => {
    const status = tables.mitra_status.get(mitra_id)
    const last = Math.max(signedAt.get(mitra_id) ?? 0, status?.online_since ?? 0)
    const most = numbers.largest("mitra_stale_after_seconds") * 1000 + clockMs
    return numbers.surely("mitra_ping_required", true) && since - last > most &&
      context.clocksTrueFor_ms() > most && context.phoneOf(mitra_id) !== undefined
  }

  const orderFlaw = (id: string, { target_mitra_id }: Answer, payment_id: string, since: number) => {
    if (isRepeat(payment_id, since)) return null
    if (paused.wasAlways(`customer:${id}`, since, isTrue)) return "is paused and ordered"
    // This order is among those that are open now, and was not before.
    if (openOrders.wasAlways(id, since, (count) => count >= openOrdersMost)) {
      return `has ${openOrdersMost} orders open and made another`
    }
    if (live.wasAlways(id, since, isTrue)) return "has a request or a chat and ordered another"
    if (typeof target_mitra_id !== "string") return null
    if (isActive.wasAlways(target_mitra_id, since, (active) => !active)) return "asks for one who is put out"
    const pair = `${id}/${target_mitra_id}`
    if (blocked.wasAlways(pair, since, isTrue)) return "asks for one who is blocked"
    return met.wasAlways(pair, since, (is) => !is) ? "asks by name for one never met" : null
  }

  const flawOf = (
    phone: Phone,
    tag: string,
    payload: Answer,
    answer: Answer,
    since: number
  ): string | null => {
    const id = phone.id ?? ""
    const { command_id, session_id } = payload
    const isOver = (isSo: (chat: Chat) => boolean) => chats.wasAlways(session_id, since, isSo)
    switch (tag) {
      case "customer.create_payment":
        return orderFlaw(id, payload, answer["payment_id"], since)
      case "customer.retry_request":
        return !isRepeat(`${answer["session_id"]}/${command_id}`, since) &&
            paused.wasAlways(`customer:${id}`, since, isTrue)
          ? "is paused and asked again"
          : null
      case "admin.payment_retry":
        return paid.wasAlways(payload["payment_id"], since, (status) => status !== "confirmed") &&
            !isRepeat(`${answer["session_id"]}/${command_id}`, since)
          ? "tried again on a payment that no request can be opened on"
          : null
      case "chat.request_extension":
        return !isRepeat(answer["payment_id"], since) && isOver(({ status }) => status !== "active")
          ? "ordered more time for a chat that does not run"
          : null
      case "mitra.answer_extension":
        return !isRepeat(`${session_id}/${command_id}`, since) &&
            isOver(({ extension_seq }) => extension_seq !== payload["extension_seq"])
          ? "answered an extension that was decided"
          : null
      case "admin.reroute":
        return (isSilent(payload["mitra_id"], since) ||
            isThere.wasAlways(payload["mitra_id"], since, (there) => !there)) &&
            !isOver(({ mitra_id }) => mitra_id === payload["mitra_id"]) &&
            !isRepeat(`${session_id}/${command_id}`, since)
          ? "gave a chat to a mitra who was not there"
          : null
      case "admin.session_candidates":
        return (answer["candidates"] as ReadonlyArray<Answer>).some((one) =>
            isOver(({ mitra_id }) => mitra_id === one["mitra_id"])
          )
          ? "was shown the mitra of a chat as one to give it to"
          : null
      default:
        return null
    }
  }

  const watched = new Set([
    "customer.create_payment",
    "customer.retry_request",
    "chat.request_extension",
    "mitra.answer_extension",
    "admin.payment_retry",
    "admin.reroute",
    "admin.session_candidates"
  ])
  const keyOf = (phone: Phone, tag: string, { command_id, session_id }: Answer) =>
    `${phone.id}/${tag}/${command_id ?? session_id}`

  return {
    rows: {
      settings: numbers.changed,
      pauses: ({ after, key }) => paused.set(key, now(), after !== undefined && after.lifted_at === null),
      mitras: ({ key }) => noteMitra(key),
      mitra_status: ({ key }) => noteMitra(key),
      blocks: ({ after, before }) => {
        const row = after ?? before
        if (row === undefined) return
        const { customer_id, mitra_id } = row
        const is = tables.blocks.where("customer", customer_id).some((block) => block.mitra_id === mitra_id)
        blocked.set(`${customer_id}/${mitra_id}`, now(), is)
      },
      mitra_assignments: ({ after }) => {
        const customer_id = after === undefined
          ? undefined
          : tables.chat_sessions.get(after.session_id)?.customer_id
        if (after !== undefined && customer_id !== undefined) {
          met.set(`${customer_id}/${after.mitra_id}`, now(), true)
        }
      },
      payment_requests: ({ after, key }) => {
        if (after === undefined) return
        wrote(key)
        paid.set(key, now(), after.status)
        const all = tables.payment_requests.where("customer", after.customer_id)
        openOrders.set(after.customer_id, now(), all.filter(({ status }) => status === "pending").length)
      },
      commands_seen: ({ after }) => {
        if (after !== undefined) wrote(`${after.actor_id}/${after.command_id}`)
      },
      chat_sessions: ({ after, before, key }) => {
        if (after === undefined) return
        if (before === undefined && after.opened_by !== null) wrote(`${key}/${after.opened_by}`)
        if (before?.status === after.status && before.mitra_id === after.mitra_id) return
        const { customer_id, extension, mitra_id, status } = after
        chats.set(key, now(), { status, mitra_id, extension_seq: extension?.seq ?? null })
        const others = tables.chat_sessions.where("customer", customer_id)
        live.set(customer_id, now(), others.some((other) => blocking.has(other.status)))
      }
    },
    sent: (phone, tag, payload) => {
      if (phone.id !== null && watched.has(tag)) asked.ask(phone, keyOf(phone, tag, payload), now())
    },
    called: (phone, tag, payload, outcome) => {
      const isSign = tag === "mitra.heartbeat" || tag === "mitra.go_online"
      if (isSign && phone.id !== null && answerOf(outcome) !== null) signedAt.set(phone.id, now())
      if (!watched.has(tag)) return
      const since = asked.answered(phone, keyOf(phone, tag, payload))
      const answer = answerOf(outcome)
      if (answer === null || since === null) return
      const flaw = flawOf(phone, tag, payload, answer, since)
      if (flaw !== null) {
        complain(`${phone.name} ${flaw}`, { session_id: payload["session_id"] ?? null, people: [phone.name] })
      }
    }
  }
}
