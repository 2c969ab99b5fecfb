// The Bus suite over Valkey with Postgres behind it, and what the two together must do: carry everything
// while either is down for any runner, each message once and in order, and say Resync when in doubt.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import { SecureRandom } from "effect/crypto"
import { PgClient } from "@effect/sql-pg"
import { decode, encode } from "../../../src/layers/bus/notification.ts"
import { channel } from "../../../src/layers/bus/postgres-link.ts"
import { type BusTimings, busTimings } from "../../../src/layers/bus/timings.ts"
import * as WithValkey from "../../../src/layers/bus/bus.valkey.ts"
import { signedPayloads } from "../../../src/layers/bus/signed-payloads.ts"
import { Valkey } from "../../../src/layers/platform/valkey/connection.ts"
import { Bus, type BusMessage } from "../../../src/services/bus/bus.ts"
import {
  busSuite,
  everyEvent,
  takeEvents,
  takeLabel,
  typing,
  typings
} from "../../../testkit/conformance/bus.ts"
import { databaseAt, freshDatabase, freshDatabaseUrl } from "../../support/postgres.ts"
import { tcpProxy } from "../../support/tcp-proxy.ts"
import { freshValkey } from "../../support/valkey.ts"
import { valkeyAt } from "../../support/valkey-connection.ts"

const keys = [new Uint8Array(32).fill(7)] as const

busSuite(
  "Valkey",
  it.live,
  WithValkey.layer(keys).pipe(Layer.provide([
    freshDatabase,
    SecureRandom.layerWebCrypto,
    Layer.unwrap(Effect.map(freshValkey, ({ url }) => valkeyAt(url)))
  ]))
)

const quick: BusTimings = { ...busTimings, probe_every_ms: 100, silence_ms: 500, answer_within_ms: 500 }

/** A runner's bus with connections of its own, until the scope closes. */
const runnerAt = (postgres: string, valkey: string, timings: BusTimings = quick) =>
  Layer.build(Layer.fresh(
    WithValkey.layerWith(keys, timings).pipe(
      Layer.provide([databaseAt(postgres, 4), SecureRandom.layerWebCrypto, valkeyAt(valkey)])
    )
  )).pipe(Effect.flatMap((context) => Effect.provide(Effect.service(Bus), context)))

const servers = Effect.gen(function*() {
  return { postgres: yield* freshDatabaseUrl, valkey: (yield* freshValkey).url }
})

const withValkey = <A, E>(url: string, body: Effect.Effect<A, E, Valkey>) =>
  Effect.provide(body, Layer.fresh(valkeyAt(url)))

/** How many runners listen. */
const listeners = (url: string) =>
  withValkey(
    url,
    Effect.gen(function*() {
      const database = new URL(url).pathname.slice(1)
      const answer = yield* (yield* Valkey).call("PUBSUB", "NUMSUB", `halobestie:bus:signed:${database || 0}`)
      return Number((answer as ReadonlyArray<string | number>)[1])
    })
  )

/** The next messages that are no Resync. */
const takeMessages = (queue: Queue.Dequeue<BusMessage>, count: number) =>
  Effect.forEach(
    Array.from({ length: count }),
    () => takeLabel(queue).pipe(Effect.repeat({ until: (label) => label !== "Resync" }))
  )

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index)

/** Publishes numbered messages until the other runner has heard one: each link is being found again. */
const untilHeard = Effect.fnUntraced(function*(from: Bus["Service"], queue: Queue.Dequeue<BusMessage>) {
  const publishing = from.publish([typing("customer:1", -1)]).pipe(
    Effect.repeat(Schedule.spaced("50 millis"))
  )
  yield* Effect.raceFirst(
    publishing,
    takeLabel(queue).pipe(Effect.repeat({ until: (label) => label === -1 }))
  )
})

const behaviour = (title: string, body: Effect.Effect<void, unknown, Scope.Scope>) =>
  it.live(title, () => Effect.scoped(body))

describe("two runners on Valkey and Postgres", () => {
  behaviour(
    "each gets the other's messages, unchanged and in order, and each runner needs one subscriber connection",
    Effect.gen(function*() {
      const { postgres, valkey } = yield* servers
      const [a, b] = [yield* runnerAt(postgres, valkey), yield* runnerAt(postgres, valkey)]
      const atB = yield* b.subscribe(["mitra:1"])
      const atA = yield* a.subscribe(["mitra:2"])
      yield* Effect.forEach(upTo(50), (n) => b.subscribe([`customer:${n}`]), { discard: true })
      yield* a.publish(everyEvent.map((event) => ({ topic: "mitra:1", event })))
      yield* b.publish(everyEvent.map((event) => ({ topic: "mitra:2", event })))
      assert.deepStrictEqual(yield* takeEvents(atB, everyEvent.length), [...everyEvent])
      assert.deepStrictEqual(yield* takeEvents(atA, everyEvent.length), [...everyEvent])
      assert.strictEqual(yield* listeners(valkey), 2)
    })
  )

  behaviour(
    "thousands of messages arrive once and in order, with signs of life on both links in between",
    Effect.gen(function*() {
      const { postgres, valkey } = yield* servers
      const [a, b] = [yield* runnerAt(postgres, valkey), yield* runnerAt(postgres, valkey)]
      const queue = yield* b.subscribe(["customer:1"])
      const count = 3_000
      const taking = yield* Effect.forkChild(Effect.forEach(upTo(count), () => takeLabel(queue)))
      for (const message of typings("customer:1", count)) {
        yield* a.publish([message])
        if (message.event._tag === "Typing" && message.event.until % 300 === 0) yield* Effect.sleep(40)
      }
      assert.deepStrictEqual(yield* Fiber.join(taking), upTo(count))
    })
  )

  behaviour(
    "messages do not go through Postgres while Valkey reaches everybody",
    Effect.gen(function*() {
      const { postgres, valkey } = yield* servers
      const calm = { ...quick, probe_every_ms: 60_000, silence_ms: 120_000 }
      const stopping = yield* Scope.make()
      const a = yield* Scope.provide(runnerAt(postgres, valkey, calm), stopping)
      const b = yield* runnerAt(postgres, valkey, calm)
      const queue = yield* b.subscribe(["customer:1"])
      const context = yield* Layer.build(Layer.fresh(databaseAt(postgres, 2)))
      const sql = yield* Effect.provide(Effect.service(PgClient.PgClient), context)
      const heard = yield* sql.listen(channel)
      yield* a.publish(typings("customer:1", 200))
      assert.deepStrictEqual(yield* takeMessages(queue, 200), upTo(200))
      yield* Scope.close(stopping, Exit.void)
      // Its goodbye goes everywhere and comes last.
      const carried: Array<number> = []
      yield* Queue.take(heard).pipe(
        Effect.map(({ payload }) => decode(payload)),
        Effect.tap((payload) => Effect.sync(() => carried.push(payload?.messages.length ?? -1))),
        Effect.repeat({ until: (payload) => payload?.leaving === true }),
        Effect.timeout("10 seconds")
      )
      assert.deepStrictEqual(carried.filter((messages) => messages !== 0), [])
    })
  )
})

describe("a bus whose Valkey is in trouble", () => {
  behaviour(
    "carries everything over Postgres while Valkey refuses, and comes back to it by itself",
    Effect.gen(function*() {
      const { postgres, valkey } = yield* servers
      const proxy = yield* tcpProxy(valkey)
      const [a, b] = [yield* runnerAt(postgres, proxy.url), yield* runnerAt(postgres, proxy.url)]
      const atB = yield* b.subscribe(["customer:1"])
      const refusals = yield* Effect.forkChild(proxy.refusals(4), { startImmediately: true })
      yield* proxy.refuse
      yield* a.publish(typings("customer:1", 50))
      assert.deepStrictEqual(yield* takeMessages(atB, 50), upTo(50))
      yield* Fiber.join(refusals)
      yield* a.publish(typings("customer:1", 50))
      assert.deepStrictEqual(yield* takeMessages(atB, 50), upTo(50))
      yield* proxy.accept
      yield* listeners(valkey).pipe(
        Effect.repeat({ until: (count) => count === 2, schedule: Schedule.spaced("50 millis") }),
        Effect.timeout("20 seconds")
      )
      yield* untilHeard(a, atB)
    })
  )

  behaviour(
    "resyncs everybody after any interruption of Valkey",
    Effect.gen(function*() {
      const { postgres, valkey } = yield* servers
      const proxy = yield* tcpProxy(valkey)
      const [a, b] = [yield* runnerAt(postgres, proxy.url), yield* runnerAt(postgres, proxy.url)]
      const queues = [yield* a.subscribe(["customer:1"]), yield* b.subscribe(["settings"])]
      yield* proxy.refuse
      yield* proxy.accept
      for (const queue of queues) assert.strictEqual(yield* takeLabel(queue), "Resync")
    })
  )

  behaviour(
    "reaches a runner that Valkey does not reach, although all others hear Valkey",
    Effect.gen(function*() {
      const { postgres, valkey } = yield* servers
      const proxy = yield* tcpProxy(valkey)
      const [a, b] = [yield* runnerAt(postgres, valkey), yield* runnerAt(postgres, valkey)]
      const deaf = yield* runnerAt(postgres, proxy.url)
      const atB = yield* b.subscribe(["customer:1"])
      const atDeaf = yield* deaf.subscribe(["customer:1"])
      yield* untilHeard(a, atDeaf)
      yield* proxy.refuse
      yield* listeners(valkey).pipe(
        Effect.repeat({ until: (count) => count === 2, schedule: Schedule.spaced("20 millis") }),
        Effect.timeout("20 seconds")
      )
      yield* a.publish(typings("customer:1", 100))
      const heard = (queue: Queue.Dequeue<BusMessage>) =>
        takeLabel(queue).pipe(
          Effect.repeat({ until: (label) => label === 0 }),
          Effect.andThen(takeMessages(queue, 99))
        )
      assert.deepStrictEqual(yield* heard(atDeaf), upTo(99).map((n) => n + 1))
      assert.deepStrictEqual(yield* heard(atB), upTo(99).map((n) => n + 1))
      yield* deaf.publish([typing("customer:1", 1_000)])
      assert.deepStrictEqual(yield* takeMessages(atB, 1), [1_000])
    })
  )

  behaviour(
    "replaces a subscriber connection that fell silent without an error",
    Effect.gen(function*() {
      const { postgres, valkey } = yield* servers
      const proxy = yield* tcpProxy(valkey)
      const a = yield* runnerAt(postgres, proxy.url)
      const b = yield* runnerAt(postgres, valkey)
      const atA = yield* a.subscribe(["customer:1"])
      yield* proxy.silence
      assert.strictEqual(yield* takeLabel(atA), "Resync")
      yield* untilHeard(b, atA)
    })
  )

  behaviour(
    "works over Valkey while Postgres refuses",
    Effect.gen(function*() {
      const { postgres, valkey } = yield* servers
      const proxy = yield* tcpProxy(postgres)
      const [a, b] = [yield* runnerAt(proxy.url, valkey), yield* runnerAt(proxy.url, valkey)]
      const atB = yield* b.subscribe(["customer:1"])
      const refusals = yield* Effect.forkChild(proxy.refusals(4), { startImmediately: true })
      yield* proxy.refuse
      yield* Fiber.join(refusals)
      yield* untilHeard(a, atB)
      assert.isNumber((yield* b.state).connected_since)
    })
  )

  behaviour(
    "starts without Valkey, and uses it when it comes",
    Effect.gen(function*() {
      const { postgres, valkey } = yield* servers
      const proxy = yield* tcpProxy(valkey)
      yield* proxy.refuse
      const [a, b] = [yield* runnerAt(postgres, proxy.url), yield* runnerAt(postgres, proxy.url)]
      const atB = yield* b.subscribe(["customer:1"])
      yield* a.publish(typings("customer:1", 20))
      assert.deepStrictEqual(yield* takeMessages(atB, 20), upTo(20))
      yield* proxy.accept
      yield* listeners(valkey).pipe(
        Effect.repeat({ until: (count) => count === 2, schedule: Schedule.spaced("50 millis") }),
        Effect.timeout("20 seconds")
      )
    })
  )

  behaviour(
    "drops what no runner signed, and what was signed for another secret",
    Effect.gen(function*() {
      const { postgres, valkey } = yield* servers
      const [a, b] = [yield* runnerAt(postgres, valkey), yield* runnerAt(postgres, valkey)]
      const atB = yield* b.subscribe(["customer:1"])
      yield* untilHeard(a, atB)
      const database = new URL(valkey).pathname.slice(1) || 0
      const [payload] = encode(
        { runner: "a stranger", nextNumber: () => 1 },
        [typing("customer:1", 666)],
        { missed: false, leaving: false }
      ) as [string]
      const forged = signedPayloads([new Uint8Array(32).fill(8)]).sign(payload)
      for (const sent of [payload, forged]) {
        yield* withValkey(
          valkey,
          Effect.flatMap(
            Valkey,
            (strangers) => strangers.call("PUBLISH", `halobestie:bus:signed:${database}`, sent)
          )
        )
      }
      yield* a.publish([typing("customer:1", 7_777)])
      const next = yield* takeLabel(atB).pipe(
        Effect.repeat({ until: (label) => label === 666 || label === 7_777 })
      )
      assert.strictEqual(next, 7_777)
    })
  )
})
