// What phones were told: everybody the same facts, each once and in order, true to the rows, soon after they
// happened; the same end of the paid time on both phones; and after healing everybody knows the end.
import { Patience } from "../eventually-bound.ts"
import { type MakeRule, type Phone, Touched } from "../rule.ts"
import type { Answer } from "../../clients/connection.ts"

const toldWithinMs = 20_000

const ends = new Set(["completed", "request_cancelled", "pairing_failed"])

export const story: MakeRule = (scene, complain) => {
  const { tables } = scene
  const behind = new Patience(scene, toldWithinMs)
  const moved = new Touched()
  /** Facts as the first phone heard them, until the other side has heard them, too. */
  const first = new Map<string, string>()
  const oddities = new Map<Phone, number>()
  const brokenAnswers = new Set<string>()

  /** It listens to this session's story, and has done so for a while. */
  const follows = (phone: Phone, session_id: string): boolean => {
    const told = phone.told.sessions.get(session_id)
    return told !== undefined && told.last_seq > 0 && !told.isOver &&
      scene.connectedFor_ms(phone) >= toldWithinMs
  }

  const owe = (session_id: string) => {
    const row = tables.chat_sessions.get(session_id)
    for (const id of [row?.customer_id, row?.mitra_id]) {
      const phone = id == null ? undefined : scene.phoneOf(id)
      if (row === undefined || phone === undefined) continue
      const { last_seq } = row
      behind.owe(
        `${session_id}/${phone.name}`,
        () => !follows(phone, session_id) || (phone.told.sessions.get(session_id)?.last_seq ?? 0) >= last_seq,
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

  const odd = (phone: Phone) => {
    const known = oddities.get(phone) ?? 0
    const found = phone.told.oddities.slice(known)
    oddities.set(phone, known + found.length)
    for (const { detail, session_id, what } of found) {
      complain(`${phone.name}: ${what} (${detail})`, { session_id, people: [phone.name] })
    }
  }

  /** The first event of a story that the phone was not shown by a snapshot is its beginning. */
  const fromTheBeginning = (phone: Phone, session_id: string, seq: number) => {
    const told = phone.told.sessions.get(session_id)
    if (told === undefined || told.events.length !== 1 || told.declaredGaps.length > 0 || seq === 1) return
    complain(`${phone.name} was told a story from ${seq} on`, { session_id, people: [phone.name] })
  }

  return {
    rows: {
      chat_sessions: ({ after, before, key }) => {
        if (after?.last_seq !== before?.last_seq) moved.add(key)
      }
    },
    statement: () => moved.drain(owe),
    heard: (phone, event) => {
      if (event["_tag"] === "session") {
        const { fact, seq, session_id } = event
        sameForAll(phone, session_id, seq, fact)
        fromTheBeginning(phone, session_id, seq)
      } else if (event["_tag"] === "tick") sameEnd(phone, event)
      odd(phone)
    },
    called: (phone, tag, _payload, outcome) => {
      odd(phone)
      const answer = outcome as Answer
      if (answer["_tag"] !== "BrokenAnswer" || brokenAnswers.has(tag)) return
      brokenAnswers.add(tag)
      complain(`${phone.name} got an answer to ${tag} that is in no contract: ${answer["answer"]}`, {
        people: [phone.name]
      })
    },
    beat: () => behind.look(),
    end: () => {
      for (const phone of scene.phones()) atTheEnd(phone)
    }
  }

  function sameEnd(phone: Phone, tick: Answer): void {
    const session_id = tick["session_id"] as string
    const latest = phone.told.sessions.get(session_id)?.ends_at
    if (latest === undefined || latest === tick["ends_at"]) return
    complain(`${phone.name} was told that the time ends at ${latest}, then at ${tick["ends_at"]}`, {
      session_id,
      people: [phone.name]
    })
  }

  function atTheEnd(phone: Phone): void {
    if (phone.process.state !== "running" || !phone.isConnected) return
    for (const [session_id, { events, isOver, last_seq }] of phone.told.sessions) {
      if (last_seq === 0) continue
      const last = events.at(-1)?.fact
      // Whoever handed a chat over hears nothing of it any more.
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
