// Availability as composed: the suite still holds, and a crowd that polls the counts asks the adapter
// behind it once.
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import type { Freshness } from "../../../src/domain/freshness.ts"
import * as Memory from "../../../testkit/memory/availability.memory.ts"
import { countsMaxAgeMs, withSharedCounts } from "../../../src/layers/availability/availability.ts"
import * as Tables from "../../../testkit/memory/store/tables.ts"
import { Availability } from "../../../src/services/availability/availability.ts"
import { Unavailable } from "../../../src/services/platform/unavailable.ts"
import { availabilitySuite } from "../../../testkit/conformance/availability.ts"
import { inMemory } from "../../../testkit/conformance/mitra-rows.ts"

availabilitySuite(
  "memory, counts shared",
  it.effect,
  Layer.provide(Layer.merge(withSharedCounts(Memory.layer), inMemory), Tables.layer)
)

const ruleAt = (now: number, more: Partial<Freshness> = {}): Freshness => ({
  now,
  stale_before: now - 45_000,
  max_customers: 3,
  ...more
})

/** The composition over an adapter that answers `answer` and counts how often it was asked. */
const overAdapter = Effect.fnUntraced(function*(answer: Availability["Service"]["counts"]) {
  let asked = 0
  const adapter = Layer.effect(Availability)(
    Effect.map(Availability, (port) => ({
      ...port,
      counts: (freshness: Freshness) => Effect.suspend(() => (asked += 1, answer(freshness)))
    }))
  ).pipe(Layer.provide(Memory.layer), Layer.provide(Tables.layer))
  const context = yield* Layer.build(withSharedCounts(adapter))
  const port = yield* Effect.provide(Effect.service(Availability), context)
  return { port, asked: () => asked }
})

const some = { online: 5, available: 3 }

describe("shared counts", () => {
  it.effect("a thousand polls within the second are one question", () =>
    Effect.gen(function*() {
      const { asked, port } = yield* overAdapter(() => Effect.succeed(some))
      const polls = yield* Effect.forEach(
        Array.from({ length: 1_000 }, (_, index) => index),
        (index) => port.counts(ruleAt(index)),
        { concurrency: "unbounded" }
      )
      yield* TestClock.adjust(countsMaxAgeMs - 1)
      assert.deepStrictEqual(
        [...polls, yield* port.counts(ruleAt(0))],
        Array.from({ length: 1_001 }, () => some)
      )
      assert.strictEqual(asked(), 1)
      yield* TestClock.adjust(1)
      yield* port.counts(ruleAt(0))
      assert.strictEqual(asked(), 2)
    }))

  it.effect("another rule is another question", () =>
    Effect.gen(function*() {
      const { asked, port } = yield* overAdapter(() => Effect.succeed(some))
      yield* port.counts(ruleAt(0))
      yield* port.counts(ruleAt(0, { max_customers: 4 }))
      yield* port.counts(ruleAt(0, { max_customers: 4, stale_before: null }))
      yield* port.counts(ruleAt(0, { max_customers: 4, stale_before: -60_000 }))
      assert.strictEqual(asked(), 4)
    }))

  it.effect("every change on this runner shows at once", () =>
    Effect.gen(function*() {
      const { asked, port } = yield* overAdapter(() => Effect.succeed(some))
      for (const mitras of [["a"], ["a", "b"]]) {
        yield* Effect.andThen(port.counts(ruleAt(0)), port.changed(mitras))
      }
      yield* port.counts(ruleAt(0))
      assert.strictEqual(asked(), 3)
    }))

  it.effect("an answer asked for before a change is not given after it", () =>
    Effect.gen(function*() {
      const answers = [yield* Deferred.make<typeof some>(), yield* Deferred.make<typeof some>()]
      let next = 0
      const { port } = yield* overAdapter(() => Effect.suspend(() => Deferred.await(answers[next++]!)))
      const before = yield* Effect.forkChild(port.counts(ruleAt(0)), { startImmediately: true })
      yield* port.changed(["a"])
      const after = yield* Effect.forkChild(port.counts(ruleAt(0)), { startImmediately: true })
      yield* Deferred.succeed(answers[0]!, some)
      assert.deepStrictEqual(yield* Fiber.join(before), some)
      yield* Deferred.succeed(answers[1]!, { online: 4, available: 2 })
      assert.deepStrictEqual(yield* Fiber.join(after), { online: 4, available: 2 })
    }))

  it.effect("a failure is told to those who waited, and the next poll asks again", () =>
    Effect.gen(function*() {
      let fails = true
      const { asked, port } = yield* overAdapter(() =>
        Effect.suspend(() =>
          fails
            ? Effect.fail(new Unavailable({ what: "postgres", retryable: true }))
            : Effect.succeed(some)
        )
      )
      assert.strictEqual((yield* Effect.flip(port.counts(ruleAt(0))))._tag, "Unavailable")
      fails = false
      assert.deepStrictEqual(yield* port.counts(ruleAt(0)), some)
      assert.strictEqual(asked(), 2)
    }))

  it.effect("who asked first may hang up without taking the answer from the others", () =>
    Effect.gen(function*() {
      const answer = yield* Deferred.make<typeof some>()
      const { asked, port } = yield* overAdapter(() => Deferred.await(answer))
      const first = yield* Effect.forkChild(port.counts(ruleAt(0)), { startImmediately: true })
      const second = yield* Effect.forkChild(port.counts(ruleAt(0)), { startImmediately: true })
      yield* Fiber.interrupt(first)
      yield* Deferred.succeed(answer, some)
      assert.deepStrictEqual(yield* Fiber.join(second), some)
      assert.strictEqual(asked(), 1)
    }))
})
