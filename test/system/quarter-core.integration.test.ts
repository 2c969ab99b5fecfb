// Two runners on a quarter of a core each, with more to do than they can: answers come late, and that is all.
// No lock that is still held is given up, no runner is taken for dead, no actor moves.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { PgClient } from "@effect/sql-pg"
import { Refused, sleep } from "../../testkit/phone.mjs"
import { databaseAt, freshDatabaseUrl } from "../support/postgres.ts"
import { onAQuarterCore } from "../support/quarter-core.ts"
import { seedDatabase, type ServerProcess, startRunner } from "../support/server-process.ts"
import { customer, mitra, pair, type Person, send } from "./people.ts"

/** Where locks flapped they did so every 3 s. */
const busyForMs = 15_000
const sendersPerChat = 12
/** A side of a chat may write so fast and no faster: those that are refused wait and write again. */
const untilNextMs = 50
const betweenMs = 150

interface Chat {
  readonly who: Person
  readonly session: string
}

const chats = async (one: ServerProcess, other: ServerProcess): Promise<ReadonlyArray<Chat>> => {
  const made: Array<Chat> = []
  const listener = await mitra(other, 1)
  for (const [name, at] of [["Sari", one], ["Rina", other], ["Dewi", one]] as const) {
    const who = await customer(at, name)
    made.push({ who, session: await pair(at, who, listener, "chat_60") })
    const log = listener.phone.log as Array<unknown>
    log.length = 0
  }
  return made
}

/** How many were acknowledged; whoever is told to try again does. */
const flood = async (all: ReadonlyArray<Chat>): Promise<number> => {
  const until = performance.now() + busyForMs
  let told = 0
  const talk = async ({ session, who }: Chat) => {
    while (performance.now() < until) {
      const sent = await send(who, session, "still there?").catch((error: unknown) => error)
      if (sent instanceof Refused) await sleep(untilNextMs)
      else if (sent instanceof Error) throw sent
      else {
        told += 1
        // Below what one person may send: this is about slow cores, not about floods.
        await sleep(betweenMs)
      }
    }
  }
  await Promise.all(all.flatMap((chat) => Array.from({ length: sendersPerChat }, () => talk(chat))))
  return told
}

/** All that is said from now on: the handle keeps only the last lines. */
const heardFrom = (servers: ReadonlyArray<ServerProcess>): () => string => {
  const heard: Array<string> = []
  for (const { child } of servers) child.stdout?.on("data", (data) => heard.push(String(data)))
  return () => heard.join("")
}

const epochs = (url: string) =>
  Effect.gen(function*() {
    const sql = yield* PgClient.PgClient
    return yield* sql`SELECT id, owner_epoch FROM chat_sessions ORDER BY id`
  }).pipe(Effect.provide(databaseAt(url, 1)), Effect.scoped, Effect.orDie)

describe("two runners on a quarter of a core each", () => {
  it.live("keep what they hold: no lock is given up and no actor moves", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      yield* seedDatabase(url)
      const [one, other] = [yield* startRunner(url), yield* startRunner(url)]
      // Both have joined, and what moves because of that has moved.
      yield* Effect.promise(() => sleep(2_000))
      const all = yield* Effect.promise(() => chats(one, other))
      const before = yield* epochs(url)
      const heard = heardFrom([one, other])
      const told = yield* Effect.scoped(Effect.gen(function*() {
        yield* onAQuarterCore(one.child)
        yield* onAQuarterCore(other.child)
        return yield* Effect.promise(() => flood(all))
      }))
      for (const { who } of all) who.phone.hangUp()
      const log = heard()
      assert.notInclude(log, "Shard lock storage is unhealthy")
      assert.notInclude(log, "not ready")
      assert.deepStrictEqual(yield* epochs(url), before, log)
      assert.isAbove(told, 100)
    }), 180_000)
})
