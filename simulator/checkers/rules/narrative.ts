// What phones were told of a session: all of them the same facts, once, in order, as written in the rows, and
// soon after they happened; the same end of the paid time on both; and after healing how the session ended.
import { EventuallyBound } from "../eventually-bound.ts"
import { type MakeRule, type Phone, Touched } from "../rule.ts"
import type { Answer } from "../../clients/connection.ts"

const deliveredWithinMs = 20_000

const ends = new Set(["completed", "request_cancelled", "pairing_failed"])

export const narrative: MakeRule = (context, complain) => {
  const { tables } = context
  const behind = new EventuallyBound(context, deliveredWithinMs)
  const moved = new Touched()
  /** Facts as the first phone heard them, until the other side has heard them, too. */
  const first = new Map<string, string>()
  const oddities = new Map<Phone, number>()
  const brokenAnswers = new Set<string>()

  /** The phone receives this session's events, and has been connected for a while. */
  const follows = (phone: Phone, session_id: string): boolean => {
    const session = phone.clientState.sessions.get(session_id)
    return session !== undefined && session.last_seq > 0 && !session.isOver &&
      context.connectedFor_ms(phone) >= deliveredWithinMs
  }

  const expectDelivery = (session_id: string) => {
    const row = tables.chat_sessions.get(session_id)
    for (const id of [row?.customer_id, row?.mitra_id]) {
      const phone = id == null ? undefined : context.phoneOf(id)
      if (row === undefined || phone === undefined) continue
      const { last_seq } = row
      behind.expect(
        `${session_id}/${phone.name}`,
        () =>
          !follows(phone, session_id) ||
          (phone.clientState.sessions.get(session_id)?.last_seq ?? 0) >= last_seq,
        () => complain(`${phone.name} was not told of ${last_seq}`, { session_id, people: [phone.name] })
      )
    }
  }

  const sameForAll = (phone: Phone, session_id: string, seq: number, fact: Answer) => {
    const key = `${session_id}/${seq}`
    const text = JSON.stringify(fact)
    const before = first.get(key)
    if (before === undefined) first.set(key, text)
    else if (before === text) first.delete(key)
    else {
      complain(`${phone.name} heard ${text}; another phone heard ${before}`, {
        session_id,
        people: [phone.name]
      })
    }
    const stored = tables.session_events.get(key)
    if (stored === undefined && !tables.messages.has(key)) {
      complain(`${phone.name} heard ${seq}, which is not written`, { session_id, people: [phone.name] })
    }
  }

  const reportOddities = (phone: Phone) => {
    const known = oddities.get(phone) ?? 0
    const found = phone.clientState.oddities.slice(known)
    oddities.set(phone, known + found.length)
    for (const { detail, session_id, what } of found) {
      complain(`${phone.name}: ${what} (${detail})`, { session_id, people: [phone.name] })
    }
  }

  /** A session that no snapshot showed to the phone starts with its first event. */
  const fromTheBeginning = (phone: Phone, session_id: string, seq: number) => {
    const session = phone.clientState.sessions.get(session_id)
    if (
      session === undefined || session.events.length !== 1 || session.declaredGaps.length > 0 || seq === 1
    ) return
    complain(`${phone.name} was told the events only from ${seq} on`, { session_id, people: [phone.name] })
  }

  return {
    rows: {
      chat_sessions: ({ after, before, key }) => {
        if (after?.last_seq !== before?.last_seq) moved.add(key)
      }
    },
    statement: () => moved.drain(expectDelivery),
    heard: (phone, event) => {
      if (event["_tag"] === "session") {
        const { fact, seq, session_id } = event
        sameForAll(phone, session_id, seq, fact)
        fromTheBeginning(phone, session_id, seq)
      } else if (event["_tag"] === "tick") sameEnd(phone, event)
      reportOddities(phone)
    },
    called: (phone, tag, _payload, outcome) => {
      reportOddities(phone)
      const answer = outcome as Answer
      if (answer["_tag"] !== "BrokenAnswer" || brokenAnswers.has(tag)) return
      brokenAnswers.add(tag)
      complain(`${phone.name} got an answer to ${tag} that is in no contract: ${answer["answer"]}`, {
        people: [phone.name]
      })
    },
    onInterval: () => behind.check(),
    end: () => {
      for (const phone of context.phones()) atTheEnd(phone)
    }
  }

  function sameEnd(phone: Phone, tick: Answer): void {
    const session_id = tick["session_id"] as string
    const latest = phone.clientState.sessions.get(session_id)?.ends_at
    if (latest === undefined || latest === tick["ends_at"]) return
    complain(`${phone.name} was told that the time ends at ${latest}, then at ${tick["ends_at"]}`, {
      session_id,
      people: [phone.name]
    })
  }

  function atTheEnd(phone: Phone): void {
    if (phone.process.state !== "running" || !phone.isConnected) return
    for (const [session_id, { events, isOver, last_seq }] of phone.clientState.sessions) {
      if (last_seq === 0) continue
      const last = events.at(-1)?.fact
      // A mitra who handed the chat over receives no more of its events.
      if (last?.["kind"] === "rerouted" && last["from_mitra_id"] === phone.id) continue
      const row = tables.chat_sessions.get(session_id)
      const heardEnd = ends.has(last?.["kind"])
      const about = { session_id, people: [phone.name] }
      if (!isOver) complain(`${phone.name} was never told how it ended`, about)
      else if (heardEnd && row !== undefined && row.last_seq !== last_seq) {
        complain(`${phone.name} has heard ${last_seq} of ${row.last_seq}`, about)
      }
    }
  }
}
