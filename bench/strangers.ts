// What strangers cost (docs/security.md): acknowledgements of a paid chat before, while and after four, eight
// and fifteen free accounts ask as much as they may (S1), then the attacks of S2, S3 and S8.
// `npm run bench -- strangers [folder of another checkout]` attacks that version.
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { once } from "node:events"
import { Worker } from "node:worker_threads"
import { resolve } from "node:path"
import { emptyDatabase } from "../testkit/postgres/databases.ts"
import { programOf, runCli, startRunner } from "../test/support/server-process.ts"
import { customer, mitra, pair, type Person, send } from "../test/system/people.ts"
import { median } from "./measuring.ts"
import { benchServer } from "./postgres.ts"
import { ordersUnpaid, provider, runnerPort, unfinishedMessages } from "./strangers-doors.ts"

const seconds = 12
const everyMs = 100

const phases = [
  { name: "quiet", attack: null },
  { name: "4 accounts, unknown chats", attack: { accounts: 4, in_flight: 60, kind: "unknown chats" } },
  { name: "8 accounts, unknown chats", attack: { accounts: 8, in_flight: 60, kind: "unknown chats" } },
  { name: "15 accounts, all free calls", attack: { accounts: 15, in_flight: 60, kind: "everything free" } },
  { name: "quiet again", attack: null }
] as const

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** One message at a time, as a person writes; what is not answered counts with the time it took to fail. */
const acknowledgements = async (sari: Person, session: string) => {
  const took: Array<number> = []
  let failed = 0
  const end = performance.now() + seconds * 1000
  while (performance.now() < end) {
    const began = performance.now()
    await send(sari, session, "still here").catch(() => (failed += 1))
    took.push(performance.now() - began)
    await sleep(everyMs)
  }
  const p95 = took.toSorted((a, b) => a - b)[Math.floor(took.length * 0.95)] ?? 0
  return { p50: median(took), p95, max: Math.max(...took), failed, count: took.length }
}

const during = async (url: string, attack: (typeof phases)[number]["attack"], body: () => Promise<void>) => {
  if (attack === null) return await body().then(() => 0)
  const worker = new Worker(new URL("strangers-attack.ts", import.meta.url), {
    workerData: { url, ...attack }
  })
  await once(worker, "message")
  const began = performance.now()
  await body()
  worker.postMessage("stop")
  const [answered] = await once(worker, "message") as [number]
  await worker.terminate()
  return answered / ((performance.now() - began) / 1000)
}

export const bench = Effect.scoped(Effect.gen(function*() {
  const checkout = resolve(process.argv[3] ?? ".")
  const program = programOf(checkout)
  const postgres = yield* benchServer
  /** Of that version's making. */
  const database = Effect.gen(function*() {
    const url = Redacted.value(yield* emptyDatabase(postgres))
    for (const command of ["migrate", "seed"]) yield* runCli(command, { DATABASE_URL: url }, program)
    return url
  })
  const url = yield* database
  const server = yield* startRunner(url, { RUNNER_SECRET: "a-secret-of-runners-0123456789abcdef" }, program)
  yield* Effect.promise(async () => {
    const ayu = await mitra(server, 1)
    const sari = await customer(server)
    const session = await pair(server, sari, ayu, "chat_60")
    let quiet = 0
    for (const { attack, name } of phases) {
      const perSecond = await during(server.socketUrl, attack, async () => {
        const { count, failed, max, p50, p95 } = await acknowledgements(sari, session)
        if (quiet === 0) quiet = p50
        const times = (p50 / quiet).toFixed(1)
        console.log(
          `${name.padEnd(30)} p50 ${p50.toFixed(1).padStart(7)} ms (${times}x)  p95 ${p95.toFixed(1)}  ` +
            `max ${max.toFixed(0)}  failed ${failed} of ${count}`
        )
      })
      if (attack !== null) console.log(`${"".padEnd(30)} ${perSecond.toFixed(0)} calls/s of strangers`)
    }
    await unfinishedMessages(server)
  })
  yield* runnerPort(server, url, checkout)
  const paid = yield* startRunner(yield* database, yield* provider, program)
  yield* Effect.promise(() => ordersUnpaid(paid))
}))
