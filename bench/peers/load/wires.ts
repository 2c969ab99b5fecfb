// The two languages a phone of the bench speaks: the product's wire (docs/wire.md) and the plain JSON of
// the baselines. Both are translated to the same few calls and happenings, so that one load drives all
// contenders.
import { randomUUID } from "node:crypto"

export interface Person {
  readonly id: string
  readonly kind: "customer" | "mitra"
  readonly token: string
  /** One of its own, as seen through a balancer: limits per address are not what is measured. */
  readonly address: string
}

export interface Happening {
  readonly event:
    | "snapshot"
    | "message"
    | "offer"
    | "offer_closed"
    | "paired"
    | "receipt"
    | "typing"
    | "other"
  readonly chat?: string
  readonly seq?: number
  /** Of a message: the id its sender made. */
  readonly id?: string
  readonly side?: "customer" | "mitra"
}

/** As much of a call as any of them takes. */
export interface Asked {
  readonly chat?: string
  readonly id?: string
  readonly body?: string
  readonly seq?: number
  readonly since?: ReadonlyArray<readonly [string, number]>
}

export interface Answer {
  /** null: the call succeeded. */
  readonly refused: string | null
  readonly retry_after_ms: number
  readonly payment?: string
  readonly amount?: number
}

export interface Receiver {
  readonly answered: (call: number, answer: Answer) => void
  readonly happened: (what: Happening) => void
  readonly reply: (frame: string) => void
}

export type CallName =
  | "subscribe"
  | "send"
  | "delivered"
  | "read"
  | "typing"
  | "heartbeat"
  | "online"
  | "offline"
  | "order"
  | "cancel"
  | "accept"
  | "end"

export interface Wire {
  readonly path: string
  readonly protocols: ReadonlyArray<string>
  readonly encode: (call: number, name: CallName, asked: Asked) => string
  readonly read: (frame: string, to: Receiver) => void
}

const taken: Answer = { refused: null, retry_after_ms: 0 }

const productCalls: Record<CallName, readonly [string, (asked: Asked) => object]> = {
  subscribe: ["events.subscribe", ({ since = [] }) => ({
    since: since.map(([session_id, seq]) => ({ session_id, seq }))
  })],
  send: ["chat.send", ({ body, chat, id }) => ({ session_id: chat, client_message_id: id, body })],
  delivered: ["chat.delivered", ({ chat, seq }) => ({ session_id: chat, seq })],
  read: ["chat.read", ({ chat, seq }) => ({ session_id: chat, seq })],
  typing: ["chat.typing", ({ chat }) => ({ session_id: chat })],
  heartbeat: ["mitra.heartbeat", () => ({})],
  online: ["mitra.go_online", () => ({ command_id: randomUUID() })],
  offline: ["mitra.go_offline", () => ({ command_id: randomUUID() })],
  order: [
    "customer.create_payment",
    () => ({ command_id: randomUUID(), tier_id: "chat_60", topic: "regular" })
  ],
  cancel: ["customer.cancel", ({ chat }) => ({ command_id: randomUUID(), session_id: chat })],
  accept: ["mitra.accept", ({ chat }) => ({ command_id: randomUUID(), session_id: chat })],
  end: ["chat.end", ({ chat }) => ({ command_id: randomUUID(), session_id: chat })]
}

// Frames are JSON from outside: what they hold is looked at field by field.
// oxlint-disable-next-line typescript/no-explicit-any
type Json = any

const productAnswer = (exit: Json): Answer => {
  if (exit._tag === "Success") {
    return exit.value?.payment_id === undefined
      ? taken
      : { ...taken, payment: exit.value.payment_id, amount: exit.value.amount_idr }
  }
  const error = exit.cause?.find((part: Json) => part._tag === "Fail")?.error
  const { retry_after_ms, retry_after_seconds = 0 } = error?.details ?? {}
  return {
    refused: error?.code ?? error?._tag ?? "Interrupted",
    // Limits of a socket say milliseconds, quotas say seconds.
    retry_after_ms: error?.retry_after_ms ?? retry_after_ms ?? retry_after_seconds * 1000
  }
}

const productEvent = (event: Json): Happening => {
  const chat = event.session_id
  if (event._tag === "session") {
    const { fact, seq } = event
    if (fact.kind === "message") {
      return { event: "message", chat, seq, id: fact.message.client_message_id, side: fact.message.side }
    }
    return { event: fact.kind === "paired" ? "paired" : "other", chat, seq }
  }
  if (event._tag === "offer") return { event: "offer", chat: event.offer.session_id }
  if (["snapshot", "offer_closed", "receipt", "typing"].includes(event._tag)) {
    return { event: event._tag, chat }
  }
  return { event: "other" }
}

const creditOffered = 32
/** By phone: how many chunks of its event stream it may leave unanswered, and how many it has. */
const flows = new WeakMap<object, { credit: number; unanswered: number }>()

/** As testkit/phone.mjs: each chunk, until the server has taken the credit; then half of it at a time. */
const acknowledge = (frame: Json, to: Receiver) => {
  const isNew = frame.values[0]._tag === "snapshot" && frame.credit === undefined
  const flow = (isNew ? undefined : flows.get(to)) ?? { credit: 1, unanswered: 0 }
  flows.set(to, flow)
  flow.credit = frame.credit ?? flow.credit
  flow.unanswered += 1
  if (flow.unanswered < flow.credit / 2) return
  to.reply(JSON.stringify({
    _tag: "Ack",
    requestId: frame.requestId,
    chunks: flow.unanswered,
    credit: creditOffered
  }))
  flow.unanswered = 0
}

export const productWire: Wire = {
  path: "/ws",
  protocols: ["halobestie.v1"],
  encode: (call, name, asked) => {
    const [tag, payload] = productCalls[name]
    return JSON.stringify({ _tag: "Request", id: call, tag, payload: payload(asked), headers: [] })
  },
  read: (text, to) => {
    const frame: Json = JSON.parse(text)
    if (frame._tag === "Exit") return to.answered(Number(frame.requestId), productAnswer(frame.exit))
    if (frame._tag !== "Chunk") throw new Error(`the server did not understand the bench: ${text}`)
    for (const value of frame.values) to.happened(productEvent(value))
    acknowledge(frame, to)
  }
}

/** `{"n":1,"call":"send",...}` is answered by `{"n":1,...}`, or with `no`; everything else is a happening. */
export const plainWire: Wire = {
  path: "/ws",
  protocols: [],
  encode: (call, name, asked) => JSON.stringify({ n: call, call: name, ...asked }),
  read: (text, to) => {
    const frame: Json = JSON.parse(text)
    if (frame.n === undefined) return to.happened(frame)
    to.answered(frame.n, {
      ...taken,
      refused: frame.no ?? null,
      payment: frame.payment,
      amount: frame.amount
    })
  }
}

export const wires = { product: productWire, plain: plainWire }
