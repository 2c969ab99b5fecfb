// Turns where they meet Postgres, by their round trips: those that only append are written in one, by a
// function that a migration brings to a database in use, and sent the longer way when the function could not
// write them; that way is no longer than it must be either.
import { assert, describe, it } from "@effect/vitest"
import { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import appendTurns from "../../../migrations/0013_append_turns.ts"
import lockTurns from "../../../migrations/0034_lock_turns.ts"
import { isAppend } from "../../../src/layers/journal/appends.postgres.ts"
import { atOnce, t0 } from "../../../testkit/conformance/given.ts"
import * as Stage from "../../../testkit/conformance/stage.ts"
import { asCustomer, asMitra } from "../../../testkit/conformance/stage.ts"
import { databaseAt, freshDatabaseUrl } from "../../support/postgres.ts"
import { tcpProxy } from "../../support/tcp-proxy.ts"
import { runnerOn } from "./runners.ts"

const lateMs = 250
const roundTripMs = 2 * lateMs

const message = (n: number, id: string) => Stage.send(asCustomer(n), id, "halo")

describe("turns that only append", () => {
  it.live(
    "are committed in one round trip, together or alone, and beside a turn that takes many",
    () =>
      Effect.gen(function*() {
        const proxy = yield* tcpProxy(yield* freshDatabaseUrl)
        yield* Effect.gen(function*() {
          yield* Stage.givenMitras(1, 2, 3)
          const owners = yield* Effect.forEach([1, 2, 3], (n) => Stage.givenChat(n, n))
          const say = (id: string) =>
            owners.slice(0, 2).map((owner, index) =>
              Stage.act(owner, message(index + 1, id), { at: t0 + 100 })
            )
          const topic = Stage.act(owners[2]!, { _tag: "SetTopic", by: asMitra(3), topic: "sensitive" }, {
            at: t0 + 100
          })
          // What follows finds its connections open and its statements prepared.
          yield* atOnce(say("warm 1"))
          yield* atOnce(say("warm 2"))
          yield* proxy.slow(lateMs)
          const began = performance.now()
          const slow = yield* Effect.forkChild(topic, { startImmediately: true })
          const verdicts = yield* atOnce(say("measured"))
          const took = performance.now() - began
          assert.deepStrictEqual(verdicts.map(({ _tag }) => _tag), ["Committed", "Committed"])
          assert.isAtLeast(took, roundTripMs - 1)
          assert.isBelow(took, 2 * roundTripMs)
          assert.strictEqual((yield* Fiber.join(slow))._tag, "Committed")
          assert.isAbove(performance.now() - began, 4 * roundTripMs)
        }).pipe(Effect.provide(runnerOn(proxy.url)))
      }).pipe(Effect.scoped),
    30_000
  )

  it.live("are told from others by what they write", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      yield* Effect.gen(function*() {
        yield* Stage.givenMitras(1)
        const owner = yield* Stage.givenChat(1, 1)
        const { write } = yield* Stage.make(owner, message(1, "one"), { at: t0 + 100 })
        const { session } = write
        assert.isNotNull(session)
        assert.isTrue(isAppend(write))
        const others = [
          { appends: false },
          { slot: { _tag: "Release" } as const },
          { cancels_offer_push_of: ["somebody"] },
          { events: [...session.events, ...session.events] },
          { events: session.events.map((one) => ({ ...one, seq: one.seq + 1 })) },
          { state: { ...session.state, id: Stage.session(2) } }
        ]
        for (const other of others) {
          assert.isFalse(isAppend({ ...write, session: { ...session, ...other } }), JSON.stringify(other))
        }
        const topic = { _tag: "SetTopic", by: asMitra(1), topic: "sensitive" } as const
        assert.isFalse(isAppend((yield* Stage.make(owner, topic, { at: t0 + 100 })).write))
      }).pipe(Effect.provide(runnerOn(url)))
    }).pipe(Effect.scoped))
})

describe("a turn that pairs", () => {
  it.live("takes four round trips, whatever it writes", () =>
    Effect.gen(function*() {
      const proxy = yield* tcpProxy(yield* freshDatabaseUrl)
      yield* Effect.gen(function*() {
        yield* Stage.givenMitras(1, 2, 3)
        // What follows finds its connections open and its statements prepared.
        for (const n of [1, 2]) yield* Stage.givenChat(n, n)
        const owner = yield* Stage.givenRequest(3)
        yield* Stage.offer(owner, t0 + 10, 3)
        const { write } = yield* Stage.make(owner, Stage.accept(3), { at: t0 + 20 })
        const before = yield* proxy.trips
        const { _tag } = yield* Stage.commit(write)
        assert.strictEqual(_tag, "Committed")
        assert.strictEqual((yield* proxy.trips) - before, 4)
      }).pipe(Effect.provide(runnerOn(proxy.url)))
    }).pipe(Effect.scoped))
})

describe("the migrations that bring their functions", () => {
  it.live("find the rows of before, and write behind them", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      yield* Effect.gen(function*() {
        yield* Stage.givenMitras(1)
        const owner = yield* Stage.givenChat(1, 1)
        yield* Stage.act(owner, message(1, "before"), { at: t0 + 100 })
        yield* Effect.gen(function*() {
          const sql = yield* PgClient.PgClient
          yield* sql`DROP FUNCTION append_turns`
          yield* appendTurns
          yield* sql`DROP FUNCTION lock_turns`
          yield* lockTurns
        }).pipe(Effect.provide(databaseAt(url, 1)))
        const after = yield* Stage.act(owner, message(1, "after"), { at: t0 + 200 })
        const again = yield* Stage.act(owner, message(1, "before"), { at: t0 + 300 })
        const topic = { _tag: "SetTopic", by: asMitra(1), topic: "sensitive" } as const
        const longer = yield* Stage.act(owner, topic, { at: t0 + 400 })
        assert.deepStrictEqual([after._tag, again._tag, longer._tag], ["Committed", "Repeated", "Committed"])
      }).pipe(Effect.provide(runnerOn(url)))
    }).pipe(Effect.scoped))
})
