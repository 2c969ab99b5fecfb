// Answers: whatever people and staff are shown of a chat, and whatever they are refused because of its state,
// was so at some instant between their question and its answer: a register that one can rely on.
import type { ChatSessionRow } from "../../../testkit/memory/store/tables.ts"
import { answerOf, type MakeRule, type Phone, refusalOf } from "../rule.ts"
import type { Answer } from "../../clients/connection.ts"
import { Asked, Past } from "./past.ts"

type State = Pick<ChatSessionRow, "status" | "last_seq" | "mitra_id" | "ends_at" | "topic" | "extension">

/** Servers' clocks differ by so much. */
const clockMs = 5_000

const over = ["completed", "cancelled", "expired"]
const looking = ["searching", "pending_acceptance"]

/** In which states each refusal is the truth. */
const truth: Readonly<Record<string, (state: State, payload: Answer, tag: string) => boolean>> = {
  SESSION_CLOSING: ({ status }) => status === "closing",
  SESSION_OVER: ({ status }) => over.includes(status),
  // A goodbye that comes before the end is told the same.
  SESSION_NOT_ACTIVE: ({ status }, _payload, tag) =>
    looking.includes(status) || (tag === "chat.goodbye" && ["active", "extending"].includes(status)),
  EXTENSION_PENDING: ({ status }) => status === "extending",
  EXTENSION_RESOLVED: ({ extension }, { extension_seq }) => extension?.seq !== extension_seq,
  REQUEST_NOT_OPEN: ({ status }) => !looking.includes(status)
}

/** Told to who never had a part in the chat. */
const toStrangers = new Set(["NOT_A_PARTICIPANT", "SESSION_NOT_FOUND"])

export const answers: MakeRule = (context, complain) => {
  const { tables } = context
  const chats = new Map<string, Past<State>>()
  const places = new Map<string, Past<number>>()
  const asked = new Asked<Phone>()
  /** When each command of each chat was done. */
  const carriedOut = new Map<string, number>()
  /** When the stream of this phone was asked for: the first snapshot answers that. */
  const subscribed = new Map<Phone, number>()

  const statesSince = (session_id: string, since: number) => chats.get(session_id)?.since(since) ?? []
  const keyOf = (tag: string, payload: Answer) =>
    `${tag}/${payload["command_id"] ?? payload["session_id"] ?? ""}`

  const isShown = (view: Answer, { ends_at, last_seq, mitra_id, status, topic }: State): boolean =>
    status === view["status"] && last_seq === view["last_seq"] && mitra_id === view["mitra_id"] &&
    topic === view["topic"] && (ends_at === null ? null : new Date(ends_at).toISOString()) === view["ends_at"]

  const checkView = (phone: Phone, view: Answer, since: number) => {
    const { session_id } = view
    const row = tables.chat_sessions.get(session_id)
    if (row === undefined) return
    // A mitra who handed it over is shown what she left behind.
    const isHers = statesSince(session_id, since).every(({ mitra_id }) =>
      mitra_id === null || mitra_id === phone.id
    )
    if (phone.role === "mitra" && !isHers) return checkLeft(phone, view, since)
    if (phone.role === "customer" && row.customer_id !== phone.id) return
    if (statesSince(session_id, since).some((state) => isShown(view, state))) return
    complain(`${phone.name} was shown ${view["status"]} at ${view["last_seq"]}, which it was not meanwhile`, {
      session_id,
      people: [phone.name]
    })
  }

  /** As it was when she handed it over: her last number of it, and the topic that it had then. */
  const checkLeft = (phone: Phone, view: Answer, since: number) => {
    const { session_id } = view
    if (statesSince(session_id, since).some(({ mitra_id }) => mitra_id === phone.id)) return
    const left = statesSince(session_id, 0).findLast(({ mitra_id }) => mitra_id === phone.id)
    if (left === undefined) return
    const isAsLeft = view["status"] === "completed" && view["topic"] === left.topic &&
      view["last_seq"] === left.last_seq + 1 && !(view["unread"] > 0)
    if (isAsLeft) return
    complain(
      `${phone.name} left a chat at ${left.last_seq + 1}, ${left.topic}, and is shown ${view["status"]} at ` +
        `${view["last_seq"]}, ${view["topic"]}, ${view["unread"]} unread`,
      { session_id, people: [phone.name] }
    )
  }

  /** Staff gave it away as hers whose it was when they asked, or since. */
  const checkHandOver = (phone: Phone, payload: Answer, since: number) => {
    const { command_id, from_mitra_id, session_id } = payload
    // Asked again, because the first answer was lost: it was done before.
    if ((carriedOut.get(`${session_id}/${command_id}`) ?? since) < since) return
    const states = statesSince(session_id, since)
    if (states.length === 0 || states.some(({ mitra_id }) => mitra_id === from_mitra_id)) return
    complain("staff handed over a chat for a mitra who did not have it any more", {
      session_id,
      people: [phone.name]
    })
  }

  const checkRefusal = (phone: Phone, tag: string, payload: Answer, code: string, since: number) => {
    const session_id: string | undefined = payload["session_id"]
    const about = { session_id: session_id ?? null, people: [phone.name] }
    if (toStrangers.has(code) && session_id !== undefined && hadPart(phone, session_id, since)) {
      complain(`${phone.name} was told ${code} for ${tag} of a chat that she had a part in`, about)
    }
    const isTrue = truth[code]
    if (isTrue !== undefined && session_id !== undefined) {
      const states = statesSince(session_id, since)
      if (states.length > 0 && !states.some((state) => isTrue(state, payload, tag))) {
        complain(`${phone.name} was told ${code} for ${tag} of a chat that was ${states[0]?.status}`, about)
      }
    }
    if (code !== "MITRA_AT_CAPACITY" || tag !== "mitra.accept" || phone.id === null) return
    const most = Math.max(0, ...places.get(phone.id)?.since(since) ?? [])
    if (most >= (smallestMaximum())) return
    complain(`${phone.name} was told that she has no place left, with ${most} chats`, about)
  }

  const hadPart = ({ id, role }: Phone, session_id: string, since: number): boolean =>
    role === "customer"
      ? tables.chat_sessions.get(session_id)?.customer_id === id
      : tables.mitra_assignments.where("session", session_id).some(({ mitra_id, started_at }) =>
        mitra_id === id && started_at < since - clockMs
      )

  const smallestMaximum = (): number => {
    const stored = tables.settings.get("max_customers_per_mitra")?.value
    return Math.min(typeof stored === "number" ? stored : 3, lowest)
  }
  let lowest = 3

  const ask = (phone: Phone, tag: string, payload: Answer) => {
    if (tag === "events.subscribe") subscribed.set(phone, context.now_ms())
    else if (tag !== "mitra.heartbeat") asked.ask(phone, keyOf(tag, payload), context.now_ms())
  }

  return {
    rows: {
      settings: ({ after, key }) => {
        if (key === "max_customers_per_mitra") lowest = Math.min(lowest, Number(after?.value ?? 3))
      },
      commands_seen: ({ after, before }) => {
        if (after === undefined || before !== undefined) return
        carriedOut.set(`${after.actor_id}/${after.command_id}`, context.now_ms())
      },
      mitra_slots: ({ after, before }) => {
        for (const id of new Set([after?.mitra_id, before?.mitra_id])) {
          if (id === undefined) continue
          const past = places.get(id) ?? new Past<number>(0)
          places.set(id, past)
          past.set(context.now_ms(), tables.mitra_slots.where("mitra", id).length)
        }
      },
      chat_sessions: ({ after, before, key }) => {
        if (after === undefined) return
        const past = chats.get(key) ?? new Past<State>()
        chats.set(key, past)
        // The end moves without a number when the mitra is gone, or back.
        const isSame = before !== undefined && after.last_seq === before.last_seq &&
          after.status === before.status && after.ends_at === before.ends_at
        if (isSame && after.mitra_id === before.mitra_id && after.topic === before.topic) return
        const { ends_at, extension, last_seq, mitra_id, status, topic } = after
        past.set(context.now_ms(), { ends_at, extension, last_seq, mitra_id, status, topic })
      }
    },
    sent: ask,
    heard: (phone, event) => {
      if (event["_tag"] !== "snapshot") return
      const since = subscribed.get(phone)
      subscribed.delete(phone)
      if (since === undefined) return
      for (const view of event["sessions"]) checkView(phone, view, since)
    },
    called: (phone, tag, payload, outcome) => {
      if (tag === "mitra.heartbeat") return
      const since = asked.answered(phone, keyOf(tag, payload))
      if (since === null) return
      const code = refusalOf(outcome)
      if (code !== null) return checkRefusal(phone, tag, payload, code, since)
      const answer = answerOf(outcome)
      if (answer === null) return
      if (tag === "admin.reroute") checkHandOver(phone, payload, since)
      const view = tag === "admin.inspect_session" ? answer["session"] : answer
      const views: ReadonlyArray<Answer> = Array.isArray(answer["sessions"]) ? answer["sessions"] : [view]
      for (const each of views) {
        if (each !== null && typeof each === "object" && "last_seq" in each && "topic" in each) {
          checkView(phone, each, since)
        }
      }
    }
  }
}
