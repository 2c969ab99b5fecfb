// Resyncs in a subscriber's queue: never lost, and never piling up.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { busLimits } from "../../../src/layers/bus/limits.ts"
import { makeSubscriptions } from "../../../src/layers/bus/subscriptions.ts"
import { takeLabel, typing, typings } from "../../../testkit/conformance/bus.ts"

describe("resyncs of a subscription", () => {
  it.effect("a Resync not yet read covers later ones, whatever lies around it", () =>
    Effect.gen(function*() {
      const subscriptions = makeSubscriptions()
      const queue = yield* subscriptions.subscribe(["mitra:1", "settings"])
      subscriptions.deliver([typing("mitra:1", 1)])
      subscriptions.resyncAll()
      subscriptions.deliver([typing("mitra:1", 2), { topic: "settings", event: { _tag: "Resync" } }])
      subscriptions.resyncAll()
      subscriptions.deliver([typing("mitra:1", 3)])
      const labels = yield* Effect.forEach([1, 2, 3, 4], () => takeLabel(queue))
      assert.deepStrictEqual(labels, [1, "Resync", 2, 3])
    }))

  it.effect("a Resync that was read does not cover the next one", () =>
    Effect.gen(function*() {
      const subscriptions = makeSubscriptions()
      const queue = yield* subscriptions.subscribe(["mitra:1"])
      for (const number of [1, 2, 3]) {
        subscriptions.resyncAll()
        assert.strictEqual(yield* takeLabel(queue), "Resync")
        subscriptions.deliver([typing("mitra:1", number)])
        assert.strictEqual(yield* takeLabel(queue), number)
      }
    }))

  it.effect("a Resync finds its place in a full queue, which it replaces", () =>
    Effect.gen(function*() {
      const subscriptions = makeSubscriptions()
      const queue = yield* subscriptions.subscribe(["mitra:1"])
      subscriptions.deliver(typings("mitra:1", busLimits.subscription_messages))
      subscriptions.resyncAll()
      subscriptions.deliver([typing("mitra:1", -1)])
      assert.deepStrictEqual([yield* takeLabel(queue), yield* takeLabel(queue)], ["Resync", -1])
      assert.strictEqual(subscriptions.dropped(), busLimits.subscription_messages)
    }))

  it.effect("who hears all topics is told to resync, too, once for all that piled up", () =>
    Effect.gen(function*() {
      const subscriptions = makeSubscriptions()
      const queue = yield* subscriptions.subscribe("all")
      subscriptions.deliver([typing("mitra:1", 1)])
      subscriptions.resyncAll()
      subscriptions.resyncAll()
      subscriptions.deliver([typing("customer:1", 2)])
      assert.deepStrictEqual(yield* Effect.forEach([1, 2, 3], () => takeLabel(queue)), [1, "Resync", 2])
    }))

  it.effect("one topic's Resync is not told to subscribers of others", () =>
    Effect.gen(function*() {
      const subscriptions = makeSubscriptions()
      const queue = yield* subscriptions.subscribe(["mitra:2"])
      subscriptions.deliver([{ topic: "mitra:1", event: { _tag: "Resync" } }, typing("mitra:2", 1)])
      assert.strictEqual(yield* takeLabel(queue), 1)
    }))
})
