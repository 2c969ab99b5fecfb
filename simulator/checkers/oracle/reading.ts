// Reading: unread counts, pages of the history, receipts and typing show what the rows held at some instant
// between the question and the answer, and nothing else.
import type { StoredMessage } from "../../../src/services/sessions/sessions.ts"
import { answerOf, type MakeRule, type Phone } from "../rule.ts"
import type { Answer } from "../../clients/connection.ts"
import { Asked, Past } from "./past.ts"

type Side = "customer" | "mitra"

/** A hint lives for three seconds; the phone may sit behind a slow line. */
const typingLifeMs = 3_000
const onItsWayMs = 16_000

interface Reading {
  readonly read: Record<Side, Past<number>>
  /** Numbers of the messages of each side, in order. */
  readonly said: Record<Side, Array<number>>
  readonly last: Past<number>
}

const otherOf = (side: Side): Side => side === "customer" ? "mitra" : "customer"

export const reading: MakeRule = (context, complain) => {
  const { tables } = context
  const chats = new Map<string, Reading>()
  const asked = new Asked<Phone>()
  const typedAt = new Map<string, number>()
  const subscribed = new Map<Phone, number>()

  const of = (session_id: string): Reading => {
    const known = chats.get(session_id)
    if (known !== undefined) return known
    const made = {
      read: { customer: new Past(0), mitra: new Past(0) },
      said: { customer: [], mitra: [] },
      last: new Past(0)
    }
    chats.set(session_id, made)
    return made
  }

  const about = (phone: Phone, session_id: string) => ({ session_id, people: [phone.name] })
  const keyOf = (tag: string, payload: Answer) =>
    `${tag}/${payload["command_id"] ?? payload["session_id"] ?? ""}`

  const checkUnread = (phone: Phone, session_id: string, unread: number, since_ms: number) => {
    if (phone.role === "staff" || tables.chat_sessions.get(session_id)?.[`${phone.role}_id`] !== phone.id) {
      return
    }
    const { last, read, said } = of(session_id)
    const lasts = last.since(since_ms)
    const cursors = read[phone.role].since(since_ms)
    const from = said[otherOf(phone.role)]
    const count = (cursor: number, upTo: number) => from.filter((seq) => seq > cursor && seq <= upTo).length
    const least = count(cursors.at(-1) ?? 0, lasts[0] ?? 0)
    const most = count(cursors[0] ?? 0, lasts.at(-1) ?? 0)
    if (unread >= least && unread <= most) return
    complain(`${phone.name} has ${unread} unread; there are ${least} to ${most}`, about(phone, session_id))
  }

  const checkPage = (phone: Phone, payload: Answer, answer: Answer, since_ms: number) => {
    const { after_seq, before_seq, limit, session_id } = payload
    const row = tables.chat_sessions.get(session_id)
    if (row === undefined) return
    // A mitra who handed it over reads up to there; the rule "14 one mitra" says how far that is.
    if (phone.role === "mitra" && row.mitra_id !== phone.id) return
    const page: ReadonlyArray<Answer> = answer["messages"]
    const { last, said } = of(session_id)
    const wasLast = last.since(since_ms)[0] ?? 0
    const all = [...said.customer, ...said.mitra].toSorted((a, b) => a - b)
    const isIn = (seq: number) =>
      (before_seq === null || seq < before_seq) && (after_seq === null || seq > after_seq)
    const seqs = page.map(({ seq }) => seq as number)
    const [first = 0, end = 0] = [seqs[0], seqs.at(-1)]
    const between = all.filter((seq) => seq >= first && seq <= end)
    const nearest = all.filter((seq) => isIn(seq) && seq <= wasLast)
    const edge = after_seq === null ? nearest.at(-1) : nearest[0]
    const isAtEdge = edge === undefined || (after_seq === null ? end >= edge : first <= edge && first > 0)
    const left = all.filter((seq) => isIn(seq) && (after_seq === null ? seq < first : seq > end))
    const wrong = !seqs.every(isIn) ?
      "holds messages that were not asked for"
      : between.length !== seqs.length || between.some((seq, index) => seq !== seqs[index])
      ? "leaves messages out"
      : !isAtEdge
      ? "does not begin where it was asked to"
      : seqs.length > limit
      ? "is longer than was asked for"
      : answer["has_more"] !== (left.some((seq) => seq <= wasLast)) && answer["has_more"] !== left.length > 0
      ? "says wrongly whether there is more"
      : page.some((message) => !isAsWritten(message))
      ? "shows another text than was written"
      : null
    if (wrong !== null) complain(`a page of ${phone.name}'s history ${wrong}`, about(phone, session_id))
  }

  const isAsWritten = ({ body, client_message_id, message_id, seq, session_id, side }: Answer): boolean => {
    const row: StoredMessage | undefined = tables.messages.get(`${session_id}/${seq}`)
    return row !== undefined && row.body === body && row.side === side && row.message_id === message_id &&
      row.client_message_id === client_message_id
  }

  const heardTyping = (phone: Phone, { expires_in_ms, session_id, side }: Answer) => {
    const ago = context.now_ms() - (typedAt.get(`${session_id}/${side}`) ?? 0)
    const isTrue = side !== phone.role && expires_in_ms <= typingLifeMs && ago <= typingLifeMs + onItsWayMs
    if (isTrue || phone.process.state !== "running" || context.clocksTrueFor_ms() < 10_000) return
    // A phone that was asleep hears late what came in time.
    if (side !== phone.role && context.owedFor_ms(phone) < typingLifeMs + onItsWayMs) return
    complain(`${phone.name} hears the ${side} type for ${expires_in_ms} ms; that was ${ago} ms ago`, {
      ...about(phone, session_id)
    })
  }

  const heardReceipt = (phone: Phone, { delivered_seq, read_seq, session_id, side }: Answer) => {
    const row = tables.chat_sessions.get(session_id)
    if (row === undefined || side !== "customer" && side !== "mitra") return
    const [delivered, read] = [row[`${side as Side}_delivered_seq`], row[`${side as Side}_read_seq`]]
    if (delivered_seq <= delivered && read_seq <= read && read_seq <= delivered_seq) return
    complain(
      `${phone.name} heard of receipts ${delivered_seq}, ${read_seq}; they are ${delivered}, ${read}`,
      {
        ...about(phone, session_id)
      }
    )
  }

  /** Reading includes receiving, and what was said so once is not taken back. */
  const checkNoted = (phone: Phone, tag: string, payload: Answer, answer: Answer, since: number) => {
    const least = Math.min(payload["seq"], of(payload["session_id"]).last.since(since)[0] ?? 0)
    const { delivered_seq, read_seq } = answer
    if (delivered_seq >= least && (tag !== "chat.read" || read_seq >= least)) return
    complain(`${phone.name} said ${tag} of ${payload["seq"]} and is told ${delivered_seq}, ${read_seq}`, {
      ...about(phone, payload["session_id"])
    })
  }

  const checkViews = (phone: Phone, views: ReadonlyArray<Answer>, since: number) => {
    for (const { session_id, unread } of views) {
      if (typeof unread === "number") checkUnread(phone, session_id, unread, since)
    }
  }

  /** What a phone is shown first is as true as an answer. */
  const heardSnapshot = (phone: Phone, views: ReadonlyArray<Answer>) => {
    const since = subscribed.get(phone)
    subscribed.delete(phone)
    if (since !== undefined) checkViews(phone, views, since)
  }

  return {
    rows: {
      messages: ({ after, before }) => {
        if (after !== undefined && before === undefined) of(after.session_id).said[after.side].push(after.seq)
      },
      chat_sessions: ({ after, before, key }) => {
        if (after === undefined) return
        const { last, read } = of(key)
        if (after.last_seq !== before?.last_seq) last.set(context.now_ms(), after.last_seq)
        for (const side of ["customer", "mitra"] as const) {
          const [is, was] = [after[`${side}_read_seq`], before?.[`${side}_read_seq`] ?? 0]
          if (is !== was) read[side].set(context.now_ms(), is)
          if (is < was || after[`${side}_delivered_seq`] < (before?.[`${side}_delivered_seq`] ?? 0)) {
            complain("a receipt moved backwards", { session_id: key })
          }
          if (is > after[`${side}_delivered_seq`] || after[`${side}_delivered_seq`] > after.last_seq) {
            complain("something is read that did not arrive, or arrived that was never said", {
              session_id: key
            })
          }
        }
      }
    },
    sent: (phone, tag, payload) => {
      if (phone.role === "staff" || tag === "mitra.heartbeat") return
      if (tag === "chat.typing") typedAt.set(`${payload["session_id"]}/${phone.role}`, context.now_ms())
      if (tag === "events.subscribe") subscribed.set(phone, context.now_ms())
      else asked.ask(phone, keyOf(tag, payload), context.now_ms())
    },
    heard: (phone, event) => {
      if (event["_tag"] === "typing") heardTyping(phone, event)
      else if (event["_tag"] === "receipt") heardReceipt(phone, event)
      else if (event["_tag"] === "snapshot") heardSnapshot(phone, event["sessions"])
    },
    called: (phone, tag, payload, outcome) => {
      const answer = answerOf(outcome)
      if (phone.role === "staff" || tag === "mitra.heartbeat") return
      const since = asked.answered(phone, keyOf(tag, payload))
      if (answer === null || since === null) return
      if (tag === "chat.history") return checkPage(phone, payload, answer, since)
      if (tag === "chat.read" || tag === "chat.delivered") {
        return checkNoted(phone, tag, payload, answer, since)
      }
      const views: ReadonlyArray<Answer> = answer["sessions"] ?? ("unread" in answer ? [answer] : [])
      checkViews(phone, views, since)
      if (tag !== "chat.unread") return
      const sum = views.reduce((total, { unread }) => total + unread, 0)
      if (sum !== answer["total"]) complain(`${phone.name} has ${answer["total"]} unread in all, not ${sum}`)
    }
  }
}
