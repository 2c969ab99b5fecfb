// A Valkey that throws single keys away: whichever key of the mirror it was, no answer shows it, before any
// look of a runner, and what is written afterwards is right again.
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import { Availability } from "../../../../src/services/availability/availability.ts"
import { Mirror } from "../../../../src/services/availability/mirror.ts"
import { ValkeyEngine } from "../../../../simulator/valkey/engine.ts"
import {
  everybody,
  now,
  numbersOf,
  offline,
  online
} from "../../../../testkit/conformance/availability-given.ts"
import { idOfMitra, MitraRows } from "../../../../testkit/conformance/mitra-rows.ts"
import { contextOn, shared } from "./on-simulated-valkey.ts"

/** In every kind of key: by sessions, draining, deactivated, offline, silent. */
const mitras = [
  online(1),
  online(2, { sessions: 1 }),
  online(3, { is_draining: true }),
  online(4, { is_active: false }),
  offline(5),
  online(6, { last_heartbeat_at: now - 50_000 }),
  online(7, { last_offer_at: now - 5_000 })
]

const twoRunners = Effect.gen(function*() {
  yield* TestClock.setTime(now)
  const engine = new ValkeyEngine(() => now)
  yield* (yield* MitraRows).put(mitras)
  const way = { isCut: false, evicts: true }
  return { engine, one: yield* contextOn(engine, way), other: yield* contextOn(engine, way) }
})

/** All that is asked, as the rows answer it; who is silent is not, so soon after a loss. */
const askedOf = (context: Context.Context<Availability | Mirror>) =>
  Effect.gen(function*() {
    const port = Context.get(context, Availability)
    const found = yield* port.candidates(everybody)
    const alone = yield* port.candidates({ ...everybody, only: idOfMitra(7) })
    return {
      candidates: numbersOf(found.map(({ mitra_id }) => mitra_id)),
      only: numbersOf(alone.map(({ mitra_id }) => mitra_id)),
      counts: yield* port.counts({ now, stale_before: now - 45_000, max_customers: 3 }),
      heartbeats: yield* Effect.forEach(mitras, (mitra) =>
        port.heartbeat(mitra.id, mitra.last_heartbeat_at ?? now)),
      last: yield* port.lastHeartbeat(idOfMitra(7))
    }
  })

const stateOf = (context: Context.Context<Availability | Mirror>) => Context.get(context, Mirror).status

describe("a Valkey that throws single keys away", () => {
  it.effect("has a mirror as long as it has thrown none away, with a warning", () =>
    Effect.gen(function*() {
      const { one } = yield* twoRunners
      const before = yield* stateOf(one)
      assert.deepInclude(before, { state: "up", last_error: "evicts" })
      yield* askedOf(one)
      assert.strictEqual((yield* stateOf(one)).fallbacks, before.fallbacks)
    }).pipe(Effect.scoped, Effect.provide(shared)))

  it.effect("changes no answer, whichever key it was", () =>
    Effect.gen(function*() {
      const { engine, one, other } = yield* twoRunners
      const right = yield* askedOf(one)
      const keys = engine.keys
      assert.isAbove(keys.filter((key) => /^mitras:queue:0:|^mitra:card:|^mirror:state/.test(key)).length, 3)
      for (const key of keys) {
        engine.evict(key)
        assert.deepStrictEqual(yield* askedOf(other), right, key)
        yield* TestClock.adjust(1_200_001)
        assert.deepInclude(yield* stateOf(other), { state: "up" }, key)
        assert.deepInclude((yield* stateOf(other)).drift, { drifted: 0 }, key)
      }
    }).pipe(Effect.scoped, Effect.provide(shared)))

  it.effect("loses no later row to an earlier one when a card or the count of tickets is gone", () =>
    Effect.gen(function*() {
      const { engine, one, other } = yield* twoRunners
      const changed = Context.get(one, Availability).changed([idOfMitra(1)])
      for (const [sessions, key] of [[1, `mitra:card:${idOfMitra(1)}`], [2, "mirror:state"]] as const) {
        // More than a filling of the mirror draws.
        for (let tickets = 0; tickets < 50; tickets++) yield* changed
        engine.evict(key)
        yield* (yield* MitraRows).put([online(1, { sessions })])
        yield* changed
        const sessionsOf = (context: Context.Context<Availability | Mirror>) =>
          Effect.map(
            Context.get(context, Availability).candidates({ ...everybody, only: idOfMitra(1) }),
            (found) => found[0]?.sessions
          )
        assert.strictEqual(yield* sessionsOf(other), sessions, key)
        yield* TestClock.adjust(5_000)
        assert.deepInclude(yield* stateOf(other), { state: "up" })
        assert.strictEqual(yield* sessionsOf(other), sessions, key)
        assert.deepInclude((yield* stateOf(other)).drift, { drifted: 0 }, key)
      }
    }).pipe(Effect.scoped, Effect.provide(shared)))

  it.effect("is filled again only when it has thrown nothing away for a while, longer each time", () =>
    Effect.gen(function*() {
      const { engine, one } = yield* twoRunners
      const fills: Array<number> = []
      const throwAway = (name: string) => {
        engine.run("SET", [name, "somebody else's"])
        engine.evict(name)
      }
      throwAway("first")
      let last = (yield* stateOf(one)).last_seed?.at
      for (let second = 1; second <= 600; second++) {
        // Its own filling throws somebody's away, too.
        yield* Context.get(one, Availability).counts({
          now: now + second,
          stale_before: null,
          max_customers: 3
        })
        yield* TestClock.adjust(1_000)
        const { at } = (yield* stateOf(one)).last_seed ?? {}
        if (at === last) continue
        last = at
        fills.push(second)
        throwAway(`other:${second}`)
      }
      assert.isBelow(fills.length, 12)
      assert.isAbove(fills.at(-1)! - fills.at(-2)!, 100)
    }).pipe(Effect.scoped, Effect.provide(shared)))
})
