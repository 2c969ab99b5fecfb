// Two server processes on one database: a session lives on one of them and is reached through both, and when
// that one is killed the chat goes on through the other with nothing lost and nothing doubled.
import { assert, describe, it } from "@effect/vitest"
import { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import { databaseAt, freshDatabaseUrl } from "../support/postgres.ts"
import { seedDatabase, type ServerProcess, startRunner } from "../support/server-process.ts"
import {
  commandId,
  customer,
  history,
  isFact,
  mitra,
  pair,
  reconnected,
  send,
  sendUntilKnown
} from "./people.ts"

const ownerOf = (url: string, sessionId: string) =>
  Effect.gen(function*() {
    const sql = yield* PgClient.PgClient
    const rows = yield* sql<{ owner_runner: string }>`
      SELECT owner_runner FROM chat_sessions WHERE id = ${sessionId}`
    return rows[0]?.owner_runner ?? ""
  }).pipe(Effect.provide(databaseAt(url, 2)), Effect.scoped, Effect.orDie)

/** As runners on two machines have it. */
const behindASecret = { RUNNER_SECRET: "a-secret-that-both-runners-know-0123456789" }

const twoRunners = Effect.gen(function*() {
  const url = yield* freshDatabaseUrl
  yield* seedDatabase(url)
  const [a, b] = yield* Effect.all([startRunner(url, behindASecret), startRunner(url, behindASecret)], {
    concurrency: 2
  })
  return { url, a, b }
})

describe("two runners on one database", () => {
  it.live("carry one chat between phones that sit on different runners", () =>
    Effect.gen(function*() {
      const { a, b } = yield* twoRunners
      yield* Effect.promise(async () => {
        const sari = await customer(a)
        const ayu = await mitra(b, 1)
        const session = await pair(a, sari, ayu, "chat_5")
        const sent = await send(sari, session, "from the first runner")
        const seen = await ayu.phone.event("the message", isFact("message"), 10_000)
        assert.strictEqual(seen.event.fact.message.seq, sent.seq)
        await send(ayu, session, "from the second runner")
        await sari.phone.event("the answer", (event) =>
          isFact("message")(event) && event.fact.message.body === "from the second runner", 10_000)
        assert.deepStrictEqual(await history(sari, session), await history(ayu, session))
        sari.phone.hangUp()
        ayu.phone.hangUp()
      })
    }), 120_000)

  it.live("lose nothing and double nothing when the session's owner is killed", () =>
    Effect.gen(function*() {
      const { a, b, url } = yield* twoRunners
      const sari = yield* Effect.promise(() => customer(a))
      const ayu = yield* Effect.promise(() => mitra(b, 1))
      const session = yield* Effect.promise(() => pair(a, sari, ayu, "chat_5"))
      const acknowledged: Array<[number, string]> = []
      const say = async (who: typeof sari, body: string) => {
        acknowledged.push([(await send(who, session, body)).seq, body])
      }
      yield* Effect.promise(async () => {
        for (let i = 0; i < 5; i++) await say(sari, `before ${i}`)
      })

      const runner = yield* ownerOf(url, session)
      const owner: ServerProcess = runner === a.runner ? a : b
      const survivor = owner === a ? b : a
      // In flight at the moment of the kill: whether it was written is unknown.
      const unsure = commandId()
      const inFlight = send(sari, session, "unsure", unsure).then((sent) => sent.seq, () => null)
      yield* owner.end("SIGKILL")
      const killedAt = performance.now()
      yield* Effect.promise(() => inFlight)

      const [sariNow, ayuNow] = yield* Effect.promise(() =>
        Promise.all([reconnected(sari, survivor), reconnected(ayu, survivor)])
      )
      const repeated = yield* Effect.promise(() => sendUntilKnown(sariNow, session, "unsure", unsure, 10_000))
      const downFor = performance.now() - killedAt
      acknowledged.push([repeated.seq, "unsure"])
      assert.isBelow(downFor, 10_000, `the chat went on after ${Math.round(downFor)} ms`)

      yield* Effect.promise(async () => {
        await say(ayuNow, "after, from the mitra")
        await say(sariNow, "after, from the customer")
        const read = await history(sariNow, session)
        assert.deepStrictEqual(read, acknowledged)
        assert.deepStrictEqual(await history(ayuNow, session), read)
        await ayuNow.phone.event("the last message", (event) =>
          isFact("message")(event) && event.fact.message.body === "after, from the customer", 10_000)
        assert.strictEqual(ayuNow.phone.doubled + ayuNow.phone.skipped, 0)
        sariNow.phone.hangUp()
        ayuNow.phone.hangUp()
      })
    }), 120_000)
})
