// Reads that many ask at once: how many statements they are, and whose rows each gets.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import { makeGroupedRead } from "../../../src/layers/platform/postgres/grouped-read.ts"

const idOf = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`

interface Ask {
  readonly asked: number
  readonly id: string
}

describe("reads that many ask at once", () => {
  it.effect("share a statement, and each gets its own rows in their order", () =>
    Effect.gen(function*() {
      const statements: Array<ReadonlyArray<Ask>> = []
      const read = yield* makeGroupedRead<{ readonly id: string }>((text) =>
        Effect.gen(function*() {
          const asks = JSON.parse(text) as ReadonlyArray<Ask>
          statements.push(asks)
          yield* Effect.yieldNow
          return asks.flatMap(({ asked, id }) => [1, 2].map((row) => ({ asked, id, row })))
        })
      )
      const ids = Array.from({ length: 100 }, (_, n) => idOf(n))
      const found = yield* Effect.forEach(ids, (id) => read({ id }), { concurrency: "unbounded" })
      const rows = found as unknown as ReadonlyArray<ReadonlyArray<{ id: string; row: number }>>
      assert.deepStrictEqual(
        rows.map((own) => own.map(({ id, row }) => `${id}/${row}`)),
        ids.map((id) => [`${id}/1`, `${id}/2`])
      )
      assert.isAtMost(statements.length, 3)
    }).pipe(Effect.scoped))

  it.effect("are not held up by one statement that hangs", () =>
    Effect.gen(function*() {
      const read = yield* makeGroupedRead<{ readonly id: string }>((text) => {
        const asks = JSON.parse(text) as ReadonlyArray<Ask>
        return asks[0]?.id === idOf(0) ? Effect.never : Effect.succeed(asks.map(({ asked }) => ({ asked })))
      })
      yield* Effect.forkScoped(read({ id: idOf(0) }), { startImmediately: true })
      yield* Effect.yieldNow
      assert.deepStrictEqual(yield* read({ id: idOf(1) }), [{ asked: 0 }])
    }).pipe(Effect.scoped))

  it.effect("that come one after the other share statements once several do", () =>
    Effect.gen(function*() {
      let statements = 0
      const read = yield* makeGroupedRead<{ readonly id: string }>((text) =>
        Effect.sync(() => {
          statements += 1
          return (JSON.parse(text) as ReadonlyArray<Ask>).map(({ asked }) => ({ asked }))
        }).pipe(Effect.delay("1 millis"))
      )
      const ask = (n: number) => Effect.delay(read({ id: idOf(n) }), Math.floor(n / 4))
      const all = yield* Effect.forkScoped(
        Effect.forEach(Array.from({ length: 400 }, (_, n) => n), ask, { concurrency: "unbounded" })
      )
      for (let ms = 0; ms < 120; ms++) yield* TestClock.adjust(1)
      assert.lengthOf(yield* Fiber.join(all), 400)
      assert.isAtMost(statements, 130)
    }).pipe(Effect.scoped))

  it.effect("leave out a malformed id, which would fail the statement of all", () =>
    Effect.gen(function*() {
      const read = yield* makeGroupedRead<{ readonly id: string }>((text) =>
        Effect.succeed((JSON.parse(text) as ReadonlyArray<Ask>).map(({ asked }) => ({ asked })))
      )
      const [good, bad] = yield* Effect.all([read({ id: idOf(1) }), read({ id: "' OR true" })], {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(good, [{ asked: 0 }])
      assert.deepStrictEqual(bad, [])
    }).pipe(Effect.scoped))
})
