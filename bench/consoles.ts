// What open consoles cost the server: its CPU with 1,000 live chats, a tenth of which change every second,
// and 0, 1 and 10 pages that follow `admin.watch`. The chats are rows: what is measured is the looking, not
// the chatting.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as SqlClient from "effect/sql/SqlClient"
import { WebSocket } from "ws"
import { timestamp } from "../src/layers/platform/postgres/columns.ts"
import { pool } from "../src/layers/platform/postgres/database.ts"
import { freePorts, seedDatabase, spawnRunner, whenReady } from "../test/support/server-process.ts"
import { signInAdmin } from "../test/system/staff.ts"
import { cpuMsOf } from "./measuring.ts"
import { liveChats } from "./live-chats.ts"
import { benchDatabase } from "./postgres.ts"

const chats = 1_000
const seconds = 15
const pages = [0, 1, 10] as const

/** One page: signed in, following, acknowledging. Gives the bytes it was told. */
const opened = (url: string, token: string) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly bytes: () => number; readonly close: () => void }>((resume) => {
      const socket = new WebSocket(url, ["halobestie.v1", `bearer.${token}`])
      let bytes = 0
      socket.once("open", () => {
        socket.send(
          JSON.stringify({ _tag: "Request", id: "1", tag: "admin.watch", payload: { cursor: null } })
        )
        resume(Effect.succeed({ bytes: () => bytes, close: () => socket.close() }))
      })
      socket.on("message", (data) => {
        bytes += String(data).length
        if (String(data).includes("\"Chunk\"")) socket.send(JSON.stringify({ _tag: "Ack", requestId: "1" }))
      })
    }),
    ({ close }) => Effect.sync(close)
  )

const measured = Effect.fnUntraced(function*(of: {
  readonly pid: number
  readonly url: string
  readonly token: string
  readonly count: number
}) {
  const sql = yield* SqlClient.SqlClient
  const open = yield* Effect.forEach(Array.from({ length: of.count }), () => opened(of.url, of.token))
  yield* Effect.sleep("4 seconds")
  const [before, told] = [cpuMsOf(of.pid), open.reduce((sum, page) => sum + page.bytes(), 0)]
  for (let second = 0; second < seconds; second += 1) {
    yield* sql`UPDATE chat_sessions SET last_seq = last_seq + 1 WHERE random() < 0.1`
    yield* Effect.sleep("1 second")
  }
  const cpu = (cpuMsOf(of.pid) - before) / seconds
  const kb = (open.reduce((sum, page) => sum + page.bytes(), 0) - told) / seconds / 1024
  console.log(
    `${String(of.count).padStart(3)} consoles: ${cpu.toFixed(1)} ms of CPU a second, ${
      kb.toFixed(0)
    } KiB/s told`
  )
}, Effect.scoped)

export const bench = Effect.gen(function*() {
  const url = Redacted.value(yield* benchDatabase)
  yield* seedDatabase(url)
  yield* Effect.gen(function*() {
    yield* liveChats(yield* SqlClient.SqlClient, chats, timestamp(yield* Clock.currentTimeMillis))
    const server = yield* spawnRunner(url, yield* Effect.promise(() => freePorts()))
    yield* whenReady(server)
    const token = yield* Effect.promise(() => signInAdmin(server))
    const socket = `${server.internalUrl.replace("http", "ws")}/ws`
    const pid = server.child.pid ?? 0
    console.log(`${chats} live chats, a tenth of them changed every second, ${seconds} s each`)
    yield* Effect.sleep("5 seconds")
    for (const count of pages) yield* measured({ pid, url: socket, token, count })
  }).pipe(Effect.provide(pool(Redacted.make(url), { connections_max: 2 })))
}).pipe(Effect.scoped)
