// Beacon, rate limits and presence on a real Valkey: shared by runners, and each on its own while Valkey
// refuses, is wiped or comes back empty.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import { SecureRandom } from "effect/crypto"
import { defaultSettings } from "../../../src/domain/settings.ts"
import * as BeaconValkey from "../../../src/layers/availability/beacon.valkey.ts"
import * as PresenceValkey from "../../../src/layers/availability/presence.valkey.ts"
import * as RateLimitsValkey from "../../../src/layers/platform/rate-limits.valkey.ts"
import { Availability } from "../../../src/services/availability/availability.ts"
import { Beacon } from "../../../src/services/availability/beacon.ts"
import { type Person, Presence } from "../../../src/services/availability/presence.ts"
import { RateLimits } from "../../../src/services/platform/rate-limits.ts"
import { Settings } from "../../../src/services/settings/settings.ts"
import { rateLimits } from "../../../testkit/conformance/rate-limits.ts"
import { freshValkey } from "../../support/valkey.ts"
import { valkeyAt } from "../../support/valkey-connection.ts"

rateLimits(
  "Valkey",
  it.live,
  RateLimitsValkey.layer.pipe(
    Layer.provide(Layer.unwrap(Effect.map(freshValkey, ({ url }) => valkeyAt(url))))
  )
)

const behaviour = (title: string, body: Effect.Effect<void, unknown, Scope.Scope>) =>
  it.live(title, () => Effect.scoped(body))

describe("rate limits on Valkey", () => {
  const runnerAt = (url: string) =>
    Layer.build(Layer.fresh(Layer.provide(RateLimitsValkey.layer, valkeyAt(url)))).pipe(
      Effect.flatMap((context) => Effect.provide(Effect.service(RateLimits), context))
    )
  const limit = { name: "test", asks_max: 3, window_ms: 1e12 }

  behaviour(
    "are one count for all runners, and every count expires",
    Effect.gen(function*() {
      const valkey = yield* freshValkey
      const [a, b] = [yield* runnerAt(valkey.url), yield* runnerAt(valkey.url)]
      for (const runner of [a, b, a]) assert.isNull(yield* runner.take(limit, "x"))
      assert.isNotNull(yield* b.take(limit, "x"))
      const keys = (yield* valkey.command("KEYS", "rate:*")) as ReadonlyArray<string>
      assert.lengthOf(keys, 1)
      assert.isAbove(Number(yield* valkey.command("PTTL", keys[0]!)), 0)
    })
  )

  behaviour(
    "are counted by each runner while Valkey is dead",
    Effect.gen(function*() {
      const valkey = yield* freshValkey
      const runner = yield* runnerAt(valkey.url)
      yield* valkey.kill
      for (let ask = 0; ask < 3; ask++) assert.isNull(yield* runner.take(limit, "x"))
      assert.isNotNull(yield* runner.take(limit, "x"))
    })
  )
})

describe("the beacon on Valkey", () => {
  const runnerAt = (url: string, mitras: { available: number; counted: number }) => {
    const world = Layer.merge(
      Layer.succeed(
        Availability,
        {
          counts: () =>
            Effect.sync(() => {
              mitras.counted += 1
              return { online: mitras.available, available: mitras.available }
            })
        } as unknown as Availability["Service"]
      ),
      Layer.succeed(Settings, { current: Effect.succeed(defaultSettings) } as unknown as Settings["Service"])
    )
    return Layer.build(Layer.fresh(Layer.provide(BeaconValkey.layer, [valkeyAt(url), world]))).pipe(
      Effect.flatMap((context) => Effect.provide(Effect.service(Beacon), context))
    )
  }

  behaviour(
    "is counted once for all runners, and is JSON that expires within ten seconds",
    Effect.gen(function*() {
      const valkey = yield* freshValkey
      const mitras = { available: 2, counted: 0 }
      const runners = yield* Effect.forEach(Array.from({ length: 4 }), () => runnerAt(valkey.url, mitras))
      const seen = yield* Effect.forEach(runners, (runner) => runner.current, { concurrency: "unbounded" })
      assert.deepStrictEqual(seen.map(({ count }) => count), [2, 2, 2, 2])
      assert.strictEqual(mitras.counted, 1)
      const stored = JSON.parse(String(yield* valkey.command("GET", "availability:snapshot")))
      assert.deepInclude(stored, { available: true, count: 2 })
      const life = Number(yield* valkey.command("PTTL", "availability:snapshot"))
      assert.isAbove(life, 0)
      assert.isAtMost(life, 10_000)
    })
  )

  behaviour(
    "answers all the same when Valkey is dead, and when somebody wrote nonsense into the key",
    Effect.gen(function*() {
      const valkey = yield* freshValkey
      const mitras = { available: 1, counted: 0 }
      yield* valkey.command("SET", "availability:snapshot", "{\"available\":\"maybe\"}")
      assert.strictEqual((yield* (yield* runnerAt(valkey.url, mitras)).current).count, 1)
      const another = yield* runnerAt(valkey.url, mitras)
      yield* valkey.kill
      assert.strictEqual((yield* another.current).count, 1)
    })
  )
})

describe("presence on Valkey", () => {
  const ayu: Person = { user_type: "mitra", user_id: "ayu" }
  const runnerAt = (url: string) =>
    Layer.build(Layer.fresh(
      PresenceValkey.layerWith({ interval_ms: 100, life_ms: 1_000 }).pipe(
        Layer.provide([valkeyAt(url, { reconnect_after_ms: 20 }), SecureRandom.layerWebCrypto])
      )
    )).pipe(Effect.flatMap((context) => Effect.provide(Effect.service(Presence), context)))

  /** Waits until it says so: writes follow the sockets within a beat. */
  const until = (runner: Presence["Service"], answer: boolean | null) =>
    runner.isConnected(ayu).pipe(
      Effect.repeat({ until: (found) => found === answer, schedule: Schedule.spaced("20 millis") }),
      Effect.timeout("10 seconds")
    )

  behaviour(
    "is known on every runner while any socket is open anywhere",
    Effect.gen(function*() {
      const { url } = yield* freshValkey
      const [a, b] = [yield* runnerAt(url), yield* runnerAt(url)]
      assert.isFalse(yield* b.isConnected(ayu))
      const [phone, tablet] = [yield* Scope.make(), yield* Scope.make()]
      yield* Scope.provide(a.register(ayu), phone)
      yield* Scope.provide(a.register(ayu), tablet)
      assert.isTrue(yield* a.isConnected(ayu))
      yield* until(b, true)
      yield* Scope.close(phone, Exit.void)
      assert.isTrue(yield* a.isConnected(ayu))
      yield* Scope.close(tablet, Exit.void)
      yield* until(b, false)
    })
  )

  behaviour(
    "comes back by itself after Valkey was wiped, and after it was dead and is empty",
    Effect.gen(function*() {
      const valkey = yield* freshValkey
      const [a, b] = [yield* runnerAt(valkey.url), yield* runnerAt(valkey.url)]
      yield* a.register(ayu)
      yield* until(b, true)
      yield* valkey.command("FLUSHDB")
      yield* until(b, true)
      yield* valkey.kill
      yield* until(b, null)
      assert.isTrue(yield* a.isConnected(ayu))
      yield* valkey.start
      yield* until(b, true)
    })
  )

  behaviour(
    "ends with its runner, also one that says no goodbye",
    Effect.gen(function*() {
      const valkey = yield* freshValkey
      const b = yield* runnerAt(valkey.url)
      yield* valkey.command("SADD", "presence:dead-runner", "mitra:ayu")
      yield* valkey.command("ZADD", "presence:runners", String(Date.now() + 500), "dead-runner")
      yield* until(b, true)
      yield* until(b, false)
      const stopping = yield* Scope.make()
      const a = yield* Scope.provide(runnerAt(valkey.url), stopping)
      yield* a.register(ayu)
      yield* until(b, true)
      yield* Scope.close(stopping, Exit.void)
      assert.isFalse(yield* b.isConnected(ayu))
    })
  )
})
