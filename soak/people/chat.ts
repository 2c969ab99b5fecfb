// One chat as both sides know it: what each wrote, what was acknowledged with which number, and at the end
// whether both histories say exactly that.
import { randomUUID } from "node:crypto"
import { sleep } from "../../testkit/phone.mjs"
import type { Site } from "../site.ts"
import { isRefused, type Person, type Wire } from "./person.ts"

export type Side = "customer" | "mitra"

interface Written {
  readonly id: string
  readonly body: string
  /** Null: the answer was no, or it never came. */
  seq: number | null
}

interface Line {
  readonly seq: number
  readonly client_message_id: string
  readonly side: Side
  readonly body: string
}

export interface Chat {
  readonly session_id: string
  readonly mitra: Person
  /** When she said yes first: the paid time began then or later. */
  readonly acceptedAt: number
  readonly customerWrote: Array<Written>
  readonly mitraWrote: Array<Written>
  /** The mitra has written her last. */
  mitraIsDone: boolean
}

/** Writes one message after the other until the paid time is over. */
export const write = async (
  person: Person,
  chat: Chat,
  side: Side,
  everyMs: () => number,
  isEnough: () => boolean
): Promise<void> => {
  const wrote = side === "customer" ? chat.customerWrote : chat.mitraWrote
  while (!person.isLeaving && !isEnough()) {
    const message: Written = { id: randomUUID(), body: `${side} ${wrote.length}`, seq: null }
    wrote.push(message)
    const answered = person.site.findings.waiting(`${chat.session_id} ${side}`)
    try {
      const { session_id } = chat
      const payload = { session_id, client_message_id: message.id, body: message.body }
      const { seq } = await person.call("chat.send", payload)
      message.seq = seq
      person.site.findings.count("messages acknowledged")
    } catch (error) {
      if (isRefused(error, "SESSION_CLOSING", "SESSION_OVER")) return
      throw error
    } finally {
      answered()
    }
    await sleep(everyMs())
  }
}

const historyOf = async (person: Person, session_id: string): Promise<ReadonlyArray<Line>> => {
  const lines: Array<Line> = []
  for (let after_seq = 0;;) {
    const page = await person.call("chat.history", { session_id, before_seq: null, after_seq, limit: 100 })
    lines.push(
      ...page.messages.map(({ body, client_message_id, seq, side }: Wire) => ({
        seq,
        client_message_id,
        side,
        body
      }))
    )
    if (!page.has_more) return lines
    after_seq = lines.at(-1)!.seq
  }
}

const problemsOf = (
  side: Side,
  wrote: ReadonlyArray<Written>,
  history: ReadonlyArray<Line>
): Array<string> => {
  const problems: Array<string> = []
  const mine = history.filter((line) => line.side === side)
  const known = new Map(wrote.map((message, index) => [message.id, { message, index }]))
  const seen = new Set<string>()
  let last = -1
  for (const { body, client_message_id, seq } of mine) {
    const found = known.get(client_message_id)
    if (found === undefined) problems.push(`${side}'s #${seq} "${body}" was never written`)
    else if (seen.has(client_message_id)) problems.push(`${side}'s "${body}" is there twice`)
    else if (found.index < last) problems.push(`${side}'s "${body}" came out of order`)
    else if (found.message.body !== body) problems.push(`${side}'s "${found.message.body}" became "${body}"`)
    seen.add(client_message_id)
    last = found?.index ?? last
  }
  for (const { body, id, seq } of wrote) {
    const line = mine.find(({ client_message_id }) => client_message_id === id)
    if (seq !== null && line?.seq !== seq) {
      problems.push(
        `${side}'s "${body}" was acknowledged as #${seq} and is ${line ? `#${line.seq}` : "lost"}`
      )
    }
  }
  return problems
}

/** Both histories against what both wrote. */
export const verifyChat = async (site: Site, chat: Chat, customer: Person): Promise<void> => {
  const [one, other] = await Promise.all([
    historyOf(customer, chat.session_id),
    historyOf(chat.mitra, chat.session_id)
  ])
  const problems = [
    ...problemsOf("customer", chat.customerWrote, one),
    ...problemsOf("mitra", chat.mitraWrote, one),
    ...(JSON.stringify(one) === JSON.stringify(other) ? [] : ["the two histories differ"])
  ]
  for (const problem of problems) site.findings.violation(`chat ${chat.session_id}: ${problem}`)
  site.findings.count("chats verified")
}
