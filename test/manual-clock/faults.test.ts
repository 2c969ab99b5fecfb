// The fault menu: what is wrong, for whom, for how long, and that it ends by itself. On virtual time.
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { SecureRandom } from "effect/crypto"
import { TestClock } from "effect/testing"
import { faultsMax } from "../../src/services/manual-clock/faults.ts"
import { makeFaults } from "../../src/manual-clock/faults.ts"
import { forTesters } from "../../src/manual-clock/for-testers.ts"
import { idOf } from "../../testkit/conformance/given.ts"

const [sari, ayu] = [idOf(1), idOf(2)]
const menu = Effect.flatMap(Clock.Clock, makeFaults).pipe(Effect.provide(SecureRandom.layerWebCrypto))

describe("a fault", () => {
  it.effect("ends by itself after the time that was said", () =>
    Effect.gen(function*() {
      const faults = yield* menu
      yield* faults.start({ kind: "slow_database", delay_ms: 200 }, 10_000)
      const started = yield* faults.start({ kind: "lose_valkey" }, 5_000)
      assert.strictEqual(started?.undone_at, (yield* Clock.currentTimeMillis) + 5_000)
      assert.deepStrictEqual([faults.database_delay_ms(), faults.valkeyIsLost()], [200, true])
      yield* TestClock.adjust(5_000)
      assert.deepStrictEqual([faults.database_delay_ms(), faults.valkeyIsLost()], [200, false])
      yield* TestClock.adjust(5_000)
      assert.strictEqual(faults.database_delay_ms(), 0)
      assert.deepStrictEqual(yield* faults.list, [])
    }))

  it.effect("is undone at once when asked, alone or with all others", () =>
    Effect.gen(function*() {
      const faults = yield* menu
      const one = yield* faults.start({ kind: "lose_valkey" }, 5_000)
      yield* faults.start({ kind: "double_webhook" }, 5_000)
      yield* faults.start({ kind: "slow_database", delay_ms: 1 }, 5_000)
      assert.strictEqual(yield* faults.undo(one!.id), 1)
      assert.strictEqual(yield* faults.undo(one!.id), 0)
      assert.isFalse(faults.valkeyIsLost())
      assert.strictEqual(yield* faults.undo(null), 2)
      assert.isFalse(faults.doublesWebhook())
    }))

  it.effect("cuts the sockets of its person only, those that come during it as well", () =>
    Effect.gen(function*() {
      const faults = yield* menu
      const cuts: Array<string> = []
      const remove = faults.addSocket({ user_id: () => sari, cut: () => cuts.push("gone") })
      remove()
      faults.addSocket({ user_id: () => sari, cut: () => cuts.push("sari") })
      faults.addSocket({ user_id: () => ayu, cut: () => cuts.push("ayu") })
      faults.addSocket({ user_id: () => null, cut: () => cuts.push("nobody") })
      yield* faults.start({ kind: "cut_socket", user_id: sari }, 1_000)
      assert.deepStrictEqual(cuts, ["sari"])
      assert.deepStrictEqual([faults.isCut(sari), faults.isCut(ayu)], [true, false])
      yield* TestClock.adjust(1_000)
      assert.isFalse(faults.isCut(sari))
    }))

  it.effect("doubles one webhook, and lags one person by the longest of its lags", () =>
    Effect.gen(function*() {
      const faults = yield* menu
      yield* faults.start({ kind: "double_webhook" }, 1_000)
      assert.deepStrictEqual([faults.doublesWebhook(), faults.doublesWebhook()], [true, false])
      yield* faults.start({ kind: "lag_socket", user_id: sari, delay_ms: 300 }, 1_000)
      yield* faults.start({ kind: "lag_socket", user_id: sari, delay_ms: 100 }, 1_000)
      assert.deepStrictEqual([faults.lag_ms(sari), faults.lag_ms(ayu)], [300, 0])
    }))

  it.effect("is refused when there are too many", () =>
    Effect.gen(function*() {
      const faults = yield* menu
      for (let n = 0; n < faultsMax; n++) yield* faults.start({ kind: "double_webhook" }, 1_000)
      assert.isNull(yield* faults.start({ kind: "lose_valkey" }, 1_000))
    }))
})

describe("a server that was not started for testers", () => {
  const given = { production: false, clock: "real", clock_start: "2030-01-07T09:00:00Z", faults: false }
  const size = Effect.map(Effect.context<never>(), (context) => context.mapUnsafe.size)

  it.effect("gets nothing at all; a production server gets nothing whatever it asks for", () =>
    Effect.gen(function*() {
      const sizeOf = (config: typeof given) =>
        Effect.map(forTesters(config), ({ services }) => services.mapUnsafe.size)
      assert.isAbove(yield* size, 0)
      assert.strictEqual(yield* sizeOf(given), 0)
      assert.strictEqual(yield* sizeOf({ ...given, production: true, clock: "simulated", faults: true }), 0)
      assert.strictEqual(yield* sizeOf({ ...given, faults: true }), 1)
      assert.isAbove(yield* sizeOf({ ...given, clock: "simulated" }), 1)
    }))
})
