// SIGTERM with everything at its worst: a database that is slow or silent, many turns in flight, a phone
// that does not read. The process still ends with 0 inside the bound that it has by default, and what was
// acknowledged is in the database.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { PgClient } from "@effect/sql-pg"
import { WebSocket } from "ws"
import { stopMaxMs } from "../../src/services/platform/stop-budgets.ts"
import { databaseAt, freshDatabaseUrl } from "../support/postgres.ts"
import { type ServerProcess, seedDatabase, startRunner } from "../support/server-process.ts"
import { tcpProxy } from "../support/tcp-proxy.ts"
import { Refused, sleep } from "../../testkit/phone.mjs"
import { customer, mitra, pair, type Person, send } from "./people.ts"

const chatters = 3
/** In flight per chat; the actor takes them one by one, all others wait in its mailbox. */
const messagesPerChat = 30
const boundMs = 20_000

/** Subscribed, and never read from again. */
const deafPhone = (server: ServerProcess, { token }: Person) =>
  Effect.acquireRelease(
    Effect.promise(() =>
      new Promise<WebSocket>((resolve, reject) => {
        const socket = new WebSocket(server.socketUrl, ["halobestie.v1", `bearer.${token}`])
        socket.once("error", reject)
        socket.once("open", () => {
          socket.send(JSON.stringify({
            _tag: "Request",
            id: "1",
            tag: "events.subscribe",
            payload: { since: [] },
            headers: []
          }))
          socket.once("message", () => {
            socket.pause()
            resolve(socket)
          })
        })
      })
    ),
    (socket) => Effect.sync(() => socket.terminate())
  )

/** The next offer would be looked for among the old ones. */
const forgetOffers = ({ phone }: Person) => {
  const log = phone.log as Array<unknown>
  log.length = 0
}

const pairs = async (server: ServerProcess) => {
  const listener = await mitra(server, 1)
  const chats: Array<{ readonly who: Person; readonly session: string }> = []
  for (let number = 0; number < chatters; number++) {
    const who = await customer(server, `Sari ${number}`)
    chats.push({ who, session: await pair(server, who, listener, "chat_5") })
    forgetOffers(listener)
  }
  return chats
}

/** A side of a chat may write so fast and no faster: those that are refused wait and write again. */
const untilNextMs = 50

/** Sends until the connection is gone, so many at a time; notes what was acknowledged. */
const flood = (
  { session, who }: { readonly who: Person; readonly session: string },
  told: Set<string>,
  onFirst: () => void
) =>
  Promise.all(Array.from({ length: messagesPerChat }, async () => {
    while (who.phone.closed === null) {
      const sent = await send(who, session, "still there?").catch((error: unknown) =>
        error instanceof Refused ? "refused" as const : null
      )
      if (sent === null) return
      if (sent === "refused") await sleep(untilNextMs)
      else told.add(sent.message_id)
      if (told.size > 60) onFirst()
    }
  }))

const storedIn = (url: string) =>
  Effect.gen(function*() {
    const sql = yield* PgClient.PgClient
    const rows = yield* sql<{ message_id: string }>`SELECT message_id FROM messages`
    return new Set(rows.map(({ message_id }) => message_id))
  }).pipe(Effect.provide(databaseAt(url, 2)))

type Proxy = Effect.Success<ReturnType<typeof tcpProxy>>

/** A server with many turns in flight, and what its phones were told is kept. */
const flooded = (environment: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function*() {
    const url = yield* freshDatabaseUrl
    const proxy = yield* tcpProxy(url)
    yield* seedDatabase(url)
    const server = yield* startRunner(proxy.url, environment)
    const chats = yield* Effect.promise(() => pairs(server))
    yield* deafPhone(server, chats[0]!.who)
    const told = new Set<string>()
    const begun = Promise.withResolvers<void>()
    const floods = chats.map((chat) => flood(chat, told, begun.resolve))
    yield* Effect.promise(() => begun.promise)
    return { url, proxy, server, told, floods }
  })

const stopAtWorst = (worsen: (proxy: Proxy) => Effect.Effect<void>) =>
  Effect.gen(function*() {
    const { floods, proxy, server, told, url } = yield* flooded()
    yield* worsen(proxy)
    const toldBefore = told.size
    const asked = performance.now()
    const code = yield* server.end("SIGTERM")
    const took_ms = performance.now() - asked
    yield* Effect.promise(() => Promise.all(floods))
    const stored = yield* storedIn(url)
    const log = server.lines.join("\n")
    assert.strictEqual(code, 0, log)
    assert.isBelow(took_ms, boundMs, log)
    assert.include(log, "drained: everything is closed")
    assert.isAbove(told.size, 10)
    assert.deepStrictEqual([...told].filter((id) => !stored.has(id)), [], "acknowledged and lost")
    return { took_ms, told_while_stopping: told.size - toldBefore, log }
  })

describe("stopping on SIGTERM at the worst moment", () => {
  it.live(
    "with a slow database: exits 0 in time and keeps every acknowledged message",
    () =>
      Effect.gen(function*() {
        const { log } = yield* stopAtWorst((proxy) => proxy.slow(400))
        assert.notInclude(log, "the journal was not drained in time")
      }),
    120_000
  )

  it.live(
    "with a silent database: exits 0 in time and keeps every acknowledged message",
    () =>
      Effect.gen(function*() {
        const { took_ms } = yield* stopAtWorst((proxy) => proxy.vanish)
        // The table is the bound, and not only DRAIN_TIMEOUT_SECONDS.
        assert.isBelow(took_ms, stopMaxMs + 500)
      }),
    120_000
  )

  it.live(
    "that does not fit into DRAIN_TIMEOUT_SECONDS: ends by then, with an exit code that says so",
    () =>
      Effect.gen(function*() {
        const { proxy, server } = yield* flooded({ DRAIN_TIMEOUT_SECONDS: "1" })
        yield* proxy.vanish
        const asked = performance.now()
        assert.strictEqual(yield* server.end("SIGTERM"), 1, server.lines.join("\n"))
        assert.isBelow(performance.now() - asked, 3_000)
        assert.include(server.lines.join("\n"), "the drain did not finish in time")
      }),
    120_000
  )
})
