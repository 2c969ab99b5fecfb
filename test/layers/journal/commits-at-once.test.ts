// The group commit with more than one commit in flight, over a writer the test holds in its hands: what goes
// side by side, and what never does.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import { TestClock } from "effect/testing"
import { allCommitted, start } from "./held-writer.ts"

describe("the group commit with two commits in flight", () => {
  it.effect("begins the next group while the first one waits, and no third one", () =>
    Effect.gen(function*() {
      const { groups, hand, next } = yield* start({ commits_at_once: 2 })
      const [a] = yield* hand("a")
      const first = yield* next
      const [b] = yield* hand("b")
      const second = yield* next
      assert.deepStrictEqual([first.ids, second.ids], [["a"], ["b"]])
      yield* hand("c", "d")
      assert.strictEqual(yield* Queue.size(groups), 0)
      yield* allCommitted(second)
      assert.strictEqual(yield* Fiber.join(b!), "Committed")
      assert.deepStrictEqual((yield* next).ids, ["c", "d"])
      yield* allCommitted(first)
      assert.strictEqual(yield* Fiber.join(a!), "Committed")
    }))

  it.effect("holds an actor's next turn back until the one before it is through", () =>
    Effect.gen(function*() {
      const { groups, hand, next } = yield* start({ commits_at_once: 2 })
      yield* hand("a")
      const first = yield* next
      const [again] = yield* hand("a")
      yield* TestClock.adjust(0)
      assert.strictEqual(yield* Queue.size(groups), 0)
      yield* allCommitted(first)
      const second = yield* next
      assert.deepStrictEqual(second.ids, ["a"])
      yield* allCommitted(second)
      assert.strictEqual(yield* Fiber.join(again!), "Committed")
    }))

  it.effect("a turn of an actor that no worker has got to yet keeps its place, too", () =>
    Effect.gen(function*() {
      const { groups, hand, next } = yield* start({ commits_at_once: 2 })
      yield* hand("x")
      const x = yield* next
      yield* hand("y")
      const y = yield* next
      yield* hand("a", "a")
      yield* allCommitted(x)
      const first = yield* next
      yield* hand("a", "b")
      yield* allCommitted(y)
      yield* TestClock.adjust(0)
      assert.strictEqual(yield* Queue.size(groups), 0)
      yield* allCommitted(first)
      const second = yield* next
      assert.deepStrictEqual([first.ids, second.ids], [["a"], ["a"]])
      yield* allCommitted(second)
      assert.deepStrictEqual((yield* next).ids, ["a", "b"])
    }))
})

describe("turns that are written in one trip", () => {
  it.effect("form a group of their own, before their neighbours'", () =>
    Effect.gen(function*() {
      const { hand, next } = yield* start()
      yield* hand("first")
      const first = yield* next
      yield* hand("a", "short 1", "b", "short 2")
      yield* allCommitted(first)
      const short = yield* next
      assert.deepStrictEqual(short.ids, ["short 1", "short 2"])
      yield* allCommitted(short)
      assert.deepStrictEqual((yield* next).ids, ["a", "b"])
    }))
})

describe("groups that begin apart", () => {
  const apart = { from: 3, ms: 3 }
  const waits = Effect.fnUntraced(function*(groups: Queue.Dequeue<unknown>, ms: number) {
    yield* TestClock.adjust(ms)
    return yield* Queue.size(groups)
  })

  it.effect("behind one of several turns the next gathers, however many commits may be in flight", () =>
    Effect.gen(function*() {
      const { groups, hand, next } = yield* start({ commits_at_once: 2, apart })
      yield* hand("first")
      const first = yield* next
      yield* hand("second")
      const second = yield* next
      yield* hand("a", "b", "c")
      yield* allCommitted(first)
      const several = yield* next
      assert.deepStrictEqual(several.ids, ["a", "b", "c"])
      yield* allCommitted(second)
      const [d] = yield* hand("d")
      assert.strictEqual(yield* waits(groups, 2), 0)
      yield* hand("e")
      assert.strictEqual(yield* waits(groups, 1), 1)
      const gathered = yield* next
      assert.deepStrictEqual(gathered.ids, ["d", "e"])
      yield* allCommitted(gathered)
      assert.strictEqual(yield* Fiber.join(d!), "Committed")
    }))

  it.effect("behind a smaller one, and behind none, a turn is written at once", () =>
    Effect.gen(function*() {
      const { groups, hand, next } = yield* start({ commits_at_once: 2, apart })
      yield* hand("a")
      yield* next
      yield* hand("b")
      assert.strictEqual(yield* waits(groups, 0), 1)
    }))

  it.effect("who takes long enough by itself is not waited for any longer", () =>
    Effect.gen(function*() {
      const { groups, hand, next } = yield* start({ apart })
      yield* hand("first")
      const first = yield* next
      yield* hand("a", "b", "c")
      yield* allCommitted(first)
      const several = yield* next
      yield* hand("d")
      yield* TestClock.adjust(apart.ms)
      yield* allCommitted(several)
      assert.strictEqual(yield* waits(groups, 0), 1)
    }))
})
