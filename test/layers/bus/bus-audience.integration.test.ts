// A runner that is alone on a real Valkey: it counts who listens there, and publishes when somebody does.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import { SecureRandom } from "effect/crypto"
import * as WithValkey from "../../../src/layers/bus/bus.valkey.ts"
import { type BusTimings, busTimings } from "../../../src/layers/bus/timings.ts"
import { Valkey } from "../../../src/layers/platform/valkey/connection.ts"
import { Bus } from "../../../src/services/bus/bus.ts"
import { takeLabel, typing } from "../../../testkit/conformance/bus.ts"
import { databaseAt, freshDatabaseUrl } from "../../support/postgres.ts"
import { freshValkey } from "../../support/valkey.ts"
import { valkeyAt } from "../../support/valkey-connection.ts"

const keys = [new Uint8Array(32).fill(7)] as const

/** No signs of life of its own meanwhile. */
const calm: BusTimings = {
  ...busTimings,
  look_every_ms: 20,
  probe_every_ms: 60_000,
  silence_ms: 120_000
}

const runnerAt = (postgres: string, valkey: string) =>
  Layer.build(Layer.fresh(
    WithValkey.layerWith(keys, calm).pipe(
      Layer.provide([databaseAt(postgres, 4), SecureRandom.layerWebCrypto, valkeyAt(valkey)])
    )
  )).pipe(Effect.flatMap((context) => Effect.provide(Effect.service(Bus), context)))

/** How often anybody has published through this Valkey. */
const publishesAt = (url: string) =>
  Effect.gen(function*() {
    const stats = String(yield* (yield* Valkey).call("INFO", "commandstats"))
    return Number(/cmdstat_publish:calls=(\d+)/.exec(stats)?.[1] ?? 0)
  }).pipe(Effect.provide(Layer.fresh(valkeyAt(url))))

describe("a runner that is alone on Valkey and Postgres", () => {
  it.live("publishes nothing that a resync makes good, until another one comes", () =>
    Effect.gen(function*() {
      const [postgres, valkey] = [yield* freshDatabaseUrl, (yield* freshValkey).url]
      const alone = yield* runnerAt(postgres, valkey)
      const publish = alone.publish([typing("customer:1", 1)])
      const published = Effect.gen(function*() {
        const before = yield* publishesAt(valkey)
        yield* publish
        yield* Effect.sleep(100)
        return (yield* publishesAt(valkey)) - before
      })
      yield* published.pipe(Effect.repeat({ until: (count) => count === 0 }), Effect.timeout("10 seconds"))

      const other = yield* runnerAt(postgres, valkey)
      const queue = yield* other.subscribe(["customer:1"])
      const heard = takeLabel(queue).pipe(Effect.repeat({ until: (label) => label === 1 }))
      yield* Effect.raceFirst(publish.pipe(Effect.repeat(Schedule.spaced("50 millis"))), heard)
      assert.isAbove(yield* publishesAt(valkey), 0)
    }).pipe(Effect.scoped))
})
