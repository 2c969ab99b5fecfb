// Several runners on one Valkey that do not all see the same of it: it lost everything and only one noticed,
// or one of them alone cannot reach it. Real mirrors over the simulated Valkey.
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import { notShared } from "../../../../src/layers/availability/mirror/sharing.ts"
import {
  sightingFreshMs,
  type ValkeySightings
} from "../../../../src/layers/availability/valkey-sightings.postgres.ts"
import { Availability } from "../../../../src/services/availability/availability.ts"
import { Mirror } from "../../../../src/services/availability/mirror.ts"
import { ValkeyEngine } from "../../../../simulator/valkey/engine.ts"
import { now, online } from "../../../../testkit/conformance/availability-given.ts"
import { idOfMitra, MitraRows } from "../../../../testkit/conformance/mitra-rows.ts"
import { contextOn, shared, type Way } from "./on-simulated-valkey.ts"

/** A runner of its own on the shared rows and the shared Valkey. */
const runnerOn = (engine: ValkeyEngine, way: Way = { isCut: false }) =>
  Effect.map(contextOn(engine, way), (context) => Context.get(context, Availability))

/** What the rows keep of it. */
const sightings = (): ValkeySightings => {
  const seen = new Map<string, { readonly valkey: string | null; readonly at: number }>()
  return {
    tell: (runner, valkey, at) =>
      Effect.sync(() => {
        seen.set(runner, { valkey, at })
        return [...seen].flatMap(([other, sighting]) =>
          other === runner || sighting.at <= at - sightingFreshMs ? [] : [sighting.valkey]
        )
      }),
    forget: (runner) => Effect.sync(() => void seen.delete(runner))
  }
}

const staleAfterMs = 45_000

describe("a Valkey that was wiped and filled again", () => {
  it.effect("does not know who is silent before it has lived as long as the silence", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const engine = new ValkeyEngine(() => now)
      const rows = yield* MitraRows
      yield* rows.put([online(1)])
      const [hers, another, first] = [
        yield* runnerOn(engine),
        yield* runnerOn(engine),
        yield* runnerOn(engine)
      ]
      yield* TestClock.adjust(60_000)
      assert.strictEqual(yield* hers.heartbeat(idOfMitra(1), now + 60_000), "seen")
      assert.deepStrictEqual(yield* another.stale(now + 60_000 - staleAfterMs, 10), [])

      engine.wipe()
      yield* first.counts({ now: now + 60_000, stale_before: null, max_customers: 3 })
      yield* TestClock.adjust(1_000)
      assert.strictEqual(yield* first.lastHeartbeat(idOfMitra(1)), now - 1_000, "the row's, a minute old")

      const asked = yield* Effect.flip(another.stale(now + 61_000 - staleAfterMs, 10))
      assert.strictEqual(asked._tag, "Unavailable")
      // Nothing is wrong with the mirror: it is only too young for this question.
      assert.deepStrictEqual(
        yield* another.counts({ now: now + 61_000, stale_before: null, max_customers: 3 }),
        { online: 1, available: 1 }
      )
      yield* TestClock.adjust(staleAfterMs + 30_000)
      assert.deepStrictEqual(yield* another.stale(now + 136_000 - staleAfterMs, 10), [idOfMitra(1)])
    }).pipe(Effect.scoped, Effect.provide(shared)))
})

describe("a Valkey that one runner cannot reach", () => {
  it.effect("calls nobody silent whose pings go to the rows, and learns of them", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const engine = new ValkeyEngine(() => now)
      const rows = yield* MitraRows
      yield* rows.put([online(1), online(2)])
      const way = { isCut: false }
      const [hers, another] = [yield* runnerOn(engine, way), yield* runnerOn(engine)]
      yield* TestClock.adjust(60_000)
      way.isCut = true
      assert.strictEqual(yield* hers.heartbeat(idOfMitra(1), now + 60_000), "seen")
      yield* TestClock.adjust(1_000)
      const at = now + 61_000
      assert.deepStrictEqual(yield* another.stale(at - staleAfterMs, 10), [idOfMitra(2)])
      // And she can be asked again, by those who have the mirror.
      assert.strictEqual(yield* another.lastHeartbeat(idOfMitra(1)), now + 60_000)
      const rule = { now: at, stale_before: at - staleAfterMs, max_customers: 3 }
      assert.deepStrictEqual(yield* another.counts(rule), { online: 2, available: 1 })
    }).pipe(Effect.scoped, Effect.provide(shared)))
})

describe("runners that do not share one Valkey", () => {
  const states = (...mirrors: ReadonlyArray<Mirror["Service"]>) =>
    Effect.map(
      Effect.all(mirrors.map(({ status }) => status)),
      (all) => all.map(({ last_error, state }) => `${state}${last_error === null ? "" : ` ${last_error}`}`)
    )
  const split = `down ${notShared}`

  it.effect("notice it and go by the rows until they do", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const [old, moved] = [new ValkeyEngine(() => now), new ValkeyEngine(() => now)]
      const told = sightings()
      const rows = yield* MitraRows
      const staying = yield* contextOn(old, { isCut: false }, told)
      const scope = yield* Scope.make()
      const movedOn = yield* Scope.provide(contextOn(moved, { isCut: false }, told), scope)
      const mirrors = [staying, movedOn].map((context) => Context.get(context, Mirror)) as [
        Mirror["Service"],
        Mirror["Service"]
      ]
      // The one that comes sees it at once, the one that stays after it has looked again.
      assert.deepStrictEqual(yield* states(...mirrors), ["up", split])
      yield* TestClock.adjust(6_000)
      assert.deepStrictEqual(yield* states(...mirrors), [split, split])
      // What one Valkey was told and the other was not.
      yield* rows.put([online(1)])
      yield* Context.get(staying, Availability).changed([idOfMitra(1)])
      yield* TestClock.adjust(1_000)
      assert.deepStrictEqual(
        yield* Context.get(movedOn, Availability).counts({
          now: now + 7_000,
          stale_before: null,
          max_customers: 3
        }),
        { online: 1, available: 1 }
      )
      yield* Scope.close(scope, Exit.void)
      yield* TestClock.adjust(4_000)
      assert.deepStrictEqual(yield* states(mirrors[0]), ["up"])
    }).pipe(Effect.scoped, Effect.provide(shared)))

  it.effect("are not those that see one wipe one after the other, but one that lost its way is", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const engine = new ValkeyEngine(() => now)
      const told = sightings()
      const way = { isCut: false }
      const one = Context.get(yield* contextOn(engine, { isCut: false }, told), Mirror)
      yield* TestClock.adjust(1_000)
      const other = Context.get(yield* contextOn(engine, way, told), Mirror)
      assert.deepStrictEqual(yield* states(one, other), ["up", "up"])
      engine.wipe()
      yield* TestClock.adjust(20_000)
      assert.deepStrictEqual(yield* states(one, other), ["up", "up"])
      way.isCut = true
      yield* TestClock.adjust(8_000)
      assert.deepStrictEqual(yield* states(one, other), [split, split])
      way.isCut = false
      yield* TestClock.adjust(8_000)
      assert.deepStrictEqual(yield* states(one, other), ["up", "up"])
    }).pipe(Effect.scoped, Effect.provide(shared)))
})
