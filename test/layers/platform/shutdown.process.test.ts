// The shutdown of one process: once, and only when the answer to its caller has had time to leave.
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import { layerStopping } from "../../../src/layers/platform/shutdown.process.ts"
import { Shutdown } from "../../../src/services/platform/shutdown.ts"

/** A process that counts its stops; its scope is the one that a stop would close. */
const started = Effect.gen(function*() {
  const stops = { count: 0 }
  const scope = yield* Scope.make()
  const context = yield* Layer.buildWithScope(layerStopping(Effect.sync(() => stops.count++)), scope)
  return { request: Effect.provide(Effect.flatMap(Shutdown, (port) => port.request), context), scope, stops }
})

it.effect("A stop comes a moment after the request, and once, however often it is requested", () =>
  Effect.gen(function*() {
    const { request, stops } = yield* started
    yield* request
    yield* request
    yield* TestClock.adjust("100 millis")
    assert.strictEqual(stops.count, 0)
    yield* TestClock.adjust("1 second")
    assert.strictEqual(stops.count, 1)
    yield* request
    yield* TestClock.adjust("1 second")
    assert.strictEqual(stops.count, 1)
  }))

it.effect("A process that is gone by then is sent no signal", () =>
  Effect.gen(function*() {
    const { request, scope, stops } = yield* started
    yield* request
    yield* Scope.close(scope, Exit.void)
    yield* TestClock.adjust("1 second")
    assert.strictEqual(stops.count, 0)
  }))
