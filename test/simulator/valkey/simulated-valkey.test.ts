// The simulated Valkey under the real mirror and its real scripts, held to the suite of the real one.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SecureRandom } from "effect/crypto"
import { makeMirrored } from "../../../src/layers/availability/availability.ts"
import * as AvailabilityMemory from "../../../testkit/memory/availability.memory.ts"
import { mirrorRows } from "../../../testkit/memory/store/mirror-rows.ts"
import * as Tables from "../../../testkit/memory/store/tables.ts"
import { Valkey, valkeyTimings } from "../../../src/layers/platform/valkey/connection.ts"
import { Mirror } from "../../../src/services/availability/mirror.ts"
import { LuaScripts } from "../../../simulator/valkey/lua.ts"
import { ValkeyEngine } from "../../../simulator/valkey/engine.ts"
import { availabilitySuite } from "../../../testkit/conformance/availability.ts"
import { now } from "../../../testkit/conformance/availability-given.ts"
import { clockAt, quiet } from "../../layers/mirrored.ts"
import { inMemory, MitraRows } from "../../../testkit/conformance/mitra-rows.ts"

const simulated = Layer.sync(Valkey)(() => {
  const engine = new ValkeyEngine(() => 0)
  const scripts = new LuaScripts(engine)
  return Valkey.of({
    call: (command, ...args) => Effect.sync(() => engine.run(command, args.map(String))),
    run: (script, args) => Effect.sync(() => scripts.run(script, args.map(String))),
    state: Effect.succeed({ connected_since: 0, latency_ms: 0, last_error: null, eviction: null }),
    watch: () => () => {},
    duplicate: () => assert.fail("nothing here subscribes"),
    timings: valkeyTimings
  })
})

const mirrored = Layer.effectContext(
  Effect.flatMap(
    Tables.MemoryTables,
    (tables) => makeMirrored({ write_back_seconds: 60 }, mirrorRows(tables))
  )
).pipe(Layer.provide(Layer.mergeAll(AvailabilityMemory.layer, simulated, SecureRandom.layerWebCrypto)))

/** Rows are in the mirror when `put` returns. */
const inMirror = Layer.effect(MitraRows)(
  Effect.gen(function*() {
    const rows = yield* MitraRows
    const mirror = yield* Mirror
    return MitraRows.of({ put: (mitras) => Effect.andThen(rows.put(mitras), Effect.orDie(mirror.reseed)) })
  })
).pipe(Layer.provide(inMemory))

// Time goes on, because many pings at once rest between their runs; and as for the real one.
availabilitySuite(
  "simulated Valkey",
  it.live,
  inMirror.pipe(
    Layer.provideMerge(mirrored),
    Layer.provide(Tables.layer),
    Layer.provide(clockAt(now - 180_000)),
    Layer.provideMerge(quiet),
    Layer.orDie
  )
)

describe("the simulated Valkey", () => {
  const engineAt = (time: { now: number }) => new ValkeyEngine(() => time.now)

  it("forgets what has expired, and only that", () => {
    const time = { now: 0 }
    const engine = engineAt(time)
    engine.run("SET", ["a", "1", "PX", "100"])
    engine.run("SET", ["b", "2"])
    time.now = 99
    assert.deepStrictEqual(engine.run("MGET", ["a", "b"]), ["1", "2"])
    time.now = 100
    assert.deepStrictEqual(engine.run("MGET", ["a", "b"]), [null, "2"])
    assert.strictEqual(engine.run("SET", ["a", "again", "NX"]), "OK")
    assert.strictEqual(engine.run("SET", ["a", "no", "NX"]), null)
  })

  it("orders sorted sets by score, then by text, and honours open bounds", () => {
    const engine = engineAt({ now: 0 })
    engine.run("ZADD", ["z", "2", "b", "1", "c", "2", "a"])
    assert.deepStrictEqual(engine.run("ZRANGE", ["z", "0", "-1"]), ["c", "a", "b"])
    assert.deepStrictEqual(engine.run("ZRANGEBYSCORE", ["z", "(1", "+inf", "LIMIT", "0", "1"]), ["a"])
    assert.strictEqual(engine.run("ZCOUNT", ["z", "-inf", "(2"]), 1)
    assert.strictEqual(engine.run("ZADD", ["z", "CH", "3", "a", "2", "b"]), 1)
  })

  it("refuses a command it does not know instead of making something up", () => {
    assert.throws(() => engineAt({ now: 0 }).run("LPUSH", ["l", "1"]), /does not know LPUSH/)
  })
})
