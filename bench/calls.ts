// What a call costs: the cheapest one through the real listener (limits, decoding, handler, encoding)
// against a bare `ws` server that parses the same frame and answers the same bytes, side by side in one run.
import * as Effect from "effect/Effect"
import { once } from "node:events"
import type { AddressInfo } from "node:net"
import { Worker } from "node:worker_threads"
import { WebSocketServer } from "ws"
import { publicLimits } from "../src/http/socket/limits.ts"
import { listening } from "../test/http/socket/listening.ts"
import { median } from "./measuring.ts"

const connections = 32
const in_flight = 4
const rounds = 5
const roundMs = 2_000

interface Cost {
  readonly cpu_us: number
  readonly per_second: number
}

const bareServer = Effect.acquireRelease(
  Effect.promise(async () => {
    const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false })
    server.on("connection", (socket) =>
      socket.on("message", (data) => {
        const { id, payload } = JSON.parse(String(data))
        const exit = { _tag: "Success", value: { text: payload.text } }
        socket.send(JSON.stringify({ _tag: "Exit", requestId: id, exit }))
      }))
    await once(server, "listening")
    return server
  }),
  (server) => Effect.sync(() => server.close())
).pipe(Effect.map((server) => `ws://127.0.0.1:${(server.address() as AddressInfo).port}`))

const phones = Effect.acquireRelease(
  Effect.sync(() =>
    new Worker(new URL("calls-phones.ts", import.meta.url), { workerData: { connections, in_flight } })
  ),
  (worker) => Effect.promise(() => worker.terminate())
)

/** Only this thread's time counts: the phones have their own. */
const measure = (worker: Worker, url: string) =>
  Effect.promise(async (): Promise<Cost> => {
    const before = process.threadCpuUsage()
    worker.postMessage({ url, for_ms: roundMs })
    const [calls] = await once(worker, "message") as [number]
    const { system, user } = process.threadCpuUsage(before)
    return { cpu_us: (system + user) / calls, per_second: calls / (roundMs / 1000) }
  })

const line = (name: string, costs: ReadonlyArray<Cost>): string =>
  `${name.padEnd(16)} ${median(costs.map(({ cpu_us }) => cpu_us)).toFixed(1).padStart(6)} us of CPU a call` +
  `   ${median(costs.map(({ per_second }) => per_second)).toFixed(0).padStart(7)} calls/s`

export const bench = Effect.scoped(Effect.gen(function*() {
  const plenty = { request_burst: 1e9, requests_per_second: 1e9, refused_max: 1e9 }
  const { url } = yield* listening({ ...plenty, watch_every_ms: publicLimits.watch_every_ms })
  const bareUrl = yield* bareServer
  const worker = yield* phones
  const ours: Array<Cost> = []
  const bare: Array<Cost> = []
  // The first round of each only warms up.
  for (let round = 0; round <= rounds; round += 1) {
    const [one, other] = [yield* measure(worker, bareUrl), yield* measure(worker, url)]
    if (round === 0) continue
    bare.push(one)
    ours.push(other)
  }
  const ratios = ours.map(({ cpu_us }, round) => cpu_us / (bare[round]?.cpu_us ?? Number.NaN))
  yield* Effect.log(
    [
      `${connections} sockets, ${in_flight} calls in flight on each, medians of ${rounds} rounds`,
      line("bare ws server", bare),
      line("our listener", ours),
      `a call costs ${median(ratios).toFixed(1)} times as much`
    ].join("\n")
  )
}))
