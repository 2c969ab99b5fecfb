// The Bus suite over Postgres, and two runners on one database: what crosses, in which order, and that
// every kind of interruption ends in a Resync and then works again.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import { SecureRandom } from "effect/crypto"
import * as SqlClient from "effect/sql/SqlClient"
import { PgClient } from "@effect/sql-pg"
import { decode } from "../../../src/layers/bus/notification.ts"
import { channel } from "../../../src/layers/bus/postgres-link.ts"
import { type BusTimings, busTimings } from "../../../src/layers/bus/timings.ts"
import * as Postgres from "../../../src/layers/bus/bus.postgres.ts"
import { Bus, type BusMessage } from "../../../src/services/bus/bus.ts"
import {
  busSuite,
  everyEvent,
  take,
  takeEvents,
  takeLabel,
  typing,
  typings
} from "../../../testkit/conformance/bus.ts"
import { databaseAt, freshDatabase, freshDatabaseUrl } from "../../support/postgres.ts"
import { tcpProxy } from "../../support/tcp-proxy.ts"

busSuite(
  "Postgres",
  it.live,
  Postgres.layer.pipe(Layer.provide([freshDatabase, SecureRandom.layerWebCrypto]))
)

/** A runner's bus with a pool of its own, until the scope closes. */
const runnerAt = (url: string, timings: BusTimings = busTimings) =>
  Layer.build(Layer.fresh(
    Postgres.layerWith(timings).pipe(Layer.provide([databaseAt(url), SecureRandom.layerWebCrypto]))
  )).pipe(Effect.flatMap((context) => Effect.provide(Effect.service(Bus), context)))

/** Two runners on one fresh database. */
const twoRunners = Effect.gen(function*() {
  const url = yield* freshDatabaseUrl
  return { url, a: yield* runnerAt(url), b: yield* runnerAt(url) }
})

const onDatabase = <A, E>(url: string, body: Effect.Effect<A, E, PgClient.PgClient | SqlClient.SqlClient>) =>
  Effect.provide(body, Layer.fresh(databaseAt(url, 2)))

const raw = (url: string, payload: string) =>
  onDatabase(url, Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT pg_notify(${channel}, ${payload})`))

const moved = (seq: number, body: string): BusMessage => ({
  topic: "customer:1",
  event: {
    _tag: "SessionEvent",
    session_id: "s",
    seq,
    event: {
      _tag: "MessageSent",
      at: seq,
      message_id: `m${seq}`,
      client_message_id: `c${seq}`,
      side: "mitra",
      sender_id: "u",
      body
    }
  }
})

const behaviour = (title: string, body: Effect.Effect<void, unknown, Scope.Scope>) =>
  it.live(title, () => Effect.scoped(body))

describe("two runners on one Postgres", () => {
  behaviour(
    "each gets the other's messages, unchanged and in order",
    Effect.gen(function*() {
      const { a, b } = yield* twoRunners
      const atB = yield* b.subscribe(["mitra:1"])
      const atA = yield* a.subscribe(["mitra:2"])
      yield* a.publish(everyEvent.map((event) => ({ topic: "mitra:1", event })))
      yield* b.publish(everyEvent.map((event) => ({ topic: "mitra:2", event })))
      assert.deepStrictEqual(yield* takeEvents(atB, everyEvent.length), [...everyEvent])
      assert.deepStrictEqual(yield* takeEvents(atA, everyEvent.length), [...everyEvent])
    })
  )

  behaviour(
    "a runner's own subscribers get its messages once, although Postgres sends them back",
    Effect.gen(function*() {
      const { a, b } = yield* twoRunners
      const atA = yield* a.subscribe(["mitra:1"])
      const atB = yield* b.subscribe(["mitra:1"])
      yield* a.publish([typing("mitra:1", 1)])
      assert.strictEqual(yield* takeLabel(atB), 1)
      // Postgres keeps the order of commits: when this is back at A, A's own notification was, too.
      yield* b.publish([typing("mitra:1", 2)])
      assert.deepStrictEqual([yield* takeLabel(atA), yield* takeLabel(atA)], [1, 2])
    })
  )

  behaviour(
    "thousands of messages arrive complete and in order of publishing",
    Effect.gen(function*() {
      const { a, b } = yield* twoRunners
      const queue = yield* b.subscribe(["customer:1"])
      const count = 3_000
      const taking = yield* Effect.forkChild(
        Effect.forEach(Array.from({ length: count }), () => takeLabel(queue))
      )
      for (const message of typings("customer:1", count)) yield* a.publish([message])
      assert.deepStrictEqual(yield* Fiber.join(taking), Array.from({ length: count }, (_, index) => index))
    })
  )

  behaviour(
    "equal messages of one moment all arrive",
    Effect.gen(function*() {
      const { a, b } = yield* twoRunners
      const queue = yield* b.subscribe(["customer:1"])
      yield* a.publish(Array.from({ length: 200 }, () => typing("customer:1", 1)))
      yield* a.publish([typing("customer:1", 2)])
      const labels = yield* Effect.forEach(Array.from({ length: 201 }), () => takeLabel(queue))
      assert.deepStrictEqual(labels, [...Array.from({ length: 200 }, () => 1), 2])
    })
  )

  behaviour(
    "a message too large for a notification arrives without its event, with its sequence",
    Effect.gen(function*() {
      const { a, b } = yield* twoRunners
      const queue = yield* b.subscribe(["customer:1"])
      const messages = [moved(1, "small"), moved(2, "😭".repeat(4_000)), moved(3, "small again")]
      yield* a.publish(messages)
      assert.deepStrictEqual(yield* Effect.forEach(messages, () => take(queue)), [
        messages[0]!,
        { topic: "customer:1", event: { _tag: "SessionEvent", session_id: "s", seq: 2, event: null } },
        messages[2]!
      ])
    })
  )

  behaviour(
    "garbled notifications cost a Resync and nothing else",
    Effect.gen(function*() {
      const { a, b, url } = yield* twoRunners
      const queue = yield* b.subscribe(["customer:1"])
      yield* raw(url, "not ours")
      assert.strictEqual(yield* takeLabel(queue), "Resync")
      yield* a.publish([typing("customer:1", 1)])
      assert.strictEqual(yield* takeLabel(queue), 1)
    })
  )

  behaviour(
    "more than the publisher can hold becomes a Resync on the other runner, also for those it did not name",
    Effect.gen(function*() {
      const { a, b } = yield* twoRunners
      const queue = yield* b.subscribe(["customer:other"])
      yield* a.publish(typings("customer:1", 20_000))
      assert.strictEqual(yield* takeLabel(queue), "Resync")
      assert.isAbove((yield* a.state).dropped, 0)
      yield* a.publish([typing("customer:other", 1)])
      assert.strictEqual(yield* takeLabel(queue), 1)
    })
  )

  behaviour(
    "what was published just before a runner stops still goes out, and then its goodbye",
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      const b = yield* runnerAt(url)
      const queue = yield* b.subscribe(["customer:1"])
      const context = yield* Layer.build(Layer.fresh(databaseAt(url, 2)))
      const sql = yield* Effect.provide(Effect.service(PgClient.PgClient), context)
      const heard = yield* sql.listen(channel)
      const stopping = yield* Scope.make()
      const a = yield* Scope.provide(runnerAt(url), stopping)
      yield* a.publish(typings("customer:1", 100))
      yield* Scope.close(stopping, Exit.void)
      const labels = yield* Effect.forEach(Array.from({ length: 100 }), () => takeLabel(queue))
      assert.deepStrictEqual(labels, Array.from({ length: 100 }, (_, index) => index))
      yield* Queue.take(heard).pipe(
        Effect.map(({ payload }) => decode(payload)?.leaving),
        Effect.repeat({ until: (leaving) => leaving === true }),
        Effect.timeout("10 seconds")
      )
    })
  )
})

describe("a bus that was interrupted", () => {
  behaviour(
    "resyncs when its LISTEN connection is terminated, and works again",
    Effect.gen(function*() {
      const { a, b, url } = yield* twoRunners
      const queues = [yield* a.subscribe(["customer:1"]), yield* b.subscribe(["customer:1"])]
      const killed = yield* onDatabase(
        url,
        Effect.flatMap(
          SqlClient.SqlClient,
          (sql) =>
            sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name LIKE '%-bus'`
        )
      )
      assert.lengthOf(killed, 2)
      for (const queue of queues) assert.strictEqual(yield* takeLabel(queue), "Resync")
      yield* a.publish([typing("customer:1", 1)])
      yield* b.publish([typing("customer:1", 2)])
      // Each has the own one and the other's, whichever was first.
      for (const queue of queues) {
        assert.sameMembers([yield* takeLabel(queue), yield* takeLabel(queue)], [1, 2])
      }
    })
  )

  behaviour(
    "serves its own subscribers while Postgres refuses, then makes everybody resync",
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      const proxy = yield* tcpProxy(url)
      const a = yield* runnerAt(proxy.url)
      const b = yield* runnerAt(url)
      const atA = yield* a.subscribe(["customer:1"])
      const atB = yield* b.subscribe(["customer:1"])
      const refusals = yield* Effect.forkChild(proxy.refusals(5), { startImmediately: true })
      yield* proxy.refuse
      yield* a.publish([typing("customer:1", 1)])
      assert.strictEqual(yield* takeLabel(atA), 1)
      yield* Fiber.join(refusals)
      assert.isNull((yield* a.state).connected_since)
      yield* proxy.accept
      assert.strictEqual(yield* takeLabel(atA), "Resync")
      assert.strictEqual(yield* takeLabel(atB), "Resync")
      assert.isNumber((yield* a.state).connected_since)
      assert.isAbove((yield* a.state).dropped, 0)
      yield* a.publish([typing("customer:1", 2)])
      yield* b.publish([typing("customer:1", 3)])
      assert.sameMembers([yield* takeLabel(atA), yield* takeLabel(atA)], [2, 3])
      assert.sameMembers([yield* takeLabel(atB), yield* takeLabel(atB)], [2, 3])
    })
  )

  behaviour(
    "starts without Postgres, and resyncs when it comes",
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      const proxy = yield* tcpProxy(url)
      yield* proxy.refuse
      const a = yield* runnerAt(proxy.url)
      const atA = yield* a.subscribe(["customer:1"])
      yield* a.publish([typing("customer:1", 1)])
      assert.strictEqual(yield* takeLabel(atA), 1)
      yield* proxy.accept
      assert.strictEqual(yield* takeLabel(atA), "Resync")
      const b = yield* runnerAt(url)
      yield* b.publish([typing("customer:1", 2)])
      assert.strictEqual(yield* takeLabel(atA), 2)
    })
  )

  behaviour(
    "replaces a LISTEN connection that fell silent without an error",
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      const proxy = yield* tcpProxy(url)
      const impatient = { ...busTimings, probe_every_ms: 100, silence_ms: 500, answer_within_ms: 500 }
      const a = yield* runnerAt(proxy.url, impatient)
      const atA = yield* a.subscribe(["customer:1"])
      yield* proxy.silence
      assert.strictEqual(yield* takeLabel(atA), "Resync")
      const b = yield* runnerAt(url)
      yield* b.publish([typing("customer:1", 1)])
      assert.strictEqual(yield* takeLabel(atA), 1)
    })
  )

  behaviour(
    "resyncs when another runner vanishes without a goodbye, whose last messages may be lost",
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      const proxy = yield* tcpProxy(url)
      const quick = { ...busTimings, probe_every_ms: 100, silence_ms: 500 }
      const b = yield* runnerAt(url, quick)
      const atB = yield* b.subscribe(["customer:1"])
      const a = yield* runnerAt(proxy.url, quick)
      yield* a.publish([typing("customer:1", 1)])
      assert.strictEqual(yield* takeLabel(atB), 1)
      yield* proxy.vanish
      assert.strictEqual(yield* takeLabel(atB), "Resync")
    })
  )
})
