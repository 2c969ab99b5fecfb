// The other attacks of `npm run bench -- strangers`, each once: messages that never end (S2), orders that are
// never paid (S3), and a TCP connection to the runner port (S8).
import * as Effect from "effect/Effect"
import { randomBytes, randomUUID } from "node:crypto"
import { readFileSync } from "node:fs"
import { connect, type Socket } from "node:net"
import { join } from "node:path"
import { PgClient } from "@effect/sql-pg"
import * as Redacted from "effect/Redacted"
import { type Asked, type Doing, httpDouble } from "../test/support/http-double.ts"
import type { ServerProcess } from "../test/support/server-process.ts"
import { asRunner } from "../test/system/as-runner.ts"
import { customer, mitra } from "../test/system/people.ts"

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const residentMiB = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024

const fragments = 16_001
const sockets = 20

/** One byte, and not the last one. */
const fragment = (n: number): Buffer => Buffer.from([n === 0 ? 1 : 0, 0x81, 0, 0, 0, 0, 97])

/** Each fragment alone: what comes together is kept together and costs a tenth. */
const neverEnds = async (open: ReadonlyArray<Socket>): Promise<void> => {
  for (let n = 0; n < fragments; n += 1) {
    for (const socket of open) if (!socket.destroyed) socket.write(fragment(n))
    await new Promise((resolve) => setImmediate(resolve))
  }
}

const keepsTalking = (server: ServerProcess) =>
  new Promise<Socket>((resolve, reject) => {
    const { host, port } = new URL(server.httpUrl)
    const socket = connect(Number(port), "127.0.0.1")
    socket.once("error", reject).once("data", (answer) => {
      if (!answer.toString().startsWith("HTTP/1.1 101")) return reject(new Error(answer.toString()))
      socket.on("error", () => undefined).on("data", () => undefined).setNoDelay(true)
      resolve(socket)
    })
    socket.write(
      `GET /ws HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n` +
        "Sec-WebSocket-Protocol: halobestie.v1\r\n\r\n"
    )
  })

export const unfinishedMessages = async (server: ServerProcess): Promise<void> => {
  const before = residentMiB(server.child.pid!)
  const open = await Promise.all(Array.from({ length: sockets }, () => keepsTalking(server)))
  await neverEnds(open)
  await sleep(2_000)
  const grown = residentMiB(server.child.pid!) - before
  const closed = open.filter((socket) => socket.destroyed || socket.readyState !== "open").length
  for (const socket of open) socket.destroy()
  console.log(
    `S2 ${sockets} sockets, ${fragments} fragments each: ${closed} closed, ` +
      `${(grown / sockets).toFixed(2)} MiB each (${grown.toFixed(0)} in all)`
  )
}

const invoicesAMinute = 60

/** A provider that takes so many invoices a minute and answers 429 beyond. */
export const provider = Effect.gen(function*() {
  const double = yield* httpDouble(({ body, method }: Asked, nth): Doing => {
    if (method !== "POST") return { status: 200, body: [] }
    if (nth > invoicesAMinute) return { status: 429, body: {} }
    const invoice_url = `https://checkout.example/${nth}`
    return { status: 200, body: { id: `inv-${nth}`, status: "PENDING", invoice_url, ...body } }
  })
  return {
    XENDIT_ENABLED: "true",
    XENDIT_URL: double.url,
    XENDIT_SECRET_KEY: "xnd_development_key",
    XENDIT_WEBHOOK_TOKEN: "the-callback-token-of-a-bench",
    XENDIT_SUCCESS_REDIRECT_URL: "https://halobestie.id/paid",
    XENDIT_FAILURE_REDIRECT_URL: "https://halobestie.id/unpaid"
  }
})

const orderOf = ({ phone }: Awaited<ReturnType<typeof customer>>) =>
  phone.call("customer.create_payment", { command_id: randomUUID(), tier_id: "chat_5", topic: "regular" })
    .then(() => true, () => false)

export const ordersUnpaid = async (server: ServerProcess): Promise<void> => {
  const stranger = await customer(server)
  const over = new AbortController()
  let ordered = 0
  const attack = Array.from({ length: 10 }, async () => {
    while (!over.signal.aborted) {
      if (await orderOf(stranger)) ordered += 1
      else await sleep(20)
    }
  })
  await sleep(2_000)
  let honest = 0
  for (let n = 0; n < 20; n += 1) {
    if (await orderOf(await customer(server, `Honest ${n}`))) honest += 1
    await sleep(400)
  }
  over.abort()
  await Promise.all(attack)
  console.log(
    `S3 one account made ${ordered} orders in 10 s; of 20 other customers' meanwhile ${honest} succeeded`
  )
}

/** Deactivates a mitra in the name of staff, if the runner port obeys. */
export const runnerPort = Effect.fnUntraced(function*(server: ServerProcess, url: string, checkout: string) {
  const { MitraCall } = yield* Effect.promise(() => import(join(checkout, "src/actors/mitra/protocol.ts")))
  const ayu = yield* Effect.promise(() => mitra(server, 3))
  const [answer] = yield* Effect.gen(function*() {
    const sql = yield* PgClient.PgClient
    const [boss] = yield* sql<{ id: string }>`SELECT id FROM staff LIMIT 1`
    const command = { _tag: "Deactivate", staff_id: boss!.id } as const
    const call = { sender_id: `staff:${boss!.id}`, command_id: null, command, staff: null }
    yield* Effect.exit(
      asRunner(server, ayu.id, { ...call, staff: { staff_id: boss!.id, peer: "x" } } as never, MitraCall)
    )
    return yield* sql<{ is_active: boolean }>`SELECT is_active FROM mitras WHERE id = ${ayu.id}`
  }).pipe(Effect.provide(PgClient.layer({ url: Redacted.make(url), maxConnections: 1 })))
  console.log(
    `S8 a TCP connection to the runner port ${answer?.is_active ? "moved nothing" : "took a mitra away"}`
  )
})
