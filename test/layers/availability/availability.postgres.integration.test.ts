// The Availability suite over Postgres, and what only a database can do wrong: grouping pings, waiting
// for locks, deadlocks, and answering differently from the memory adapter.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as SqlClient from "effect/sql/SqlClient"
import * as fc from "fast-check"
import * as Memory from "../../../testkit/memory/availability.memory.ts"
import * as Postgres from "../../../src/layers/availability/availability.postgres.ts"
import * as Tables from "../../../testkit/memory/store/tables.ts"
import { topics } from "../../../src/domain/session/state.ts"
import { Availability } from "../../../src/services/availability/availability.ts"
import { availabilitySuite } from "../../../testkit/conformance/availability.ts"
import { online } from "../../../testkit/conformance/availability-given.ts"
import {
  idOfMitra,
  inMemory,
  inPostgres,
  MitraRows,
  type SomeMitra
} from "../../../testkit/conformance/mitra-rows.ts"
import { freshDatabase } from "../../support/postgres.ts"

availabilitySuite(
  "Postgres",
  it.live,
  Layer.merge(Postgres.layer, inPostgres).pipe(Layer.provide(freshDatabase), Layer.orDie)
)

const onFreshDatabase = Layer.mergeAll(Postgres.layer, inPostgres).pipe(
  Layer.provideMerge(freshDatabase),
  Layer.orDie
)
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)
const now = 1_767_225_600_123

/** Holds a mitra's row, as a journal's turn does, in a transaction that ends with the test at the latest. */
const holdMitra = Effect.fnUntraced(function*(number: number) {
  const sql = yield* SqlClient.SqlClient
  const transaction = yield* Scope.fork(yield* Effect.scope)
  const connection = yield* Scope.provide(sql.reserve, transaction)
  const run = (statement: string) => connection.executeUnprepared(statement, [], undefined)
  const lock = (other: number) =>
    run(`SELECT FROM mitra_status WHERE mitra_id = '${idOfMitra(other)}' FOR UPDATE`)
  yield* run("BEGIN")
  yield* lock(number)
  return { run, lock, release: Effect.andThen(run("COMMIT"), Scope.close(transaction, Exit.void)) }
})

/** Returns when a transaction of the database waits for a lock: the milestone these tests build on. */
const somebodyWaits = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const waiting = sql<{ waits: boolean }>`SELECT EXISTS (SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock') AS waits`
  yield* waiting.pipe(
    Effect.repeat({ until: (rows) => rows[0]?.waits === true }),
    Effect.timeout("10 seconds")
  )
})

// Scoped inside: what a failed test still holds must be let go before the pool can close.
const behaviour = (
  title: string,
  body: Effect.Effect<void, unknown, Availability | MitraRows | SqlClient.SqlClient | Scope.Scope>
) => it.live(title, () => body.pipe(Effect.scoped, Effect.provide(onFreshDatabase)))

describe("Availability (Postgres) under load", () => {
  behaviour(
    "writes the pings that arrive during one statement with the next one, together",
    Effect.gen(function*() {
      const port = yield* Availability
      const sql = yield* SqlClient.SqlClient
      yield* (yield* MitraRows).put(numbers(400).map((number) => online(number)))
      const held = yield* holdMitra(0)
      const first = yield* Effect.forkChild(port.heartbeat(idOfMitra(0), now))
      yield* somebodyWaits
      const rest = yield* Effect.forkChild(
        Effect.forEach(numbers(399), (number) => port.heartbeat(idOfMitra(number + 1), now), {
          concurrency: "unbounded"
        }),
        { startImmediately: true }
      )
      yield* held.release
      assert.strictEqual(yield* Fiber.join(first), "seen")
      assert.deepStrictEqual(new Set(yield* Fiber.join(rest)), new Set(["seen"]))
      // One writing transaction leaves one xmin.
      const writers = yield* sql`SELECT xmin::text FROM mitra_status
        WHERE mitra_id <> ${idOfMitra(0)} GROUP BY xmin::text`
      assert.lengthOf(writers, 1)
    })
  )

  behaviour(
    "does not accept a ping that waited while its mitra was deactivated",
    Effect.gen(function*() {
      const port = yield* Availability
      const sql = yield* SqlClient.SqlClient
      yield* (yield* MitraRows).put([online(0, { last_heartbeat_at: now - 1_000 })])
      const held = yield* holdMitra(0)
      const ping = yield* Effect.forkChild(port.heartbeat(idOfMitra(0), now))
      yield* somebodyWaits
      yield* held.run(`WITH off AS (UPDATE mitras SET is_active = false)
        UPDATE mitra_status SET is_online = false, online_since = NULL`)
      yield* held.release
      assert.notStrictEqual(yield* Fiber.join(ping), "seen")
      const rows = yield* sql<{ at: Date }>`SELECT last_heartbeat_at AS at FROM mitra_status`
      assert.strictEqual(rows[0]?.at.getTime(), now - 1_000)
      assert.strictEqual(yield* port.heartbeat(idOfMitra(0), now), "deactivated")
    })
  )

  behaviour(
    "locks its mitras in id order, so that a journal's turn doing the same never meets it in a ring",
    Effect.gen(function*() {
      const port = yield* Availability
      // The other way round in the table and in the group.
      const descending = numbers(10).toReversed()
      yield* (yield* MitraRows).put(descending.map((number) => online(number)))
      const blocker = yield* holdMitra(0)
      const first = yield* Effect.forkChild(port.heartbeat(idOfMitra(0), now))
      yield* somebodyWaits
      const turn = yield* holdMitra(5)
      const group = yield* Effect.forkChild(
        Effect.forEach(descending, (number) => port.heartbeat(idOfMitra(number), now), {
          concurrency: "unbounded"
        }),
        { startImmediately: true }
      )
      yield* blocker.release
      assert.strictEqual(yield* Fiber.join(first), "seen")
      yield* somebodyWaits
      yield* turn.lock(9)
      yield* turn.release
      assert.deepStrictEqual(yield* Fiber.join(group), descending.map(() => "seen" as const))
    })
  )

  behaviour(
    "a ping is Unavailable while Postgres cuts the connection, and works again after",
    Effect.gen(function*() {
      const port = yield* Availability
      const sql = yield* SqlClient.SqlClient
      yield* (yield* MitraRows).put([online(0)])
      const held = yield* holdMitra(0)
      const ping = yield* Effect.forkChild(Effect.flip(port.heartbeat(idOfMitra(0), now)))
      yield* somebodyWaits
      yield* sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'`
      assert.deepInclude(yield* Fiber.join(ping), { _tag: "Unavailable", what: "postgres", retryable: true })
      yield* held.release
      assert.strictEqual(yield* port.heartbeat(idOfMitra(0), now), "seen")
    })
  )

  behaviour(
    "answers the pings it has taken in when the server stops, and refuses later ones",
    Effect.gen(function*() {
      yield* (yield* MitraRows).put([online(0), online(1)])
      const held = yield* holdMitra(0)
      const serving = yield* Scope.make()
      const context = yield* Layer.buildWithScope(Layer.fresh(Postgres.layer), serving)
      const { heartbeat } = yield* Effect.provide(Effect.service(Availability), context)
      const first = yield* Effect.forkChild(heartbeat(idOfMitra(0), now))
      yield* somebodyWaits
      const second = yield* Effect.forkChild(heartbeat(idOfMitra(1), now), { startImmediately: true })
      const stopping = yield* Effect.forkChild(Scope.close(serving, Exit.void), { startImmediately: true })
      const late = yield* Effect.flip(heartbeat(idOfMitra(1), now))
      assert.deepInclude(late, { _tag: "Unavailable", what: "draining" })
      yield* held.release
      assert.deepStrictEqual([yield* Fiber.join(first), yield* Fiber.join(second)], ["seen", "seen"])
      yield* Fiber.join(stopping)
    })
  )
})

const someTime = fc.option(fc.integer({ min: now - 50_000, max: now }), { nil: null })
const someMitras: fc.Arbitrary<ReadonlyArray<SomeMitra>> = fc.array(
  fc.record({
    is_active: fc.boolean(),
    online_since: someTime,
    last_heartbeat_at: someTime,
    last_offer_at: fc.option(fc.integer({ min: 1, max: 5 }), { nil: null }),
    sessions: fc.integer({ min: 0, max: 4 }),
    languages: fc.subarray(["id", "en"] as const, { minLength: 1 }),
    topics: fc.subarray([...topics], { minLength: 1 })
  }),
  { minLength: 40, maxLength: 80 }
).map((mitras) => mitras.map((mitra, index) => ({ ...mitra, id: idOfMitra(index) })))
const someQuestion = fc.record({
  now: fc.constant(now),
  stale_before: fc.option(fc.constant(now - 25_000), { nil: null }),
  max_customers: fc.integer({ min: 1, max: 4 }),
  declined_since: fc.constant(null),
  open_offers_max: fc.constant(5),
  wanted: fc.record({
    topic: fc.constantFrom(...topics),
    language: fc.constantFrom(null, null, "id" as const, "en" as const)
  }),
  limit: fc.integer({ min: 0, max: 60 }),
  exclude: fc.array(fc.integer({ min: 0, max: 80 }).map(idOfMitra), { maxLength: 20 }),
  only: fc.option(fc.integer({ min: 0, max: 80 }).map(idOfMitra), { nil: null, freq: 4 })
})

describe("Availability (Postgres) against the memory adapter", () => {
  it.live("gives the same answers about the same random mitras", () =>
    Effect.gen(function*() {
      const samples = fc.sample(
        fc.tuple(someMitras, fc.array(someQuestion, { minLength: 15, maxLength: 15 })),
        {
          seed: 20_260_101,
          numRuns: 15
        }
      )
      const answersOf = ([mitras, questions]: (typeof samples)[number]) =>
        Effect.gen(function*() {
          yield* (yield* MitraRows).put(mitras)
          const port = yield* Availability
          return yield* Effect.forEach(questions, (question) =>
            Effect.all([
              port.candidates(question),
              port.counts(question),
              port.stale(now - 25_000, question.limit)
            ]))
        })
      const inMemoryLayer = Layer.provide(Layer.merge(Memory.layer, inMemory), Tables.layer)
      const context = yield* Layer.build(onFreshDatabase)
      for (const sample of samples) {
        const sql = yield* Effect.provide(Effect.service(SqlClient.SqlClient), context)
        yield* sql`TRUNCATE mitras CASCADE`
        const expected = yield* Effect.provide(answersOf(sample), Layer.fresh(inMemoryLayer))
        assert.deepStrictEqual(yield* Effect.provide(answersOf(sample), context), expected)
      }
    }))
})
