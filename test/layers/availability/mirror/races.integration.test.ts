// What two writers of the mirror can do to each other, forced into the bad order: a reseed holds rows it
// read long ago while the truth moves on.
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { SecureRandom } from "effect/crypto"
import { layerMirrored } from "../../../../src/layers/availability/availability.ts"
import * as Connection from "../../../../src/layers/platform/valkey/connection.ts"
import { keys } from "../../../../src/layers/availability/mirror/keys.ts"
import { Availability } from "../../../../src/services/availability/availability.ts"
import { Mirror } from "../../../../src/services/availability/mirror.ts"
import { now, online } from "../../../../testkit/conformance/availability-given.ts"
import { clockAt, mirroredAt, patient, quiet } from "../../mirrored.ts"
import { idOfMitra, inPostgres, MitraRows } from "../../../../testkit/conformance/mitra-rows.ts"
import { databaseAt, freshDatabaseUrl } from "../../../support/postgres.ts"
import { freshValkey } from "../../../support/valkey.ts"

/** Holds back the writes of a reseed: their rows are read, and not yet in the mirror. */
class Gate extends Context.Service<Gate, {
  readonly close: Effect.Effect<void>
  /** Waits until a write stands before the gate. */
  readonly reached: Effect.Effect<void>
  readonly open: Effect.Effect<void>
}>()("halobestie/test/Gate") {}

const gated = <E>(valkey: Layer.Layer<Connection.Valkey, E>) =>
  Layer.effectContext(Effect.gen(function*() {
    const real = yield* Connection.Valkey
    let gate: { readonly reached: Deferred.Deferred<void>; readonly open: Deferred.Deferred<void> } | null =
      null
    const make = () => ({ reached: Deferred.makeUnsafe<void>(), open: Deferred.makeUnsafe<void>() })
    const held = Connection.Valkey.of({
      ...real,
      run: (script, args, within_ms) =>
        Effect.gen(function*() {
          if (script.name === "apply" && gate !== null) {
            const mine = gate
            yield* Deferred.succeed(mine.reached, undefined)
            yield* Deferred.await(mine.open)
          }
          return yield* real.run(script, args, within_ms)
        })
    })
    const control = Gate.of({
      close: Effect.sync(() => void (gate = make())),
      reached: Effect.suspend(() => Deferred.await(gate!.reached)),
      open: Effect.suspend(() => {
        const opened = gate!
        gate = null
        return Effect.asVoid(Deferred.succeed(opened.open, undefined))
      })
    })
    return Context.make(Connection.Valkey, held).pipe(Context.add(Gate, control))
  })).pipe(Layer.provide(valkey))

/** Two runners on one database and one Valkey; the first one's writes can be held back. */
const twoRunners = Effect.gen(function*() {
  const url = yield* freshDatabaseUrl
  const valkey = yield* freshValkey
  const connection = Connection.layer({ url: Redacted.make(valkey.url), timings: patient })
  const clock = clockAt(now - 180_000)
  const first = yield* Layer.build(
    Layer.mergeAll(layerMirrored({ write_back_seconds: 60 }), inPostgres).pipe(
      Layer.provideMerge(gated(connection)),
      Layer.provideMerge(databaseAt(url)),
      Layer.provide(SecureRandom.layerWebCrypto),
      Layer.provide(clock)
    )
  )
  const second = yield* Layer.build(
    mirroredAt(valkey.url).pipe(Layer.provideMerge(databaseAt(url)), Layer.provide(clock))
  )
  const { put } = Context.get(first, MitraRows)
  return {
    valkey,
    gate: Context.get(first, Gate),
    put,
    slow: { port: Context.get(first, Availability), mirror: Context.get(first, Mirror) },
    quick: { port: Context.get(second, Availability), mirror: Context.get(second, Mirror) }
  }
})

const rule = { now, stale_before: now - 45_000, max_customers: 3 }
const wanted = { topic: "regular", language: null } as const
const fair = { declined_since: null, open_offers_max: 5, wanted }
const everybody = { ...rule, ...fair, limit: 100, exclude: [], only: null }
const candidateNumbers = (port: Availability["Service"]) =>
  Effect.map(port.candidates(everybody), (found) => found.map(({ mitra_id }) => Number(mitra_id.slice(-12))))

const race = (title: string, body: Effect.Effect<void, unknown, never>) =>
  it.live(title, () => Effect.provide(body, quiet))

const offline = (number: number) => online(number, { online_since: null })

describe("two writers of the mirror", () => {
  race(
    "a reseed that read a mitra online does not revive her after she went offline",
    Effect.scoped(Effect.gen(function*() {
      const { gate, put, quick, slow } = yield* twoRunners
      yield* put([online(1), online(2)])
      yield* slow.mirror.reseed
      yield* gate.close
      const reseed = yield* Effect.forkChild(slow.mirror.reseed, { startImmediately: true })
      yield* gate.reached
      yield* put([offline(1)])
      yield* quick.port.changed([idOfMitra(1)])
      yield* gate.open
      yield* Fiber.join(reseed)
      assert.deepStrictEqual(yield* candidateNumbers(quick.port), [2])
      assert.isNull(yield* quick.port.lastHeartbeat(idOfMitra(1)))
      assert.deepInclude((yield* quick.mirror.status).drift, { rows: 1, keys: 1, drifted: 0 })
    }))
  )

  race(
    "nor does it take offline one who came online meanwhile, or free one who was taken",
    Effect.scoped(Effect.gen(function*() {
      const { gate, put, quick, slow } = yield* twoRunners
      yield* put([offline(1), online(2), online(3, { is_active: false })])
      yield* slow.mirror.reseed
      yield* gate.close
      const reseed = yield* Effect.forkChild(slow.mirror.reseed, { startImmediately: true })
      yield* gate.reached
      yield* put([online(1), online(2, { sessions: 3 }), online(3)])
      yield* quick.port.changed([idOfMitra(1), idOfMitra(2), idOfMitra(3)])
      yield* gate.open
      yield* Fiber.join(reseed)
      assert.deepStrictEqual(yield* candidateNumbers(quick.port), [1, 3])
    }))
  )

  race(
    "a write-through that is slow does not undo a later one",
    Effect.scoped(Effect.gen(function*() {
      const { gate, put, quick, slow } = yield* twoRunners
      yield* put([online(1)])
      yield* slow.mirror.reseed
      yield* gate.close
      const notice = yield* Effect.forkChild(slow.port.changed([idOfMitra(1)]), {
        startImmediately: true
      })
      yield* gate.reached
      yield* put([online(1, { online_since: null, is_active: false })])
      yield* quick.port.changed([idOfMitra(1)])
      yield* gate.open
      yield* Fiber.join(notice)
      assert.deepStrictEqual(yield* candidateNumbers(quick.port), [])
      assert.strictEqual(yield* quick.port.heartbeat(idOfMitra(1), now), "deactivated")
    }))
  )

  race(
    "rows read before a wipe do not fill the mirror that was born after it",
    Effect.scoped(Effect.gen(function*() {
      const { gate, put, quick, slow, valkey } = yield* twoRunners
      yield* put([online(1), online(2)])
      yield* slow.mirror.reseed
      yield* gate.close
      const reseed = yield* Effect.forkChild(Effect.result(slow.mirror.reseed), { startImmediately: true })
      yield* gate.reached
      yield* valkey.wipe
      yield* put([offline(1)])
      yield* quick.mirror.reseed
      yield* gate.open
      assert.strictEqual((yield* Fiber.join(reseed))._tag, "Failure")
      assert.deepStrictEqual(yield* candidateNumbers(quick.port), [2])
    }))
  )

  race(
    "two reseeds of an empty Valkey at once make one whole mirror",
    Effect.scoped(Effect.gen(function*() {
      const { put, quick, slow, valkey } = yield* twoRunners
      const numbers = Array.from({ length: 500 }, (_, index) => index + 1)
      yield* put(numbers.map((number) => online(number)))
      yield* valkey.wipe
      const reports = yield* Effect.all([slow.mirror.reseed, quick.mirror.reseed], { concurrency: 2 })
      assert.deepStrictEqual(reports.map(({ seeded }) => seeded <= 500), [true, true])
      assert.strictEqual((yield* candidateNumbers(quick.port)).length, 100)
      assert.deepInclude((yield* quick.mirror.status).drift, { rows: 500, keys: 500, drifted: 0 })
    }))
  )

  race(
    "a ping beside a deactivation never makes her a candidate again",
    Effect.scoped(Effect.gen(function*() {
      const { put, quick, slow } = yield* twoRunners
      yield* put([online(1), online(2)])
      yield* slow.mirror.reseed
      yield* put([online(1, { online_since: null, is_active: false })])
      const pings = Effect.forEach(
        Array.from({ length: 200 }, (_, index) => index),
        (index) => slow.port.heartbeat(idOfMitra(1), now + index),
        { concurrency: 20 }
      )
      const [said] = yield* Effect.all([pings, quick.port.changed([idOfMitra(1)])], { concurrency: 2 })
      // Before the mirror knew, or after: but once refused, always refused.
      const refusedFrom = said.indexOf("deactivated")
      assert.isTrue(refusedFrom === -1 || said.slice(refusedFrom + 20).every((one) => one === "deactivated"))
      assert.strictEqual(yield* slow.port.heartbeat(idOfMitra(1), now + 1_000), "deactivated")
      assert.deepStrictEqual(yield* candidateNumbers(quick.port), [2])
    }))
  )

  race(
    "a runner that meets a mirror born again tells it the pings only it has seen",
    Effect.scoped(Effect.gen(function*() {
      const { put, quick, slow, valkey } = yield* twoRunners
      yield* put([online(1, { last_heartbeat_at: now - 58_000 }), online(2)])
      yield* slow.mirror.reseed
      assert.strictEqual(yield* slow.port.heartbeat(idOfMitra(1), now), "seen")
      yield* valkey.wipe
      yield* quick.mirror.reseed
      // The row's old ping is all the new mirror has, until the other runner speaks to it once.
      assert.strictEqual(yield* quick.port.lastHeartbeat(idOfMitra(1)), now - 58_000)
      yield* slow.port.heartbeat(idOfMitra(2), now)
      yield* Effect.repeat(quick.port.lastHeartbeat(idOfMitra(1)), { until: (last) => last === now }).pipe(
        Effect.timeout("5 seconds")
      )
      assert.deepStrictEqual(yield* candidateNumbers(quick.port), [1, 2])
    }))
  )

  race(
    "a reseed never refreshes a stale ping, and never puts an old one over a new one",
    Effect.scoped(Effect.gen(function*() {
      const { put, slow, valkey } = yield* twoRunners
      yield* put([
        online(1, { last_heartbeat_at: now - 60_000 }),
        online(2, { last_heartbeat_at: now - 60_000 })
      ])
      yield* slow.mirror.reseed
      yield* slow.port.heartbeat(idOfMitra(2), now - 5)
      const again = yield* slow.mirror.reseed
      assert.deepInclude(again, { seeded: 2, removed: 0, drift_found: 0, healed: 0 })
      assert.deepStrictEqual(yield* slow.port.stale(now - 45_000, 10), [idOfMitra(1)])
      const text = (number: number) => valkey.command("GET", keys.heartbeat + idOfMitra(number))
      assert.strictEqual(yield* text(1), "2025-12-31T23:59:00.123Z")
      assert.strictEqual(yield* text(2), "2026-01-01T00:00:00.118Z")
    }))
  )
})
