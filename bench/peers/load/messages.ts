// Messages through running chats, from both sides in turn: every one acknowledged, and counted again where
// it must arrive. With receipts the receiver tells how far it came, one call at a time per chat, as a phone
// does.
import { paced, type Pace, quantiles } from "./pace.ts"
import type { Phone } from "./phone.ts"
import type { Happening } from "./wires.ts"

export interface Chat {
  readonly chat: string
  readonly customer: string
  readonly mitra: string
}

export interface MessagesAsked {
  readonly chats: ReadonlyArray<Chat>
  /** In front of every message's id: unlike any other round's. */
  readonly tag: string
  readonly pace: Pace
  readonly receipts: boolean
  readonly typing: boolean
}

const body = "Halo kak, apa kabar hari ini? Aku mau cerita sedikit."
const readEvery = 5
const typingEvery = 3

interface Counting {
  readonly inFlight: (delta: number) => void
  readonly refused: () => void
}

/** One call at a time: while it is in flight, what arrives waits for the next. */
const receipt = (phone: Phone, chat: string, seq: number, counting: Counting): void => {
  const state = phone.receipts.get(chat) ?? { wanted: 0, told: 0, asking: false }
  phone.receipts.set(chat, state)
  state.wanted = Math.max(state.wanted, seq)
  if (state.asking || state.wanted <= state.told) return
  state.asking = true
  const telling = state.wanted
  counting.inFlight(1)
  phone.call(telling % readEvery === 0 ? "read" : "delivered", { chat, seq: telling }, (answer) => {
    const again = () => {
      state.asking = false
      counting.inFlight(-1)
      receipt(phone, chat, state.wanted, counting)
    }
    if (answer.refused === null) state.told = telling
    if (answer.retry_after_ms === 0) return again()
    counting.refused()
    setTimeout(again, answer.retry_after_ms)
  })
}

/** What arrived, by the number in a message's id; nothing is due twice. */
const arrivals = (tag: string) => {
  const due = new Map<number, number>()
  const waits: Array<number> = []
  let delivered = 0
  let doubled = 0
  const seen = new Set<number>()
  return {
    due,
    waits,
    counts: () => ({ delivered, doubled }),
    take: (what: Happening) => {
      if (what.id === undefined || !what.id.startsWith(tag)) return
      const nth = Number(what.id.slice(tag.length + 1))
      if (seen.has(nth)) return void (doubled += 1)
      seen.add(nth)
      delivered += 1
      waits.push(performance.now() - (due.get(nth) ?? Number.NaN))
    }
  }
}

export const messages = async (phones: ReadonlyMap<string, Phone>, asked: MessagesAsked) => {
  const { chats, pace, tag } = asked
  const arrived = arrivals(tag)
  let [acknowledged, repeated, receiptsInFlight] = [0, 0, 0]
  const counting: Counting = {
    inFlight: (delta) => void (receiptsInFlight += delta),
    refused: () => void (repeated += 1)
  }
  const hear = (phone: Phone, what: Happening) => {
    if (what.event !== "message" || what.side === phone.person.kind) return
    arrived.take(what)
    if (!asked.receipts) return
    receipt(phone, what.chat ?? "", what.seq ?? 0, counting)
  }
  const talking = chats.flatMap(({ customer, mitra }) => [phones.get(customer)!, phones.get(mitra)!])
  for (const phone of talking) phone.hear = hear
  const act = (nth: number, due: number, done: () => void) => {
    const { chat, customer, mitra } = chats[nth % chats.length]!
    const phone = phones.get(Math.floor(nth / chats.length) % 2 === 0 ? customer : mitra)!
    arrived.due.set(nth, due)
    const say = () =>
      phone.call("send", { chat, id: `${tag}-${nth}`, body }, (answer) => {
        if (answer.refused === null) return (acknowledged += 1, done())
        if (answer.retry_after_ms === 0) throw new Error(`a message was refused: ${answer.refused}`)
        repeated += 1
        setTimeout(say, answer.retry_after_ms)
      })
    if (asked.typing && nth % typingEvery === 0) phone.call("typing", { chat }, () => {})
    say()
  }
  const run = await paced(
    pace,
    act,
    () => arrived.counts().delivered === arrived.due.size && receiptsInFlight === 0
  )
  for (const phone of talking) phone.hear = () => {}
  return {
    sent: run.done,
    acknowledged,
    repeated,
    ...arrived.counts(),
    took_ms: run.took_ms,
    ack: quantiles(run.waits),
    arrival: quantiles(arrived.waits)
  }
}
