// The settings cache every adapter shares: how old a value may get, and what a refresh, a failure or
// a hanging store does to it. Virtual time.
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import { cached, type SettingRow, type SettingsStore } from "../../../src/layers/settings/settings.ts"
import { Unavailable } from "../../../src/services/platform/unavailable.ts"

const unavailable = new Unavailable({ what: "postgres", retryable: true })

/** A store whose next answers the test decides. */
const scripted = () => {
  const store = { value: 3, loads: 0, answer: (rows: ReadonlyArray<SettingRow>) => Effect.succeed(rows) }
  const rows = Effect.suspend((): ReturnType<typeof store.answer> => {
    store.loads += 1
    return store.answer([{ key: "max_customers_per_mitra", value: store.value }])
  })
  const port: SettingsStore = { rows, write: () => Effect.fail(unavailable) }
  return { store, port }
}

describe("the settings cache", () => {
  it.effect("asks the store once a minute, not before", () =>
    Effect.gen(function*() {
      const { store, port } = scripted()
      const settings = yield* cached(port)
      const read = Effect.map(settings.current, (values) => values.max_customers_per_mitra)
      assert.strictEqual(yield* read, 3)
      store.value = 5
      yield* TestClock.adjust("59999 millis")
      assert.strictEqual(yield* read, 3)
      assert.strictEqual(store.loads, 1)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* read, 5)
      assert.strictEqual(store.loads, 2)
    }))

  it.effect("asks once for everybody who reads at the same moment", () =>
    Effect.gen(function*() {
      const { store, port } = scripted()
      const settings = yield* cached(port)
      store.answer = (rows) => Effect.as(Effect.sleep("1 second"), rows)
      const readers = yield* Effect.forkChild(
        Effect.all(Array.from({ length: 50 }, () => settings.current), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("1 second")
      assert.lengthOf(yield* Fiber.join(readers), 50)
      assert.strictEqual(store.loads, 1)
    }))

  it.effect("does not keep what was loaded across a refresh", () =>
    Effect.gen(function*() {
      const { store, port } = scripted()
      const settings = yield* cached(port)
      const gate = yield* Deferred.make<void>()
      const asked = yield* Deferred.make<void>()
      store.answer = (rows) =>
        Deferred.succeed(asked, undefined).pipe(Effect.andThen(Deferred.await(gate)), Effect.as(rows))
      const early = yield* Effect.forkChild(settings.current)
      yield* Deferred.await(asked)
      store.value = 5
      yield* settings.refresh
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual((yield* Fiber.join(early)).max_customers_per_mitra, 3)
      assert.strictEqual((yield* settings.current).max_customers_per_mitra, 5)
    }))

  it.effect("passes a failure on and asks again the next time", () =>
    Effect.gen(function*() {
      const { store, port } = scripted()
      const settings = yield* cached({
        ...port,
        rows: Effect.suspend(() => store.loads++ === 0 ? Effect.fail(unavailable) : port.rows)
      })
      assert.deepStrictEqual(yield* Effect.exit(settings.current), Exit.fail(unavailable))
      assert.strictEqual((yield* settings.current).max_customers_per_mitra, 3)
    }))

  it.effect("forgets its values when a write failed, because it may have been stored", () =>
    Effect.gen(function*() {
      const { store, port } = scripted()
      const settings = yield* cached(port)
      yield* settings.current
      store.value = 5
      const audit = {
        id: "1",
        staff_id: "1",
        action: "setting.write",
        target_type: "setting",
        target_id: "max_customers_per_mitra",
        before: 3,
        after: 5,
        peer: "",
        at: 0
      }
      yield* Effect.exit(settings.put("max_customers_per_mitra", 5, audit))
      assert.strictEqual((yield* settings.current).max_customers_per_mitra, 5)
    }))

  it.effect("lets everybody give up together when the store never answers", () =>
    Effect.gen(function*() {
      const settings = yield* cached({ ...scripted().port, rows: Effect.never })
      const readers = yield* Effect.forkChild(
        Effect.all(Array.from({ length: 20 }, () => Effect.exit(settings.current)), {
          concurrency: "unbounded"
        })
      )
      yield* TestClock.adjust("15 seconds")
      const exits = yield* Fiber.join(readers)
      assert.isTrue(exits.every((exit) => Exit.isFailure(exit) && Exit.hasFails(exit)))
    }))
})
