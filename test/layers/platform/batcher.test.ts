// Batching on virtual time: who goes at once, who shares a call, and when a busy batcher rests.
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { makeBatcher } from "../../../src/layers/platform/batcher.ts"
import { Unavailable } from "../../../src/services/platform/unavailable.ts"

const unavailable = new Unavailable({ what: "valkey", retryable: true })

/** Rests a millisecond after two or more. `calls` are the batches so far. */
const makeResting = Effect.gen(function*() {
  const calls: Array<ReadonlyArray<number>> = []
  const ask = yield* makeBatcher<number, number>({
    queue_max: 16,
    batch_max: 16,
    rest: { from: 2, ms: 1 },
    run: (items) => Effect.sync(() => (calls.push(items), items)),
    overloaded: unavailable,
    stopped: unavailable,
    drain_ms: 0
  })
  const together = (items: ReadonlyArray<number>) => Effect.forEach(items, ask, { concurrency: "unbounded" })
  return { ask, calls, together }
})

describe("a batcher that may rest", () => {
  it.effect("answers one that comes alone at once, and the next, too", () =>
    Effect.gen(function*() {
      const { ask, calls } = yield* makeResting
      assert.deepStrictEqual([yield* ask(1), yield* ask(2), yield* ask(3)], [1, 2, 3])
      assert.deepStrictEqual(calls, [[1], [2], [3]])
    }).pipe(Effect.scoped))

  it.effect("lets what comes after a shared call gather for a millisecond", () =>
    Effect.gen(function*() {
      const { ask, calls, together } = yield* makeResting
      assert.deepStrictEqual(yield* together([1, 2]), [1, 2])
      const later = [yield* Effect.forkChild(ask(3)), yield* Effect.forkChild(ask(4))]
      yield* TestClock.adjust("0 millis")
      assert.deepStrictEqual(calls, [[1, 2]])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(yield* Fiber.joinAll(later), [3, 4])
      assert.deepStrictEqual(calls, [[1, 2], [3, 4]])
    }).pipe(Effect.scoped))

  it.effect("rests after a shared call that failed as well", () =>
    Effect.gen(function*() {
      const isDown = yield* Deferred.make<void>()
      let calls = 0
      const ask = yield* makeBatcher<number, number>({
        queue_max: 16,
        batch_max: 16,
        rest: { from: 2, ms: 1 },
        run: (items) => {
          calls += 1
          return calls === 1
            ? Effect.andThen(Deferred.succeed(isDown, undefined), unavailable)
            : Effect.succeed(items)
        },
        overloaded: unavailable,
        stopped: unavailable,
        drain_ms: 0
      })
      const failed = yield* Effect.exit(Effect.forEach([1, 2], ask, { concurrency: "unbounded" }))
      assert.strictEqual(failed._tag, "Failure")
      yield* Deferred.await(isDown)
      const next = yield* Effect.forkChild(ask(3))
      yield* TestClock.adjust("0 millis")
      assert.strictEqual(calls, 1)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* Fiber.join(next), 3)
    }).pipe(Effect.scoped))
})
