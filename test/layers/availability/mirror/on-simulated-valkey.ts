// Real mirrors over the simulated Valkey and rows in memory: as many runners as a test wants, each with its
// own way to the one Valkey.
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SecureRandom } from "effect/crypto"
import { makeMirrored } from "../../../../src/layers/availability/availability.ts"
import type { ValkeySightings } from "../../../../src/layers/availability/valkey-sightings.postgres.ts"
import { unavailable, Valkey, valkeyTimings } from "../../../../src/layers/platform/valkey/connection.ts"
import type { ValkeyEngine } from "../../../../simulator/valkey/engine.ts"
import { LuaScripts } from "../../../../simulator/valkey/lua.ts"
import { inMemory } from "../../../../testkit/conformance/mitra-rows.ts"
import * as AvailabilityMemory from "../../../../testkit/memory/availability.memory.ts"
import { mirrorRows } from "../../../../testkit/memory/store/mirror-rows.ts"
import * as Tables from "../../../../testkit/memory/store/tables.ts"
import { quiet } from "../../mirrored.ts"

export interface Way {
  isCut: boolean
  /** It may throw single keys away. */
  readonly evicts?: boolean
}

const valkeyOf = (engine: ValkeyEngine, way: Way) => {
  const scripts = new LuaScripts(engine)
  const ask = <A>(answer: () => A) =>
    Effect.suspend(() => way.isCut ? Effect.fail(unavailable) : Effect.sync(answer))
  return Valkey.of({
    call: (command, ...args) => ask(() => engine.run(command, args.map(String))),
    run: (script, args) => ask(() => scripts.run(script, args.map(String))),
    state: Effect.sync(() => ({
      connected_since: 0,
      latency_ms: 0,
      last_error: null,
      eviction: way.evicts === true ? { warning: "evicts", evicted: engine.evicted } : null
    })),
    watch: () => () => {},
    duplicate: () => assert.fail("nothing here subscribes"),
    timings: valkeyTimings
  })
}

export const contextOn = (engine: ValkeyEngine, way: Way, sightings: ValkeySightings | null = null) =>
  Effect.gen(function*() {
    const tables = yield* Tables.MemoryTables
    return yield* makeMirrored({ write_back_seconds: 60 }, mirrorRows(tables), sightings).pipe(
      Effect.provideService(Valkey, valkeyOf(engine, way))
    )
  })

export const shared = Layer.mergeAll(AvailabilityMemory.layer, inMemory, SecureRandom.layerWebCrypto).pipe(
  Layer.provideMerge(Tables.layer),
  Layer.provideMerge(quiet)
)
