// What a chat message costs the whole server: real sockets, handlers, actors, journal, bus and event stream,
// on the embedded Postgres. `npm run bench -- messages [folder of another checkout]` holds two versions of
// the server against each other, round by round.
import * as Effect from "effect/Effect"
import { randomUUID } from "node:crypto"
import { readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { Phone } from "../demo/phone.mjs"

const mitras = 3
const chatsEach = 3
const messagesEach = 150
const rounds = 5
const webhookToken = "the-bench-plays-the-bank"
const ticksPerMs = 0.1

interface Server {
  readonly httpUrl: string
  readonly socketUrl: string
  readonly stop: () => Promise<unknown>
}

interface Chat {
  readonly customer: Phone
  readonly mitra: Phone
  readonly session_id: string
}

interface Cost {
  readonly cpu_us: number
  readonly per_second: number
}

const children = (): ReadonlyArray<string> =>
  readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").split(" ").filter((pid) => pid !== "")

/** CPU time of the server's own process, without its database. */
const cpuMs = (pid: string): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return (Number(fields[11]) + Number(fields[12])) / ticksPerMs
}

const started = (checkout: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const { startServer } = await import(join(checkout, "demo/server-process.mjs"))
      const before = new Set(children())
      const server: Server = await startServer(webhookToken, () => {})
      const pid = children().find((child) => !before.has(child)) ?? ""
      return { checkout, pid, server }
    }),
    ({ server }) => Effect.promise(() => server.stop())
  )

const comes = async (phone: Phone, signIn: () => Promise<{ readonly access_token: string }>) => {
  await phone.connect()
  await phone.authenticate((await signIn()).access_token)
  await phone.subscribe()
}

const mitraComes = async (server: Server, number: number): Promise<Phone> => {
  const phone = new Phone(server.socketUrl)
  const who = { phone: `+62811000000${number}`, user_type: "mitra", code: "000000" }
  await comes(phone, () => phone.call("auth.verify_code", who))
  await phone.call("mitra.go_online", { command_id: randomUUID() })
  await phone.call("mitra.heartbeat", {})
  phone.keepBeating(30)
  return phone
}

const chatBegins = async (server: Server, mitra: Phone): Promise<Chat> => {
  const customer = new Phone(server.socketUrl)
  await comes(customer, () => customer.call("auth.sign_in_anonymous", { call_name: "Sari" }))
  const order = { command_id: randomUUID(), tier_id: "chat_60", topic: "regular" }
  const { amount_idr: amount, payment_id } = await customer.call("customer.create_payment", order)
  await fetch(`${server.httpUrl}/api/webhooks/payments/builtin`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-callback-token": webhookToken },
    body: JSON.stringify({ external_id: payment_id, status: "PAID", amount, id: `invoice-${payment_id}` })
  })
  const { session_id } = await customer.call("customer.payment_status", { payment_id })
  const offered = (event: { _tag: string; offer?: { session_id: string } }) =>
    event._tag === "offer" && event.offer?.session_id === session_id
  await mitra.event("the offer", offered, 10_000)
  await mitra.call("mitra.accept", { command_id: randomUUID(), session_id })
  return { customer, mitra, session_id }
}

/** Each message is answered before the next; her phone acknowledges it, and says how far it came. */
const talks = async ({ customer, mitra, session_id }: Chat): Promise<void> => {
  let last = 0
  for (let count = 0; count < messagesEach; count += 1) {
    const message = { session_id, client_message_id: randomUUID(), body: "Halo kak, apa kabar hari ini?" }
    last = (await customer.call("chat.send", message)).seq
    if (count % 3 === 2) await mitra.call("chat.delivered", { session_id, seq: last })
  }
  await mitra.call("chat.read", { session_id, seq: last })
}

const measure = async (pid: string, chats: ReadonlyArray<Chat>): Promise<Cost> => {
  const [cpuBefore, before] = [cpuMs(pid), performance.now()]
  await Promise.all(chats.map(talks))
  const sent = chats.length * messagesEach
  return {
    cpu_us: (cpuMs(pid) - cpuBefore) * 1_000 / sent,
    per_second: sent / (performance.now() - before) * 1_000
  }
}

const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

const line = (name: string, costs: ReadonlyArray<Cost>): string =>
  `${median(costs.map(({ cpu_us }) => cpu_us)).toFixed(0).padStart(6)} us of CPU a message` +
  `   ${median(costs.map(({ per_second }) => per_second)).toFixed(0).padStart(6)} messages/s   ${name}`

const chatsOn = async (server: Server): Promise<ReadonlyArray<Chat>> => {
  const chats: Array<Chat> = []
  for (let number = 1; number <= mitras; number += 1) {
    const mitra = await mitraComes(server, number)
    for (let chat = 0; chat < chatsEach; chat += 1) chats.push(await chatBegins(server, mitra))
  }
  return chats
}

export const bench = Effect.scoped(Effect.gen(function*() {
  const other = process.argv[3]
  const checkouts = [resolve("."), ...(other === undefined ? [] : [resolve(other)])]
  const servers = yield* Effect.forEach(checkouts, started)
  const costs = servers.map((): Array<Cost> => [])
  yield* Effect.promise(async () => {
    const chats = await Promise.all(servers.map(({ server }) => chatsOn(server)))
    // The first round only warms up.
    for (let round = 0; round <= rounds; round += 1) {
      for (const [index, { pid }] of servers.entries()) {
        const cost = await measure(pid, chats[index] ?? [])
        if (round > 0) costs[index]?.push(cost)
      }
    }
    for (const { customer, mitra } of chats.flat()) {
      customer.hangUp()
      mitra.hangUp()
    }
  })
  const ratios = costs[0]?.map(({ cpu_us }, round) => (costs[1]?.[round]?.cpu_us ?? Number.NaN) / cpu_us) ??
    []
  yield* Effect.log([
    `${mitras * chatsEach} chats, one message in flight in each, medians of ${rounds} rounds`,
    ...servers.map(({ checkout }, index) => line(checkout, costs[index] ?? [])),
    ...(other === undefined ? [] : [`the other costs ${median(ratios).toFixed(2)} times as much`])
  ].join("\n"))
}))
