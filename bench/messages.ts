// What a chat message costs the whole server: real sockets, handlers, actors, journal, bus and event stream,
// on the embedded Postgres. `npm run bench -- messages [folder of another checkout]` holds two versions of
// the server against each other, round by round.
import * as Effect from "effect/Effect"
import { readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import type { Phone } from "../testkit/phone.mjs"
import { commandId, customer, mitra as mitraComes, pay, type Reached } from "../test/system/people.ts"
import { cpuMsOf, median } from "./measuring.ts"

const mitras = [1, 2, 3] as const
const chatsEach = 3
/** In all rounds together no more than one side of a chat may send at once. */
const messagesEach = 95
const rounds = 5
const webhookToken = "the-bench-plays-the-bank"

interface Server extends Reached {
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

const children = (): ReadonlyArray<number> =>
  readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").split(" ").filter((pid) => pid !== "").map(
    Number
  )

const started = (checkout: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const { startServer } = await import(join(checkout, "demo/server-process.mjs"))
      const before = new Set(children())
      const server: Server = { ...await startServer(webhookToken, () => {}), webhookToken }
      // The server's own process: its database is a child of that one.
      const pid = children().find((child) => !before.has(child)) ?? 0
      return { checkout, pid, server }
    }),
    ({ server }) => Effect.promise(() => server.stop())
  )

const chatBegins = async (server: Server, mitra: Phone): Promise<Chat> => {
  const { phone } = await customer(server)
  const payment_id = await pay(server, { phone }, "chat_60")
  const { session_id } = await phone.call("customer.payment_status", { payment_id })
  const offered = (event: { _tag: string; offer?: { session_id: string } }) =>
    event._tag === "offer" && event.offer?.session_id === session_id
  await mitra.event("the offer", offered, 10_000)
  await mitra.call("mitra.accept", { command_id: commandId(), session_id })
  return { customer: phone, mitra, session_id }
}

/** Each message is answered before the next; her phone acknowledges it, and says how far it came. */
const talks = async ({ customer, mitra, session_id }: Chat): Promise<void> => {
  let last = 0
  for (let count = 0; count < messagesEach; count += 1) {
    const message = { session_id, client_message_id: commandId(), body: "Halo kak, apa kabar hari ini?" }
    last = (await customer.call("chat.send", message)).seq
    if (count % 3 === 2) await mitra.call("chat.delivered", { session_id, seq: last })
  }
  await mitra.call("chat.read", { session_id, seq: last })
}

const measure = async (pid: number, chats: ReadonlyArray<Chat>): Promise<Cost> => {
  const [cpuBefore, before] = [cpuMsOf(pid), performance.now()]
  await Promise.all(chats.map(talks))
  const sent = chats.length * messagesEach
  return {
    cpu_us: (cpuMsOf(pid) - cpuBefore) * 1_000 / sent,
    per_second: sent / (performance.now() - before) * 1_000
  }
}

const line = (name: string, costs: ReadonlyArray<Cost>): string =>
  `${median(costs.map(({ cpu_us }) => cpu_us)).toFixed(0).padStart(6)} us of CPU a message` +
  `   ${median(costs.map(({ per_second }) => per_second)).toFixed(0).padStart(6)} messages/s   ${name}`

const chatsOn = async (server: Server): Promise<ReadonlyArray<Chat>> => {
  const chats: Array<Chat> = []
  for (const number of mitras) {
    const { phone: mitra } = await mitraComes(server, number)
    mitra.keepBeating(30)
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
    `${mitras.length * chatsEach} chats, one message in flight in each, medians of ${rounds} rounds`,
    ...servers.map(({ checkout }, index) => line(checkout, costs[index] ?? [])),
    ...(other === undefined ? [] : [`the other costs ${median(ratios).toFixed(2)} times as much`])
  ].join("\n"))
}))
