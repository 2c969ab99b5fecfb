// The people of the system tests: phones on real sockets, and the few steps every test begins with.
import { randomUUID } from "node:crypto"
import { ConnectionLost, Phone, sleep } from "../../testkit/phone.mjs"
import type { ServerProcess } from "../support/server-process.ts"

export interface Person {
  readonly phone: Phone
  readonly token: string
  readonly id: string
}

/** As much of a server as its phones and its bank need. */
export type Reached = Pick<ServerProcess, "httpUrl" | "socketUrl" | "webhookToken">

export const commandId = (): string => randomUUID()

export const customer = async (server: Reached, call_name = "Sari"): Promise<Person> => {
  const phone = new Phone(server.socketUrl)
  await phone.connect()
  const tokens = await phone.call("auth.sign_in_anonymous", { call_name })
  await phone.authenticate(tokens.access_token)
  await phone.subscribe()
  return { phone, token: tokens.access_token, id: tokens.user_id }
}

/** One of the three demo mitras, online. The development code needs no code to be sent first. */
export const mitra = async (server: Reached, number: 1 | 2 | 3): Promise<Person> => {
  const phone = new Phone(server.socketUrl)
  await phone.connect()
  const who = { phone: `+62811000000${number}`, user_type: "mitra" }
  const tokens = await phone.call("auth.verify_code", { ...who, code: "000000" })
  await phone.authenticate(tokens.access_token)
  await phone.subscribe()
  await phone.call("mitra.go_online", { command_id: commandId() })
  await phone.call("mitra.heartbeat", {})
  return { phone, token: tokens.access_token, id: tokens.user_id }
}

/** How the server, or the network, ended this person's connection. */
export const untilClosed = async ({ phone }: Person, withinMs = 15_000) => {
  const giveUpAt = performance.now() + withinMs
  while (phone.closed === null && performance.now() < giveUpAt) await sleep(50)
  if (phone.closed === null) throw new Error(`the connection was still open after ${withinMs} ms`)
  return phone.closed
}

/** A new connection of the same person, perhaps to another runner. */
export const reconnected = async (person: Person, server: ServerProcess): Promise<Person> => {
  const phone = new Phone(server.socketUrl)
  for (const [session, seq] of person.phone.lastSeq) phone.lastSeq.set(session, seq)
  await phone.connect()
  await phone.authenticate(person.token)
  await phone.subscribe()
  return { ...person, phone }
}

export const pay = async (
  server: Reached,
  payer: Pick<Person, "phone">,
  tier_id: string
): Promise<string> => {
  const payment = await payer.phone.call("customer.create_payment", {
    command_id: commandId(),
    tier_id,
    topic: "regular"
  })
  const answer = await confirm(server, payment.payment_id, payment.amount_idr)
  if (answer.status !== 200) throw new Error(`the webhook answered ${answer.status}: ${await answer.text()}`)
  return payment.payment_id
}

export const confirm = (server: Reached, paymentId: string, amount: number): Promise<Response> =>
  fetch(`${server.httpUrl}/api/webhooks/payments/builtin`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-callback-token": server.webhookToken },
    body: JSON.stringify({ external_id: paymentId, status: "PAID", amount, id: `invoice-${paymentId}` })
  })

/** Pays, waits for the offer and accepts it: a running chat. */
export const pair = async (server: ServerProcess, payer: Person, listener: Person, tier_id: string) => {
  await pay(server, payer, tier_id)
  const offer = await listener.phone.event("the offer", (event) => event._tag === "offer", 10_000)
  const session_id: string = offer.event.offer.session_id
  await listener.phone.call("mitra.accept", { command_id: commandId(), session_id })
  await payer.phone.event("paired", isFact("paired"), 10_000)
  return session_id
}

export const isFact = (kind: string) => (event: { _tag: string; fact?: { kind: string } }) =>
  event._tag === "session" && event.fact?.kind === kind

export const send = (person: Person, session_id: string, body: string, client_message_id = commandId()) =>
  person.phone.call("chat.send", { session_id, client_message_id, body })

/** What a phone must do when no answer came: the same message with the same id, until it is known. */
export const sendUntilKnown = async (
  person: Person,
  session_id: string,
  body: string,
  id: string,
  ms: number
) => {
  const giveUpAt = performance.now() + ms
  for (;;) {
    try {
      return await send(person, session_id, body, id)
    } catch (error) {
      if (!(error instanceof ConnectionLost) || performance.now() > giveUpAt) throw error
    }
  }
}

/** The whole history as one side reads it: [sequence, text]. */
export const history = async (person: Person, session_id: string): Promise<Array<[number, string]>> => {
  const read: Array<[number, string]> = []
  for (let after_seq = 0;;) {
    const page = await person.phone.call("chat.history", {
      session_id,
      before_seq: null,
      after_seq,
      limit: 100
    })
    for (const message of page.messages) read.push([message.seq, message.body])
    if (!page.has_more) return read
    after_seq = page.messages.at(-1).seq
  }
}
