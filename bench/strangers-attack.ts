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

const keepAsking = async (phone: Phone, first: number): Promise<void> => {
  for (let n = first; !over.signal.aborted; n += 1) {
    const ask = kind === "unknown chats" ? unknownChat : free[n % free.length]!
    const done = await ask(phone).then(
      () => true,
      (error: { code?: string }) => error.code !== "RATE_LIMITED"
    )
    answered += 1
    // A script that wants to go on for long heeds the rate; refusals cost nobody anything.
    if (!done) await pause()
  }
}

const begin = async () => {
  for (let account = 0; account < accounts; account += 1) {
    const phone = new Phone(url)
    await phone.connect()
    const tokens = await phone.call("auth.sign_in_anonymous", { call_name: `Stranger ${account}` })
    await phone.authenticate(tokens.access_token)
    for (let n = 0; n < in_flight; n += 1) void keepAsking(phone, n).catch(() => undefined)
  }
  parentPort?.postMessage("ready")
}

parentPort?.on("message", () => {
  over.abort()
  parentPort?.postMessage(answered)
})

await begin()
