// The group-commit loop alone, over a writer the test holds in its hands: what forms a group, what waits,
// and what a caller hears when writing goes wrong. Virtual time; nothing here may need any to pass.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import { defaultLimits, makeGroupCommit } from "../../../src/layers/journal/group-commit.ts"
import { BatchFailed, type GroupWriter, type Outcome } from "../../../src/layers/journal/group-writer.ts"
import { TurnRejected } from "../../../src/layers/journal/rejection.ts"
import { allCommitted, away, committed, hear, noAnswer, results, start, turn } from "./held-writer.ts"

describe("the group commit", () => {
  it.effect("an idle journal writes a turn at once, and turns that come meanwhile together", () =>
    Effect.gen(function*() {
      const { hand, next } = yield* start()
      const [a] = yield* hand("a")
      const first = yield* next
      assert.deepStrictEqual(first.ids, ["a"])
      const later = yield* hand("b", "c", "d")
      yield* allCommitted(first)
      assert.strictEqual(yield* Fiber.join(a!), "Committed")
      const second = yield* next
      assert.deepStrictEqual(second.ids, ["b", "c", "d"])
      yield* allCommitted(second)
      assert.deepStrictEqual(yield* results(later), ["Committed", "Committed", "Committed"])
    }))

  it.effect("a group has at most so many turns; the rest form the next one, in order", () =>
    Effect.gen(function*() {
      const { hand, next } = yield* start({ group_turns: 2 })
      yield* hand("a")
      const first = yield* next
      yield* hand("b", "c", "d")
      yield* allCommitted(first)
      const second = yield* next
      assert.deepStrictEqual(second.ids, ["b", "c"])
      yield* allCommitted(second)
      assert.deepStrictEqual((yield* next).ids, ["d"])
    }))

  it.effect("two turns of one actor never share a group, and keep their order", () =>
    Effect.gen(function*() {
      const { hand, next } = yield* start()
      yield* hand("first")
      const first = yield* next
      yield* hand("a", "b", "a", "c", "a")
      yield* allCommitted(first)
      for (const ids of [["a", "b", "c"], ["a"], ["a"]]) {
        const group = yield* next
        assert.deepStrictEqual(group.ids, ids)
        yield* allCommitted(group)
      }
    }))

  it.effect("each turn of a group gets its own outcome", () =>
    Effect.gen(function*() {
      const { hand, next } = yield* start()
      yield* hand("first")
      const first = yield* next
      const fibers = yield* hand("a", "b", "c")
      yield* allCommitted(first)
      const outcomes: ReadonlyArray<Outcome> = [
        Exit.succeed({ _tag: "Fenced" }),
        Exit.die(new TurnRejected("broken")),
        Exit.succeed(committed)
      ]
      yield* (yield* next).finish(Exit.succeed(outcomes))
      assert.deepStrictEqual(yield* results(fibers), ["Fenced", "died", "Committed"])
    }))

  it.effect("a spoiled group is written turn by turn: only the bad one hears of it", () =>
    Effect.gen(function*() {
      const { hand, next } = yield* start()
      yield* hand("first")
      const first = yield* next
      const [a, bad, c] = yield* hand("a", "bad", "c")
      yield* allCommitted(first)
      yield* (yield* next).finish(Exit.fail(new BatchFailed("some_constraint")))
      const writeOne = [yield* next, yield* next, yield* next]
      assert.deepStrictEqual(writeOne.map((group) => group.ids), [["a"], ["bad"], ["c"]])
      yield* allCommitted(writeOne[0]!)
      // The good neighbour does not wait for the others.
      assert.strictEqual(yield* Fiber.join(a!), "Committed")
      yield* writeOne[1]!.finish(Exit.die(new TurnRejected("some_constraint")))
      yield* allCommitted(writeOne[2]!)
      assert.strictEqual(yield* Fiber.join(bad!), "died")
      assert.strictEqual(yield* Fiber.join(c!), "Committed")
    }))

  it.effect("when the database is away every turn of the group hears it, and the loop goes on", () =>
    Effect.gen(function*() {
      const { hand, next } = yield* start()
      yield* hand("first")
      const first = yield* next
      const fibers = yield* hand("a", "b")
      yield* allCommitted(first)
      yield* (yield* next).finish(Exit.fail(away))
      assert.deepStrictEqual(yield* results(fibers), [noAnswer, noAnswer])
      const [c] = yield* hand("c")
      yield* allCommitted(yield* next)
      assert.strictEqual(yield* Fiber.join(c!), "Committed")
    }))

  it.effect("a defect of the writer reaches the callers as unavailable and never stops the loop", () =>
    Effect.gen(function*() {
      const { hand, next } = yield* start()
      yield* hand("first")
      const first = yield* next
      const fibers = yield* hand("a", "b")
      yield* allCommitted(first)
      yield* (yield* next).finish(Exit.die(new Error("a bug")))
      assert.deepStrictEqual(yield* results(fibers), [noAnswer, noAnswer])
      const [c] = yield* hand("c")
      yield* allCommitted(yield* next)
      assert.strictEqual(yield* Fiber.join(c!), "Committed")
    }))

  it.effect("a turn that finds the queue full is refused at once, as retryable", () =>
    Effect.gen(function*() {
      const { commit, hand, next } = yield* start({ queue_turns: 2 })
      yield* hand("first")
      yield* next
      yield* hand("a", "b")
      assert.deepStrictEqual(yield* hear(commit(turn("c"))), noAnswer)
    }))
})

describe("the group commit when Postgres does not answer", () => {
  it.effect("after the time limit the group and all who wait behind it hear it, and the loop goes on", () =>
    Effect.gen(function*() {
      const { hand, next } = yield* start()
      const [a] = yield* hand("a")
      yield* next
      const behind = yield* hand("b", "c")
      yield* TestClock.adjust(defaultLimits.commit_timeout_ms - 1)
      assert.isUndefined(a!.pollUnsafe())
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* Fiber.join(a!), noAnswer)
      assert.deepStrictEqual(yield* results(behind), [noAnswer, noAnswer])
      const [d] = yield* hand("d")
      yield* allCommitted(yield* next)
      assert.strictEqual(yield* Fiber.join(d!), "Committed")
    }))

  it.effect("neither a rollback that hangs nor a caller that may not be interrupted can block it", () =>
    Effect.gen(function*() {
      const hang = Effect.uninterruptible(Effect.never)
      const hanging: GroupWriter = { isShort: () => false, writeBatch: () => hang, writeOne: () => hang }
      const scope = yield* Scope.make()
      const commit = yield* makeGroupCommit(hanging, defaultLimits).pipe(Scope.provide(scope))
      const fibers = yield* Effect.forEach(
        ["a", "b"],
        (id) => Effect.forkChild(hear(Effect.uninterruptible(commit(turn(id)))), { startImmediately: true })
      )
      yield* TestClock.adjust(defaultLimits.commit_timeout_ms)
      assert.strictEqual(yield* Fiber.join(fibers[0]!), noAnswer)
      yield* TestClock.adjust(defaultLimits.commit_timeout_ms)
      assert.strictEqual(yield* Fiber.join(fibers[1]!), noAnswer)
    }))

  it.effect("a turn that hangs alone does not keep its neighbours from their verdicts", () =>
    Effect.gen(function*() {
      const { hand, next } = yield* start({ alone_at_once: 1 })
      yield* hand("first")
      const first = yield* next
      const [a, stuck, c] = yield* hand("a", "stuck", "c")
      yield* allCommitted(first)
      yield* (yield* next).finish(Exit.fail(new BatchFailed("55P03")))
      yield* allCommitted(yield* next)
      assert.strictEqual(yield* Fiber.join(a!), "Committed")
      yield* next
      yield* TestClock.adjust(defaultLimits.commit_timeout_ms)
      assert.strictEqual(yield* Fiber.join(stuck!), noAnswer)
      assert.strictEqual(yield* Fiber.join(c!), noAnswer)
    }))
})

describe("the group commit when it closes", () => {
  it.effect("finishes what it holds, and refuses what comes later as draining", () =>
    Effect.gen(function*() {
      const { commit, hand, next, scope } = yield* start()
      const [a] = yield* hand("a")
      const first = yield* next
      const [b] = yield* hand("b")
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
      const late = yield* hear(commit(turn("c")))
      assert.strictEqual(late, "Unavailable draining")
      yield* allCommitted(first)
      assert.strictEqual(yield* Fiber.join(a!), "Committed")
      yield* allCommitted(yield* next)
      assert.strictEqual(yield* Fiber.join(b!), "Committed")
      yield* Fiber.join(closing)
    }))

  it.effect("leaves nobody waiting, and takes no longer than its bound", () =>
    Effect.gen(function*() {
      const { hand, next, scope } = yield* start({ commit_timeout_ms: 60_000, drain_timeout_ms: 2000 })
      const [a] = yield* hand("a")
      yield* next
      const [b] = yield* hand("b")
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
      yield* TestClock.adjust(2000)
      yield* Fiber.join(closing)
      assert.deepStrictEqual(yield* results([a!, b!]), [noAnswer, noAnswer])
    }))
})
