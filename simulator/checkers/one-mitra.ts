// 14: a chat has one mitra at a time; a mitra who handed it over receives nothing that came later and writes
// nothing in it any more, and a chat is given only to a mitra who can take it.
import { answerOf, type CheckerContext, type MakeRule, type Phone, refusalOf, Touched } from "./rule.ts"
import type { Answer } from "../clients/connection.ts"

/** One mitra's time with a chat, in its numbers: hers from its beginning on, up to `to`. */
interface Service {
  readonly mitra_id: string
  readonly from: number
  to: number
}

/** What was on its way over a slow line still arrives, and a page may be read before and shown after. */
const lateFrameMs = 15_000
/** Staff may see an old list for a while, and a runner that stood still does late what it decided before. */
const offlineMs = 60_000
const recoveryMs = 60_000
const having = new Set(["active", "extending", "closing"])

/** Which mitras had each chat, by its events, and when each mitra handed one over last. */
class Services {
  readonly #of = new Map<string, Array<Service>>()
  readonly #leftAt = new Map<string, number>()

  of(session_id: string): ReadonlyArray<Service> {
    return this.#of.get(session_id) ?? []
  }

  begin(session_id: string, mitra_id: string, seq: number, now: number): Service | undefined {
    const all = this.#of.get(session_id) ?? []
    this.#of.set(session_id, all)
    const before = all.at(-1)
    if (before !== undefined) {
      before.to = seq
      this.#leftAt.set(`${session_id}/${before.mitra_id}`, now)
    }
    all.push({ mitra_id, from: seq, to: Number.POSITIVE_INFINITY })
    return before
  }

  /** The last number that she may know of this chat; null when it never was hers. */
  readableTo(session_id: string, mitra_id: string | null): number | null {
    const hers = this.of(session_id).filter((service) => service.mitra_id === mitra_id)
    return hers.length === 0 ? null : Math.max(...hers.map(({ to }) => to))
  }

  leftAt(session_id: string, mitra_id: string | null): number | undefined {
    return this.#leftAt.get(`${session_id}/${mitra_id}`)
  }
}

const offlineSince = ({ tables }: CheckerContext, mitra_id: string): number | null => {
  const last = tables.mitra_online_logs.findLast((entry) => entry.mitra_id === mitra_id)
  return last === undefined ? 0 : last.is_online ? null : last.at
}

/** Every session that an answer or a snapshot shows, with the newest number of it that it tells. */
const shownIn = (tag: string, payload: Answer, answer: Answer): ReadonlyArray<readonly [string, number]> => {
  const views: ReadonlyArray<Answer> = answer["sessions"] ?? ("last_seq" in answer ? [answer] : [])
  const messages: ReadonlyArray<Answer> = tag === "chat.history" ? answer["messages"] : []
  return [
    ...views.flatMap(({ last_seq, session_id }) =>
      last_seq === undefined ? [] : [[session_id, last_seq] as const]
    ),
    ...messages.map(({ seq }) => [payload["session_id"], seq] as const)
  ]
}

export const oneMitra: MakeRule = (context, complain) => {
  const { tables } = context
  const services = new Services()
  const touched = new Touched()

  /** The row and the assignments agree with the session's events. */
  const check = (session_id: string) => {
    const row = tables.chat_sessions.get(session_id)
    const all = services.of(session_id)
    const mitra_id = all.at(-1)?.mitra_id ?? null
    if (row === undefined) return
    if (row.mitra_id !== mitra_id) {
      return complain("the row names another mitra than the event log", { session_id })
    }
    const open = all.filter((service, position) => {
      const assignment = tables.mitra_assignments.get(`${session_id}/${position}`)
      if (assignment?.mitra_id !== service.mitra_id) {
        complain("the assignments are not those of the event log", { session_id })
      }
      return assignment?.ended_at === null
    })
    if (tables.mitra_assignments.has(`${session_id}/${all.length}`)) {
      complain("an assignment was made that nobody was told of", { session_id })
    }
    if (open.length !== (having.has(row.status) ? 1 : 0)) {
      complain(`a chat that is ${row.status} has ${open.length} mitras`, { session_id })
    }
  }

  const handedOver = (session_id: string, from: string, to: string, seq: number) => {
    const about = { session_id, people: [from, to].flatMap((id) => context.phoneOf(id)?.name ?? []) }
    const before = services.begin(session_id, to, seq, context.now_ms())
    if (before?.mitra_id !== from) complain("a chat was handed over by somebody who did not have it", about)
    if (from === to) complain("a chat was handed over to the one who has it", about)
    if (tables.mitras.get(to)?.is_active !== true) complain("a chat was given to a deactivated mitra", about)
    const since = offlineSince(context, to)
    const isLong = since !== null && context.now_ms() - since > offlineMs
    if (isLong && context.calmFor_ms() > recoveryMs) {
      complain("a chat was given to a mitra who is offline", about)
    }
  }

  const showed = (phone: Phone, session_id: string, seq: number, how: string) => {
    if (phone.role !== "mitra") return
    const readable = services.readableTo(session_id, phone.id)
    if (readable !== null && seq <= readable) return
    complain(
      readable === null
        ? `${phone.name} ${how} ${seq} of a chat that never was hers`
        : `${phone.name} ${how} ${seq}, but handed the chat over at ${readable}`,
      { session_id, people: [phone.name] }
    )
  }

  /** Events without a number (typing, receipts, ticks) must not reach a mitra who left the chat long ago. */
  const heardTransient = (phone: Phone, { _tag, session_id }: Answer) => {
    if (phone.role !== "mitra" || services.readableTo(session_id, phone.id) === Number.POSITIVE_INFINITY) {
      return
    }
    const left = services.leftAt(session_id, phone.id)
    if (left === undefined || context.now_ms() - left < lateFrameMs || context.calmFor_ms() < recoveryMs) {
      return
    }
    complain(`${phone.name} handed the chat over and still hears ${_tag}`, {
      session_id,
      people: [phone.name]
    })
  }

  const rerouted = (tag: string, payload: Answer, outcome: Answer, isAnswer: boolean) => {
    if (tag !== "admin.reroute") return
    const { from_mitra_id, mitra_id, session_id } = payload
    const all = services.of(session_id)
    if (isAnswer && !all.some((service) => service.mitra_id === mitra_id)) {
      complain("staff were told that a chat was handed over; nobody took it", { session_id })
    }
    const alwaysHers = all.length === 1 && all[0]?.mitra_id === from_mitra_id
    if (!isAnswer && refusalOf(outcome) === "STALE_WRITE" && alwaysHers) {
      complain("staff were told that the chat changed hands; it did not", { session_id })
    }
  }

  return {
    rows: {
      session_events: ({ after }) => {
        if (after === undefined) return
        const { event, seq, session_id } = after
        if (event._tag === "Paired") services.begin(session_id, event.mitra_id, seq, context.now_ms())
        else if (event._tag === "Rerouted") handedOver(session_id, event.from_mitra_id, event.mitra_id, seq)
        else return
        touched.add(session_id)
      },
      mitra_assignments: ({ after, before }) => {
        for (const row of [before, after]) if (row !== undefined) touched.add(row.session_id)
      },
      chat_sessions: ({ after, before, key }) => {
        if (after?.mitra_id !== before?.mitra_id || after?.status !== before?.status) touched.add(key)
      },
      messages: ({ after }) => {
        if (after?.side !== "mitra") return
        const { sender_id, seq, session_id } = after
        const service = services.of(session_id).findLast(({ from }) => from < seq)
        if (service?.mitra_id === sender_id && seq < service.to) return
        complain(`message ${seq} is of a mitra who does not have the chat`, { session_id })
      }
    },
    statement: () => touched.drain(check),
    heard: (phone, event) => {
      const { _tag, seq, session_id, sessions } = event
      if (_tag === "session") showed(phone, session_id, seq, "heard")
      else if (_tag === "typing" || _tag === "receipt" || _tag === "tick") heardTransient(phone, event)
      else if (_tag === "snapshot") {
        for (const view of sessions) showed(phone, view.session_id, view.last_seq, "was shown")
      }
    },
    called: (phone, tag, payload, outcome) => {
      const answer = answerOf(outcome)
      rerouted(tag, payload, answer ?? outcome as Answer, answer !== null)
      if (answer === null || phone.role !== "mitra") return
      for (const [session_id, seq] of shownIn(tag, payload, answer)) {
        showed(phone, session_id, seq, "was shown")
      }
    }
  }
}
