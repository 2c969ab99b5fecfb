// The strangers of `npm run bench -- strangers`, in a thread of their own: free accounts, each with as many
// calls in flight as a socket may have, about chats that are not theirs or about all that is free to ask.
import { randomUUID } from "node:crypto"
import { parentPort, workerData } from "node:worker_threads"
import { Phone } from "../testkit/phone.mjs"

interface Order {
  readonly url: string
  readonly accounts: number
  readonly in_flight: number
  readonly kind: "unknown chats" | "everything free"
}

const { accounts, in_flight, kind, url } = workerData as Order
let answered = 0
const over = new AbortController()

const unknownChat = (phone: Phone) =>
  phone.call("chat.send", {
    session_id: randomUUID(),
    client_message_id: randomUUID(),
    body: "is anybody there?"
  })

const free: ReadonlyArray<(phone: Phone) => Promise<unknown>> = [
  unknownChat,
  (phone) => phone.call("customer.pricing", {}),
  (phone) => phone.call("customer.pending_payments", {}),
  (phone) => phone.call("chat.sessions", { before: null, limit: 50 }),
  (phone) => phone.call("chat.unread", {})
]

const pause = () => new Promise((resolve) => setTimeout(resolve, 20))

/** Until the socket is closed, by whomever. */
const keepAsking = async (phone: Phone, first: number): Promise<void> => {
  for (let n = first; !over.signal.aborted && phone.closed === null; n += 1) {
    const ask = kind === "unknown chats" ? unknownChat : free[n % free.length]!
    const refusal = await ask(phone).then(() => null, (error: { code?: string }) => error.code ?? "lost")
    answered += 1
    // A script that wants to go on for long heeds the rate; refusals of it cost nobody anything.
    if (refusal === "RATE_LIMITED" || refusal === "TOO_MANY_REQUESTS" || refusal === "lost") await pause()
  }
}

/** Comes back when it was closed for flooding. */
const stay = async (token: string): Promise<void> => {
  while (!over.signal.aborted) {
    const phone = new Phone(url)
    await phone.connect(token).catch(pause)
    await Promise.all(Array.from({ length: in_flight }, (_, n) => keepAsking(phone, n)))
    await pause()
  }
}

const begin = async () => {
  for (let account = 0; account < accounts; account += 1) {
    const phone = new Phone(url)
    await phone.connect()
    const tokens = await phone.call("auth.sign_in_anonymous", { call_name: `Stranger ${account}` })
    phone.hangUp()
    void stay(tokens.access_token)
  }
  parentPort?.postMessage("ready")
}

parentPort?.on("message", () => {
  over.abort()
  parentPort?.postMessage(answered)
})

await begin()
