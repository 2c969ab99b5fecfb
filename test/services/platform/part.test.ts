// A part of the server: it closes in its order and within its budget, and one that hangs takes no time but
// its own.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import { stoppingWithin } from "../../../src/services/platform/part.ts"

const closing = (log: Array<string>, name: string, close: Effect.Effect<void>) =>
  Layer.effectDiscard(
    Effect.addFinalizer(() => Effect.andThen(close, Effect.sync(() => void log.push(name))))
  )

describe("a part that stops", () => {
  it.effect("is through before the part below it begins", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const above = stoppingWithin("above", 1_000, closing(log, "above", Effect.sleep(500)))
      const below = stoppingWithin("below", 1_000, closing(log, "below", Effect.void))
      const scope = yield* Scope.make()
      yield* Layer.buildWithScope(Layer.provideMerge(above, below), scope)
      const stopping = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
      yield* TestClock.adjust(499)
      assert.deepStrictEqual(log, [])
      yield* TestClock.adjust(1)
      yield* Fiber.join(stopping)
      assert.deepStrictEqual(log, ["above", "below"])
    }))

  it.effect("is left behind when its budget is over, and the next one has all of its own", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const above = stoppingWithin("above", 1_000, closing(log, "above", Effect.never))
      const below = stoppingWithin("below", 1_000, closing(log, "below", Effect.sleep(999)))
      const scope = yield* Scope.make()
      yield* Layer.buildWithScope(Layer.provideMerge(above, below), scope)
      const stopping = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
      yield* TestClock.adjust(1_000)
      yield* TestClock.adjust(999)
      yield* Fiber.join(stopping)
      assert.deepStrictEqual(log, ["below"])
    }))

  it.effect("closes what it had when it cannot start", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const broken = Layer.provide(
        Layer.effectDiscard(Effect.fail("no")),
        closing(log, "opened", Effect.void)
      )
      const exit = yield* Effect.exit(
        Effect.scoped(Layer.build(stoppingWithin("part", 1_000, broken)))
      )
      assert.isTrue(Exit.isFailure(exit))
      assert.deepStrictEqual(log, ["opened"])
    }))
})
