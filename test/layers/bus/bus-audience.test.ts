// A runner that is alone on its link: what it still publishes, and how somebody who comes, or who hears and
// is not heard, gets to know what was not.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import { SecureRandom } from "effect/crypto"
import { TestClock } from "effect/testing"
import type { Link } from "../../../src/layers/bus/link.ts"
import { makeLinkedBus } from "../../../src/layers/bus/links.ts"
import { decode, encode } from "../../../src/layers/bus/notification.ts"
import { busTimings } from "../../../src/layers/bus/timings.ts"
import { revoked } from "../../../src/services/bus/bus.ts"
import { typing } from "../../../testkit/conformance/bus.ts"

const second = 1_000

/** A link on which one runner lives, and perhaps others, who are counted. */
const makeWorld = Effect.gen(function*() {
  const arrives = yield* Queue.unbounded<string>()
  const sent: Array<string> = []
  const world = { listeners: 1, unanswered: 0 }
  const link: Link = {
    name: "valkey",
    // Answers after the first count, as a Valkey may.
    send: (payloads) =>
      Effect.map(Effect.yieldNow, () => {
        sent.push(...payloads)
        for (const payload of payloads) Queue.offerUnsafe(arrives, payload)
        return world.listeners
      }),
    listeners: Effect.suspend(() => {
      if (world.unanswered === 0) return Effect.succeed(world.listeners)
      world.unanswered -= 1
      return Effect.never
    }),
    listen: Effect.succeed(Queue.takeBetween(arrives, 1, 64))
  }
  const bus = yield* makeLinkedBus([link], busTimings)
  const speak = (payload: string) => Effect.sync(() => Queue.offerUnsafe(arrives, payload))
  /** What was sent since the last look, without mere signs of life. */
  const taken = () =>
    sent.splice(0).flatMap((payload) => {
      const { messages, missed } = decode(payload)!
      return [...(missed ? ["missed"] : []), ...messages.map(({ event }) => event._tag)]
    })
  return { bus, world, speak, taken }
})

const alone = Effect.tap(makeWorld, () => TestClock.adjust(2 * second))

const world = (title: string, body: Effect.Effect<void, unknown, never>) => it.effect(title, () => body)

describe("a runner that is alone", () => {
  world(
    "publishes outside what must arrive within a second, and nothing else",
    Effect.gen(function*() {
      const { bus, taken } = yield* alone
      taken()
      const heard = yield* bus.subscribe(["customer:1"])
      yield* bus.publish([typing("customer:1", 1), revoked("customer:1"), typing("customer:1", 2)])
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(taken(), ["Revoked"])
      assert.strictEqual(Queue.sizeUnsafe(heard), 3)
    }).pipe(Effect.scoped, Effect.provide(SecureRandom.layerWebCrypto))
  )

  world(
    "publishes everything until it has been counted alone twice",
    Effect.gen(function*() {
      const { bus, taken } = yield* makeWorld
      taken()
      yield* bus.publish([typing("customer:1", 1)])
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(taken(), ["Typing"])
    }).pipe(Effect.scoped, Effect.provide(SecureRandom.layerWebCrypto))
  )

  world(
    "tells one who hears and is not heard to resync within a second, and publishes from then on",
    Effect.gen(function*() {
      const { bus, taken, world } = yield* alone
      taken()
      world.listeners = 2
      yield* bus.publish([typing("customer:1", 1)])
      yield* TestClock.adjust(second)
      assert.deepStrictEqual(taken(), ["missed"])
      yield* bus.publish([typing("customer:1", 2)])
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(taken(), ["Typing"])
    }).pipe(Effect.scoped, Effect.provide(SecureRandom.layerWebCrypto))
  )

  world(
    "publishes as soon as it hears another one, with a hint in front of what comes next",
    Effect.gen(function*() {
      const { bus, speak, taken, world } = yield* alone
      taken()
      yield* bus.publish([typing("customer:1", 1)])
      world.listeners = 2
      const [sign] = encode({ runner: "another", nextNumber: () => 1 }, [], { missed: false, leaving: false })
      yield* speak(sign!)
      yield* TestClock.adjust(10)
      yield* bus.publish([typing("customer:1", 2)])
      yield* TestClock.adjust(second)
      assert.deepStrictEqual(taken().toSorted(), ["Typing", "missed"])
    }).pipe(Effect.scoped, Effect.provide(SecureRandom.layerWebCrypto))
  )

  world(
    "is not given the others' work when one count gets no answer, and only for a moment when two get none",
    Effect.gen(function*() {
      const { bus, taken, world } = yield* alone
      taken()
      const published = Effect.gen(function*() {
        yield* bus.publish([typing("customer:1", 1)])
        yield* TestClock.adjust(10)
        return taken()
      })
      world.unanswered = 1
      yield* TestClock.adjust(0.9 * second)
      assert.deepStrictEqual(yield* published, [])
      world.unanswered = 2
      yield* TestClock.adjust(1.2 * second)
      assert.deepStrictEqual(yield* published, ["missed", "Typing"])
      yield* TestClock.adjust(2 * second)
      assert.deepStrictEqual(yield* published, [])
    }).pipe(Effect.scoped, Effect.provide(SecureRandom.layerWebCrypto))
  )
})
