// What an outage writes into the log: Postgres away, and a runner that is killed, are things that happen to a
// server. They are told once and warn; an ERROR is for what a person must mend.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { createInterface } from "node:readline"
import { sleep } from "../../testkit/phone.mjs"
import { freshDatabaseUrl } from "../support/postgres.ts"
import {
  freePorts,
  seedDatabase,
  type ServerProcess,
  spawnRunner,
  whenReady
} from "../support/server-process.ts"
import { tcpProxy } from "../support/tcp-proxy.ts"
import { customer, mitra, pair, send } from "./people.ts"

const awayMs = 12_000
/** Of one runner, for the outage and what follows. */
const linesMax = 40

/** All of them: the handle keeps only the last ones. */
const logOf = ({ child }: ServerProcess): Array<string> => {
  const lines: Array<string> = []
  for (const stream of [child.stdout!, child.stderr!]) {
    createInterface({ input: stream }).on("line", (line) => lines.push(line))
  }
  return lines
}

/** A line of its own, not the continuation of one. */
const entries = (lines: ReadonlyArray<string>) => lines.filter((line) => /^\[\d\d:\d\d:\d\d/.test(line))
const errors = (lines: ReadonlyArray<string>) => entries(lines).filter((line) => / ERROR /.test(line))
const shown = (lines: ReadonlyArray<string>) => entries(lines).join("\n")

const two = Effect.gen(function*() {
  const url = yield* freshDatabaseUrl
  yield* seedDatabase(url)
  const proxy = yield* tcpProxy(url)
  const start = Effect.gen(function*() {
    const server = yield* spawnRunner(proxy.url, yield* Effect.promise(() => freePorts(true)))
    const lines = logOf(server)
    yield* whenReady(server)
    return { server, lines }
  })
  return { proxy, one: yield* start, other: yield* start }
})

const chatting = (one: ServerProcess, other: ServerProcess) =>
  Effect.promise(async () => {
    const [sari, ayu] = [await customer(one), await mitra(other, 1)]
    const session = await pair(one, sari, ayu, "chat_60")
    await send(sari, session, "before")
    return { sari, ayu, session }
  })

describe("the log of a runner", () => {
  it.live(
    "tells of a Postgres that is away in some lines, none of them an error",
    () =>
      Effect.gen(function*() {
        const { one, other, proxy } = yield* two
        const { ayu, sari } = yield* chatting(one.server, other.server)
        const before = [one.lines.length, other.lines.length] as const
        yield* proxy.refuse
        yield* Effect.promise(() => sleep(awayMs))
        yield* proxy.accept
        yield* Effect.promise(() => sleep(5_000))
        yield* Effect.forEach([one.server, other.server], whenReady)
        for (const { phone } of [sari, ayu]) phone.hangUp()
        for (const [index, { lines }] of [one, other].entries()) {
          const told = lines.slice(before[index])
          assert.deepStrictEqual(errors(told), [], told.join("\n"))
          assert.isBelow(entries(told).length, linesMax, shown(told))
        }
      }),
    120_000
  )

  it.live("tells of another runner that is gone without an error", () =>
    Effect.gen(function*() {
      const { one, other } = yield* two
      const { ayu, sari, session } = yield* chatting(one.server, other.server)
      const before = one.lines.length
      yield* other.server.end("SIGKILL")
      yield* Effect.promise(() => send(sari, session, "after"))
      for (const { phone } of [sari, ayu]) phone.hangUp()
      assert.deepStrictEqual(errors(one.lines.slice(before)), [], shown(one.lines.slice(before)))
    }), 120_000)
})
