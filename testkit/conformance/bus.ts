// What every Bus adapter must do for the subscribers of one process. That nothing more arrives is
// shown by a marker that arrives next, never by waiting.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import type { OfferedRequest } from "../../src/domain/session/offered-request.ts"
import { busLimits } from "../../src/layers/bus/limits.ts"
import { Bus, type BusEvent, type BusMessage, type Topic } from "../../src/services/bus/bus.ts"

/** A recognisable message: `until` is its number. */
export const typing = (topic: Topic, number: number): BusMessage => ({
  topic,
  event: { _tag: "Typing", session_id: "s", side: "customer", until: number }
})

export const typings = (topic: Topic, count: number): ReadonlyArray<BusMessage> =>
  Array.from({ length: count }, (_, index) => typing(topic, index))

export const take = (queue: Queue.Dequeue<BusMessage>) => Effect.timeout(Queue.take(queue), "20 seconds")

export const takeEvents = (queue: Queue.Dequeue<BusMessage>, count: number) =>
  Effect.forEach(Array.from({ length: count }), () => Effect.map(take(queue), (message) => message.event))

/** The next message's tag, or its number if it is one of the above. */
export const takeLabel = (queue: Queue.Dequeue<BusMessage>) =>
  Effect.map(take(queue), ({ event }) => event._tag === "Typing" ? event.until : event._tag)

const publish = (...messages: ReadonlyArray<BusMessage>) =>
  Effect.flatMap(Bus, (bus) => bus.publish(messages))
const subscribe = (...topics: ReadonlyArray<Topic>) => Effect.flatMap(Bus, (bus) => bus.subscribe(topics))

const offer: OfferedRequest = {
  session_id: "s2",
  customer_name: "Sari \"😭\" {a,b}",
  topic: "sensitive",
  mode: "chat",
  kind: "blast",
  duration_ms: 300_000,
  offer: { status: "pending", ending: null, sent_at: 1_767_225_600_000, deadline_at: 1_767_225_660_000 },
  winner_at: null
}

/** One of each event a publisher may send. */
export const everyEvent: ReadonlyArray<BusEvent> = [
  {
    _tag: "SessionEvent",
    session_id: "s1",
    seq: 7,
    event: { _tag: "TopicChanged", by: "mitra", at: 5, topic: "sensitive" }
  },
  {
    _tag: "SessionEvent",
    session_id: "s1",
    seq: null,
    event: { _tag: "ReceiptMoved", at: 6, side: "mitra", delivered_seq: 3, read_seq: 2 },
    origin_connection_id: "c1"
  },
  {
    _tag: "SessionEvent",
    session_id: "s1",
    seq: 8,
    event: {
      _tag: "MessageSent",
      at: 8,
      message_id: "m1",
      client_message_id: "c1",
      side: "customer",
      sender_id: "u1",
      body: "capek \"banget\" \\ 😭\u0000\ud800 {a,b}\nterima kasih"
    }
  },
  { _tag: "SessionEvent", session_id: "s1", seq: 9, event: null },
  { _tag: "OfferChanged", session_id: "s2", ending: null, winner_at: null, offer },
  { _tag: "OfferChanged", session_id: "s2", ending: null, winner_at: null, offer: null },
  { _tag: "OfferChanged", session_id: "s2", ending: "taken", winner_at: 1_767_225_600_123, offer: null },
  { _tag: "Typing", session_id: "s3", side: "mitra", until: 1_767_225_600_123 },
  { _tag: "MitraStatusChanged", is_online: true, cause: "toggle" },
  { _tag: "MitraStatusChanged", is_online: false, cause: "stale_heartbeat" },
  { _tag: "Revoked", auth_session_id: "a1" },
  { _tag: "Revoked", auth_session_id: null },
  { _tag: "SignedIn", auth_session_id: "a2", at: 1_767_225_600_123 },
  { _tag: "DeviceMoved", at: 1_767_225_600_124 },
  { _tag: "SettingsChanged" }
]

type Suite = (title: string, body: Effect.Effect<void, unknown, Bus | Scope.Scope>) => void

const delivering = (behaviour: Suite) => {
  behaviour(
    "a subscriber gets every kind of event of its topics, unchanged and in order",
    Effect.gen(function*() {
      const queue = yield* subscribe("mitra:1")
      yield* publish(...everyEvent.slice(0, 4).map((event) => ({ topic: "mitra:1" as const, event })))
      yield* publish(...everyEvent.slice(4).map((event) => ({ topic: "mitra:1" as const, event })))
      assert.deepStrictEqual(yield* takeEvents(queue, everyEvent.length), [...everyEvent])
    })
  )

  behaviour(
    "a subscriber gets nothing of other people's topics",
    Effect.gen(function*() {
      const queue = yield* subscribe("customer:1")
      yield* publish(
        typing("customer:2", 1),
        typing("mitra:1", 2),
        typing("settings", 3),
        typing("customer:1", 4)
      )
      assert.deepStrictEqual(yield* take(queue), typing("customer:1", 4))
    })
  )

  behaviour(
    "who asks for one kind of event gets that, and every Resync",
    Effect.gen(function*() {
      const queue = yield* Effect.flatMap(Bus, (bus) => bus.subscribe(["mitra:1"], "MitraStatusChanged"))
      const resync: BusMessage = { topic: "mitra:1", event: { _tag: "Resync" } }
      yield* publish(...everyEvent.map((event) => ({ topic: "mitra:1" as const, event })), resync)
      assert.deepStrictEqual(
        yield* takeEvents(queue, 3),
        [...everyEvent.filter(({ _tag }) => _tag === "MitraStatusChanged"), resync.event]
      )
    })
  )

  behaviour(
    "who asks for one kind of event of everybody gets that of each topic, and every Resync",
    Effect.gen(function*() {
      const queue = yield* Effect.flatMap(Bus, (bus) => bus.subscribe("all", "Revoked"))
      const revoked: BusEvent = { _tag: "Revoked", auth_session_id: "a1" }
      const resync: BusMessage = { topic: "mitra:1", event: { _tag: "Resync" } }
      yield* publish(typing("mitra:1", 1), { topic: "mitra:1", event: revoked }, typing("customer:1", 2))
      yield* publish({ topic: "customer:1", event: revoked }, resync)
      const heard = yield* Effect.forEach([1, 2, 3], () => take(queue))
      assert.deepStrictEqual(heard.slice(0, 2), [
        { topic: "mitra:1", event: revoked },
        { topic: "customer:1", event: revoked }
      ])
      assert.strictEqual(heard[2]?.event._tag, "Resync")
    })
  )

  behaviour(
    "every subscriber of a topic gets each message",
    Effect.gen(function*() {
      const queues = [yield* subscribe("mitra:1"), yield* subscribe("mitra:1"), yield* subscribe("mitra:1")]
      yield* publish(typing("mitra:1", 1), typing("mitra:1", 2))
      for (const queue of queues) {
        assert.deepStrictEqual([yield* takeLabel(queue), yield* takeLabel(queue)], [1, 2])
      }
    })
  )

  behaviour(
    "one subscription may cover several topics, and a topic named twice counts once",
    Effect.gen(function*() {
      const queue = yield* subscribe("mitra:1", "settings", "mitra:1")
      yield* publish(typing("settings", 1), typing("mitra:1", 2), typing("settings", 3))
      assert.deepStrictEqual([yield* take(queue), yield* take(queue), yield* take(queue)], [
        typing("settings", 1),
        typing("mitra:1", 2),
        typing("settings", 3)
      ])
    })
  )

  behaviour(
    "what was published before subscribing is not delivered",
    Effect.gen(function*() {
      yield* publish(typing("mitra:1", 1))
      const queue = yield* subscribe("mitra:1")
      yield* publish(typing("mitra:1", 2))
      assert.strictEqual(yield* takeLabel(queue), 2)
    })
  )

  behaviour(
    "a subscription ends with its scope, and others stay",
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const gone = yield* Scope.provide(subscribe("mitra:1"), scope)
      const stays = yield* subscribe("mitra:1")
      yield* Scope.close(scope, Exit.void)
      yield* publish(typing("mitra:1", 1))
      assert.strictEqual(yield* takeLabel(stays), 1)
      assert.isTrue(Exit.isFailure(yield* Effect.exit(Queue.take(gone))))
    })
  )
}

const fallingBehind = (behaviour: Suite) => {
  behaviour(
    "a subscriber that falls behind finds one Resync and then what came later",
    Effect.gen(function*() {
      const bus = yield* Bus
      const queue = yield* subscribe("mitra:1")
      const before = yield* bus.state
      yield* publish(...typings("mitra:1", busLimits.subscription_messages))
      yield* publish(typing("mitra:1", -1), typing("mitra:1", -2))
      assert.deepStrictEqual([yield* takeLabel(queue), yield* takeLabel(queue)], ["Resync", -2])
      assert.strictEqual((yield* bus.state).dropped, before.dropped + busLimits.subscription_messages + 1)
      yield* publish(typing("mitra:1", -3))
      assert.strictEqual(yield* takeLabel(queue), -3)
    })
  )

  behaviour(
    "a subscriber that never takes holds a bounded queue with a single Resync",
    Effect.gen(function*() {
      const queue = yield* subscribe("mitra:1", "settings")
      yield* publish(...typings("mitra:1", 10 * busLimits.subscription_messages))
      yield* publish(typing("settings", -1))
      const held = yield* Queue.takeAll(queue)
      assert.isAtMost(held.length, busLimits.subscription_messages)
      assert.lengthOf(held.filter((message) => message.event._tag === "Resync"), 1)
    })
  )

  behaviour(
    "a slow subscriber takes nothing from its neighbours",
    Effect.gen(function*() {
      yield* subscribe("mitra:1")
      const quick = yield* subscribe("mitra:1")
      for (const message of typings("mitra:1", 2 * busLimits.subscription_messages)) {
        yield* publish(message)
        assert.deepStrictEqual(yield* take(quick), message)
      }
    })
  )

  behaviour(
    "publishing with nobody there neither waits nor fails, however much it is",
    Effect.gen(function*() {
      yield* publish(...typings("customer:nobody", 30_000))
      yield* publish()
      const queue = yield* subscribe("mitra:1")
      yield* publish(typing("mitra:1", 1))
      assert.strictEqual(yield* takeLabel(queue), 1)
    })
  )

  behaviour(
    "says since when it is connected",
    Effect.gen(function*() {
      assert.isNumber((yield* (yield* Bus).state).connected_since)
    })
  )
}

/** `run` is `it.effect` where no real time passes, `it.live` against real servers. */
export const busSuite = <E>(
  adapter: string,
  run: typeof it.effect | typeof it.live,
  layer: Layer.Layer<Bus, E>
): void => {
  describe(`Bus (${adapter})`, () => {
    const behaviour: Suite = (title, body) =>
      run(title, () => body.pipe(Effect.scoped, Effect.provide(layer)))
    delivering(behaviour)
    fallingBehind(behaviour)
  })
}
