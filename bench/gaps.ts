// How long a chat stands still when its runner is killed, with Postgres near and far: two runners behind a
// proxy that holds every byte back for so many milliseconds, either way; one is killed with SIGKILL, phones
// are on the other one. `npm run bench -- gaps`.
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { PgClient } from "@effect/sql-pg"
import { resolve } from "node:path"
import { ConnectionLost, sleep } from "../testkit/phone.mjs"
import { databaseAt } from "../test/support/postgres.ts"
import { copyOf } from "../testkit/postgres/databases.ts"
import { programOf, runCli, type ServerProcess, startRunner } from "../test/support/server-process.ts"
import { tcpProxy } from "../test/support/tcp-proxy.ts"
import { commandId, customer, mitra, pair, type Person, reconnected, send } from "../test/system/people.ts"
import { median } from "./measuring.ts"
import { benchServer } from "./postgres.ts"

const lateMs = process.argv[3] === undefined ? [0, 5, 20] : [Number(process.argv[3])]
const chatsPerMitra = 3
const rounds = 3
/** Actors have moved to the runner that joined. */
const settlesMs = 5_000
const retryMs = 50

interface Chat {
  who: Person
  readonly session: string
}

const chats = async (server: ServerProcess): Promise<ReadonlyArray<Chat>> => {
  const made: Array<Chat> = []
  for (const number of [1, 2, 3] as const) {
    const listener = await mitra(server, number)
    for (let n = 0; n < chatsPerMitra; n++) {
      const who = await customer(server, `Sari ${number}${n}`)
      made.push({ who, session: await pair(server, who, listener, "chat_60") })
      const log = listener.phone.log as Array<unknown>
      log.length = 0
    }
    // The next requests are the next mitra's.
    await listener.phone.call("mitra.go_offline", { command_id: commandId() })
  }
  return made
}

const ownedBy = (url: string, runner: string) =>
  Effect.gen(function*() {
    const sql = yield* PgClient.PgClient
    const rows = yield* sql<{ id: string }>`SELECT id FROM chat_sessions WHERE owner_runner = ${runner}`
    return new Set(rows.map(({ id }) => id))
  }).pipe(Effect.provide(databaseAt(url, 1)), Effect.scoped)

/** As a phone does it: the same id until it is answered, on a new connection when the old one is over. */
const untilAcknowledged = async (chat: Chat, server: ServerProcess): Promise<void> => {
  const id = commandId()
  for (;;) {
    if (chat.who.phone.closed !== null) {
      await reconnected(chat.who, server).then((who) => (chat.who = who), () => sleep(retryMs))
      continue
    }
    const sent = await send(chat.who, chat.session, "halo", id).catch((error: unknown) => error)
    if (!(sent instanceof Error)) return
    if (!(sent instanceof ConnectionLost)) throw sent
    chat.who.phone.cut()
    await sleep(retryMs)
  }
}

const speakAll = (all: ReadonlyArray<Chat>, server: ServerProcess) =>
  Promise.all(all.map(async (chat) => {
    const began = performance.now()
    await untilAcknowledged(chat, server)
    return performance.now() - began
  }))

const round = (url: string, proxied: string, staying: ServerProcess, all: ReadonlyArray<Chat>) =>
  Effect.gen(function*() {
    const other = yield* startRunner(proxied)
    yield* Effect.promise(() => sleep(settlesMs))
    yield* Effect.promise(() => speakAll(all, staying))
    const lost = yield* ownedBy(url, other.runner)
    yield* other.end("SIGKILL")
    return yield* Effect.promise(() => speakAll(all.filter(({ session }) => lost.has(session)), staying))
  }).pipe(Effect.scoped)

const atDistance = (url: string, late: number) =>
  Effect.gen(function*() {
    const proxy = yield* tcpProxy(url)
    yield* proxy.slow(late)
    const staying = yield* startRunner(proxy.url)
    const all = yield* Effect.promise(() => chats(staying))
    const gaps: Array<number> = []
    for (let n = 0; n < rounds; n++) gaps.push(...yield* round(url, proxy.url, staying, all))
    for (const { who } of all) who.phone.hangUp()
    const seconds = (ms: number) => (ms / 1000).toFixed(1).padStart(5)
    return `${String(late).padStart(2)} ms each way: median ${seconds(median(gaps))} s, worst ${
      seconds(Math.max(...gaps))
    } s, of ${gaps.length} chats`
  }).pipe(Effect.scoped)

const fresh = (server: Redacted.Redacted) =>
  Effect.gen(function*() {
    const url = Redacted.value(yield* copyOf(server, "template0"))
    for (const command of ["migrate", "seed"]) {
      const { code, output } = yield* runCli(command, { DATABASE_URL: url }, programOf(resolve(".")))
      if (code !== 0) yield* Effect.die(new Error(output))
    }
    return url
  })

export const bench = Effect.gen(function*() {
  const server = yield* benchServer
  const lines = yield* Effect.forEach(
    lateMs,
    (late) => Effect.scoped(Effect.flatMap(fresh(server), (url) => atDistance(url, late)))
  )
  yield* Effect.log(["from kill -9 to the next acknowledged message", ...lines].join("\n"))
}).pipe(Effect.scoped)
