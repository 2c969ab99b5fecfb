// Postgres drops every connection of a running server, as in a restart or a failover: nothing acknowledged is
// lost, the process stays up, and the chat goes on by itself.
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { sleep } from "../../testkit/phone.mjs"
import { databaseAt, freshDatabaseUrl } from "../support/postgres.ts"
import { seedDatabase, type ServerProcess, startRunner, startServer } from "../support/server-process.ts"
import { tcpProxy } from "../support/tcp-proxy.ts"
import { customer, history, isFact, mitra, pair, send, untilClosed } from "./people.ts"

/** Ends every connection to this database but our own; gives how many. */
const dropConnections = (url: string) =>
  Effect.gen(function*() {
    const sql = yield* PgClient.PgClient
    const dropped = yield* sql`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()`
    return dropped.length
  }).pipe(Effect.provide(databaseAt(url, 1)), Effect.orDie)

/** Asks until the balancer would see this answer; each look is an answer of the server itself. */
const readyzSays = async (server: ServerProcess, status: number, withinMs: number): Promise<unknown> => {
  const giveUpAt = performance.now() + withinMs
  for (;;) {
    const answer = await fetch(`${server.httpUrl}/readyz`)
    const body: unknown = await answer.json().catch(() => null)
    if (answer.status === status || performance.now() > giveUpAt) {
      assert.strictEqual(answer.status, status, JSON.stringify(body))
      return body
    }
    await sleep(100)
  }
}

describe("when Postgres is away for longer", () => {
  it.live("the balancer is told and phones are sent away, until it is back", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      yield* seedDatabase(url)
      const proxy = yield* tcpProxy(url)
      const server = yield* startRunner(proxy.url)
      const stranded = yield* Effect.promise(() => customer(server, "Rina"))
      yield* proxy.refuse
      const said = yield* Effect.promise(() => readyzSays(server, 503, 15_000))
      assert.include(JSON.stringify(said), "postgres_down")
      const closed = yield* Effect.promise(() => untilClosed(stranded))
      assert.strictEqual(closed.code, 1012)
      // One phone alone may come back at once.
      assert.isAtMost(JSON.parse(closed.reason).retry_after_ms, 2)
      yield* proxy.accept
      yield* Effect.promise(() => readyzSays(server, 200, 15_000))
    }), 120_000)
})

describe("when Postgres drops all connections", () => {
  it.live(
    "the chat goes on within seconds, with everything that was acknowledged",
    () =>
      Effect.gen(function*() {
        const url = yield* freshDatabaseUrl
        const server = yield* startServer(url)
        const { ayu, sari, session } = yield* Effect.promise(async () => {
          const [sari, ayu] = [await customer(server), await mitra(server, 1)]
          return { sari, ayu, session: await pair(server, sari, ayu, "chat_5") }
        })
        const said: Array<[number, string]> = []
        // The client repeats "try again" with the same id, as every client must.
        const say = async (body: string) => {
          const started = performance.now()
          said.push([(await send(ayu, session, body)).seq, body])
          return performance.now() - started
        }
        yield* Effect.promise(() => say("before"))
        assert.isAtLeast(yield* dropConnections(url), 1)
        // The locks are missed a little later than the connections: the talk goes on over both moments.
        const waits = yield* Effect.promise(async () => {
          const waits: Array<number> = []
          for (let n = 0; n < 20; n++) {
            waits.push(await say(`after ${n}`))
            await sleep(250)
          }
          return waits
        })
        assert.isBelow(Math.max(...waits), 5000, waits.map(Math.round).join(" "))
        yield* Effect.promise(async () => {
          assert.deepStrictEqual(await history(sari, session), said)
          await sari.phone.event(
            "the last word",
            (event) => isFact("message")(event) && event.fact.message.body === "after 19",
            10_000
          )
          assert.strictEqual(sari.phone.doubled + sari.phone.skipped, 0)
        })
        assert.isNull(server.child.exitCode)
      }),
    120_000
  )
})
