// The control center's calls about runners: the list, the drain of the one that answers, and the refusal for
// any other. Fake are the cluster's list and the end of the process.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import { AdminRunnerRpcs } from "../../../src/contract/staff/runners.ts"
import { instant } from "../../../src/contract/fields.ts"
import { Refusal } from "../../../src/domain/refusal.ts"
import * as Permissions from "../../../src/http/internal/permissions.ts"
import * as RunnerHandlers from "../../../src/http/internal/runners.ts"
import * as ThisRunner from "../../../src/http/internal/this-runner.ts"
import * as Readiness from "../../../src/http/readiness.ts"
import { Staff } from "../../../src/services/accounts/staff.ts"
import { RunnerRegistry } from "../../../src/services/platform/runner-registry.ts"
import { Shutdown } from "../../../src/services/platform/shutdown.ts"
import { Unavailable } from "../../../src/services/platform/unavailable.ts"
import { t0 } from "../../../testkit/conformance/given.ts"
import { refused } from "../phone.ts"
import { adapters, colleagueOf } from "./staff-desk.ts"

const here = "10.0.0.1:34431"
const there = "10.0.0.2:34431"
const down = new Unavailable({ what: "test", retryable: true })

/** A desk of its own per test, and how often its process was asked to stop. */
const engineRoom = (ports: { readonly cluster?: "down"; readonly audit?: "down" } = {}) => {
  const asked = { times: 0 }
  const registry = Layer.succeed(RunnerRegistry)({
    own_address: here,
    members: ports.cluster === "down" ? Effect.fail(down) : Effect.succeed([
      { address: here, is_healthy: true },
      { address: there, is_healthy: false }
    ])
  })
  const shutdown = Layer.succeed(Shutdown)({
    request: Effect.sync(() => {
      asked.times += 1
    })
  })
  const audit = Layer.effect(Staff)(
    Effect.map(
      Staff,
      (port) => ports.audit === "down" ? { ...port, appendAudit: () => Effect.fail(down) } : port
    )
  )
  const started = Layer.effectDiscard(TestClock.setTime(t0))
  const layer = Layer.mergeAll(RunnerHandlers.layer, Permissions.layer).pipe(
    Layer.provideMerge(Layer.mergeAll(registry, shutdown, audit, Readiness.layer)),
    Layer.provideMerge(ThisRunner.layer.pipe(Layer.provide(started))),
    Layer.provideMerge(adapters)
  )
  return { asked, layer }
}

const colleague = colleagueOf(AdminRunnerRpcs.middleware(Permissions.PermissionGate))
const entries = Effect.flatMap(Staff, (audit) => audit.auditPage({ before: null, limit: 10 }))

describe("the runners", () => {
  it.effect("are listed as registered, with the one that answers: phones, start, and whether it drains", () =>
    Effect.gen(function*() {
      const { call } = yield* colleague(1, "admin")
      yield* (yield* ThisRunner.ThisRunner).countWith(Effect.succeed(7))
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* call("admin.runners"), {
        answering: { address: here, started_at: instant(t0), is_draining: false, public_connections: 7 },
        runners: [
          { address: here, is_healthy: true, is_answering: true },
          { address: there, is_healthy: false, is_answering: false }
        ]
      })
      yield* (yield* Readiness.Readiness).raise("draining")
      assert.deepInclude((yield* call("admin.runners")).answering, { is_draining: true })
    }).pipe(Effect.scoped, Effect.provide(engineRoom().layer)))

  it.effect("are asked for again later while the cluster's storage does not answer", () =>
    Effect.gen(function*() {
      const { call } = yield* colleague(1, "admin")
      assert.strictEqual(yield* refused(call("admin.runners")), "TryAgain")
    }).pipe(Effect.provide(engineRoom({ cluster: "down" }).layer)))

  it.effect("have no phones once the public listener is gone", () =>
    Effect.gen(function*() {
      const runner = yield* ThisRunner.ThisRunner
      yield* Effect.scoped(Effect.andThen(
        runner.countWith(Effect.succeed(7)),
        Effect.map(runner.public_connections, (count) => assert.strictEqual(count, 7))
      ))
      assert.strictEqual(yield* runner.public_connections, 0)
    }).pipe(Effect.provide(engineRoom().layer)))
})

describe("a drain", () => {
  const { asked, layer } = engineRoom()
  it.effect("is written down, then asked of the process, once per order", () =>
    Effect.gen(function*() {
      const { call, id } = yield* colleague(1, "admin")
      yield* (yield* ThisRunner.ThisRunner).countWith(Effect.succeed(7))
      assert.deepInclude(yield* call("admin.drain_runner", { address: here }), {
        address: here,
        is_draining: true
      })
      assert.strictEqual(asked.times, 1)
      const [entry, ...others] = yield* entries
      assert.deepInclude(entry, {
        staff_id: id,
        action: "runner.drain",
        target_type: "runner",
        target_id: here,
        before: { is_draining: false, public_connections: 7 }
      })
      assert.deepStrictEqual(others, [])
    }).pipe(Effect.scoped, Effect.provide(layer)))

  const other = engineRoom()
  it.effect("of another or an unknown runner is refused with what to do, and nothing happens", () =>
    Effect.gen(function*() {
      const { call } = yield* colleague(1, "admin")
      for (const given of [there, "nowhere:1"]) {
        const refusal = yield* Effect.flip(call("admin.drain_runner", { address: given }))
        if (!(refusal instanceof Refusal)) return assert.fail(refusal._tag)
        assert.strictEqual(refusal.code, "NOT_THIS_RUNNER")
        assert.deepStrictEqual(refusal.details, { given, answering: here })
        assert.include(refusal.message, "its own internal listener")
      }
      assert.deepStrictEqual(yield* entries, [])
      assert.strictEqual(other.asked.times, 0)
    }).pipe(Effect.provide(other.layer)))

  const unaudited = engineRoom({ audit: "down" })
  it.effect("that cannot be written down does not begin", () =>
    Effect.gen(function*() {
      const { call } = yield* colleague(1, "admin")
      assert.strictEqual(yield* refused(call("admin.drain_runner", { address: here })), "TryAgain")
      assert.strictEqual(unaudited.asked.times, 0)
    }).pipe(Effect.provide(unaudited.layer)))

  const lookedAt = engineRoom()
  it.effect("is not for who may only look", () =>
    Effect.gen(function*() {
      const { call } = yield* colleague(1, "viewer")
      assert.strictEqual(yield* refused(call("admin.drain_runner", { address: here })), "FORBIDDEN")
      assert.strictEqual(lookedAt.asked.times, 0)
    }).pipe(Effect.provide(lookedAt.layer)))
})
