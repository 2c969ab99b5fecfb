// Three runners, one of them cut off from the others while all of them reach Postgres: the two go on and are
// thought well, whoever had the health check; the third says so, sends its phones away and comes back.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { PgClient } from "@effect/sql-pg"
import { fileURLToPath } from "node:url"
import { databaseAt, freshDatabaseUrl } from "../support/postgres.ts"
import {
  freePorts,
  programOf,
  seedDatabase,
  type ServerProcess,
  spawnRunner,
  whenReady
} from "../support/server-process.ts"
import { commandId, customer, mitra, pair, send, untilClosed } from "./people.ts"

const checkout = programOf(fileURLToPath(new URL("../..", import.meta.url)))
const preload = fileURLToPath(new URL("../support/partition.ts", import.meta.url))
const cuttable = { ...checkout, words: ["--import", preload, ...checkout.words] }

const threeRunners = (url: string) =>
  Effect.gen(function*() {
    const ports = yield* Effect.promise(() =>
      Promise.all([freePorts(true), freePorts(true), freePorts(true)])
    )
    const env = { PEER_PORTS: ports.map(([, , runner]) => runner).join(",") }
    const runners = yield* Effect.forEach(ports, (own) => spawnRunner(url, own, env, cuttable))
    yield* Effect.forEach(runners, whenReady, { concurrency: 3 })
    return runners
  })

const registered = (url: string) =>
  Effect.gen(function*() {
    const sql = yield* PgClient.PgClient
    const rows = yield* sql<{ address: string; healthy: boolean }>`
      SELECT address, healthy FROM cluster_runners`
    return new Map(rows.map(({ address, healthy }) => [address, healthy]))
  }).pipe(Effect.provide(databaseAt(url, 1)), Effect.scoped, Effect.orDie)

const readyz = (server: ServerProcess) =>
  Effect.promise(async () => {
    const answer = await fetch(`${server.httpUrl}/readyz`)
    return await answer.json() as {
      readonly status: string
      readonly details?: { readonly cluster_isolated?: { readonly unreached: ReadonlyArray<string> } }
    }
  })

const untilStatus = (server: ServerProcess, status: string) =>
  readyz(server).pipe(
    Effect.repeat({ until: (found) => found.status === status, schedule: Schedule.spaced("100 millis") }),
    Effect.timeout("30 seconds")
  )

const cutOrHeal = (server: ServerProcess) =>
  Effect.sync(() => {
    server.child.kill("SIGUSR2")
  })

/** One is cut off, has no part, sends its phones away and comes back; meanwhile the others serve a chat. */
const cutOff = Effect.fnUntraced(function*(
  url: string,
  lost: ServerProcess,
  [one, two]: readonly [ServerProcess, ServerProcess],
  number: 1 | 2 | 3
) {
  const [sari, ayu, stranded] = yield* Effect.promise(() =>
    Promise.all([customer(one), mitra(two, number), customer(lost, "Rina")])
  )
  yield* cutOrHeal(lost)
  const isolated = yield* untilStatus(lost, "cluster_isolated")
  assert.sameMembers(
    [...isolated.details!.cluster_isolated!.unreached],
    [one.runner, two.runner],
    lost.lines.join("\n")
  )
  yield* Effect.promise(async () => {
    const session = await pair(one, sari, ayu, "chat_5")
    for (let i = 0; i < 20; i++) {
      const began = performance.now()
      await send(i % 2 === 0 ? sari : ayu, session, `message ${i}`)
      assert.isBelow(performance.now() - began, 2_000)
    }
  })
  const health = Effect.map(
    registered(url),
    (found) => [one, two, lost].map(({ runner }) => found.get(runner)).join()
  )
  // It looks twice a second; what another of its parts said meanwhile is put right then.
  const settled = Effect.repeat(health, {
    until: (found) => found === "true,true,false",
    schedule: Schedule.spaced("100 millis"),
    times: 15
  })
  assert.strictEqual(yield* settled, "true,true,false")
  assert.strictEqual((yield* readyz(one)).status, "ready")
  assert.strictEqual((yield* readyz(two)).status, "ready")
  assert.strictEqual((yield* Effect.promise(() => untilClosed(stranded))).code, 1012)
  yield* cutOrHeal(lost)
  yield* untilStatus(lost, "ready")
  // Nobody takes her for the next one's mitra.
  yield* Effect.promise(() => ayu.phone.call("mitra.go_offline", { command_id: commandId() }))
  for (const { phone } of [sari, ayu]) phone.hangUp()
})

describe("three runners, each in turn cut off from the others", () => {
  it.live(
    "it has no part until it is back, the others serve all the while, and all stop in time",
    () =>
      Effect.gen(function*() {
        const url = yield* freshDatabaseUrl
        yield* seedDatabase(url)
        const runners = yield* threeRunners(url)
        const [first, second, third] = runners as [ServerProcess, ServerProcess, ServerProcess]
        yield* cutOff(url, first, [second, third], 1)
        yield* cutOff(url, second, [third, first], 2)
        yield* cutOff(url, third, [first, second], 3)
        for (const runner of runners) {
          const asked = performance.now()
          assert.strictEqual(yield* runner.end("SIGTERM"), 0, runner.lines.join("\n"))
          assert.isBelow(performance.now() - asked, 10_000, runner.lines.join("\n"))
        }
      }),
    300_000
  )
})
