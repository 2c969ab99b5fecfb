// The beacon on a virtual clock: one count serves all callers for ten seconds, also when some hang up, and
// watchers hear of changes only.
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { defaultSettings } from "../../../src/domain/settings.ts"
import {
  make,
  type SharedSnapshots,
  snapshotLifetimeMs,
  watchEveryMs
} from "../../../src/layers/availability/beacon.ts"
import { Availability } from "../../../src/services/availability/availability.ts"
import type { Beacon, BeaconSnapshot } from "../../../src/services/availability/beacon.ts"
import { Settings } from "../../../src/services/settings/settings.ts"
import { Unavailable } from "../../../src/services/platform/unavailable.ts"

const unavailable = new Unavailable({ what: "test", retryable: true })

/** What is there to count, and how often it was counted. */
const makeMitras = () => {
  const mitras = { available: 0, counted: 0, is_down: false, takes_ms: 0 }
  const unused = () => Effect.die(new Error("not part of these tests"))
  const availability = Layer.succeed(
    Availability,
    {
      counts: () =>
        Effect.suspend(() => {
          mitras.counted += 1
          const { available, is_down, takes_ms } = mitras
          const answer = is_down ? Effect.fail(unavailable) : Effect.succeed({ online: available, available })
          return Effect.delay(answer, takes_ms)
        }),
      heartbeat: unused
    } as unknown as Availability["Service"]
  )
  const settings = Layer.succeed(
    Settings,
    {
      current: Effect.succeed(defaultSettings)
    } as unknown as Settings["Service"]
  )
  return { mitras, layer: Layer.merge(availability, settings) }
}

/** A shared place in memory, which can fail. */
const makePlace = () => {
  const place = { snapshot: null as BeaconSnapshot | null, claimed_until: 0, is_down: false }
  const up = <A>(value: (now: number) => A) =>
    Effect.flatMap(
      Clock.currentTimeMillis,
      (now) => place.is_down ? Effect.fail(unavailable) : Effect.sync(() => value(now))
    )
  const shared: SharedSnapshots = {
    read: up(() => place.snapshot),
    claim: up((now) => {
      if (place.claimed_until > now) return false
      place.claimed_until = now + 1_000
      return true
    }),
    write: (snapshot) =>
      up(() => {
        place.snapshot = snapshot
        place.claimed_until = 0
      })
  }
  return { place, shared }
}

const given = Effect.fnUntraced(function*(shared: SharedSnapshots | null = null, runners = 1) {
  yield* TestClock.setTime(1_767_225_600_000)
  const { layer, mitras } = makeMitras()
  const beacons = yield* Effect.forEach(
    Array.from({ length: runners }),
    () => Effect.provide(make(shared), layer)
  )
  return { mitras, beacon: beacons[0]!, beacons }
})

const countOf = (beacon: Beacon["Service"]) => Effect.map(beacon.current, ({ count }) => count)

describe("the beacon", () => {
  it.effect("answers from one count for ten seconds, however many ask", () =>
    Effect.gen(function*() {
      const { beacon, mitras } = yield* given()
      mitras.available = 2
      mitras.takes_ms = 50
      const asking = yield* Effect.forkChild(
        Effect.all(Array.from({ length: 500 }, () => countOf(beacon)), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(new Set(yield* Fiber.join(asking)), new Set([2]))
      mitras.available = 0
      yield* TestClock.adjust(snapshotLifetimeMs - 1_001)
      assert.strictEqual(yield* countOf(beacon), 2)
      assert.strictEqual(mitras.counted, 1)
      mitras.takes_ms = 0
      yield* TestClock.adjust(1)
      assert.deepInclude(yield* beacon.current, { available: false, count: 0 })
      assert.strictEqual(mitras.counted, 2)
    }).pipe(Effect.scoped))

  it.effect("leaves the others their answer when the one who asked first hangs up", () =>
    Effect.gen(function*() {
      const { beacon, mitras } = yield* given()
      mitras.available = 1
      mitras.takes_ms = 100
      const first = yield* Effect.forkChild(countOf(beacon), { startImmediately: true })
      const second = yield* Effect.forkChild(countOf(beacon), { startImmediately: true })
      yield* Fiber.interrupt(first)
      yield* TestClock.adjust("100 millis")
      assert.strictEqual(yield* Fiber.join(second), 1)
      assert.strictEqual(mitras.counted, 1)
    }).pipe(Effect.scoped))

  it.effect("fails for those who asked when nothing can be counted, and the next one asks again", () =>
    Effect.gen(function*() {
      const { beacon, mitras } = yield* given()
      mitras.is_down = true
      assert.strictEqual((yield* Effect.flip(beacon.current))._tag, "Unavailable")
      mitras.is_down = false
      assert.strictEqual(yield* countOf(beacon), 0)
    }).pipe(Effect.scoped))

  it.effect("is one count for all runners that share a place", () =>
    Effect.gen(function*() {
      const { place, shared } = makePlace()
      const { beacons, mitras } = yield* given(shared, 5)
      mitras.available = 3
      mitras.takes_ms = 150
      const asking = yield* Effect.forkChild(Effect.forEach(beacons, countOf, { concurrency: "unbounded" }))
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(yield* Fiber.join(asking), [3, 3, 3, 3, 3])
      assert.strictEqual(mitras.counted, 1)
      assert.strictEqual(place.snapshot?.count, 3)
    }).pipe(Effect.scoped))

  it.effect("goes on alone while the shared place fails, without a count per question", () =>
    Effect.gen(function*() {
      const { place, shared } = makePlace()
      const { beacon, mitras } = yield* given(shared)
      mitras.available = 4
      place.is_down = true
      assert.strictEqual(yield* countOf(beacon), 4)
      mitras.available = 5
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(yield* countOf(beacon), 4)
      assert.strictEqual(mitras.counted, 1)
      yield* TestClock.adjust(snapshotLifetimeMs)
      assert.strictEqual(yield* countOf(beacon), 5)
    }).pipe(Effect.scoped))

  it.effect("counts itself when the runner that claimed the counting died over it", () =>
    Effect.gen(function*() {
      const { place, shared } = makePlace()
      const { beacon, mitras } = yield* given(shared)
      mitras.available = 6
      place.claimed_until = Number.MAX_SAFE_INTEGER
      const asking = yield* Effect.forkChild(countOf(beacon))
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* Fiber.join(asking), 6)
    }).pipe(Effect.scoped))
})

describe("watching the beacon", () => {
  const watch = Effect.fnUntraced(function*(beacon: Beacon["Service"]) {
    const seen = yield* Queue.unbounded<number>()
    yield* Effect.forkScoped(Stream.runForEach(beacon.changes, ({ count }) => Queue.offer(seen, count)))
    return seen
  })
  const turn = snapshotLifetimeMs + watchEveryMs

  it.effect("says what is, then only changes, to everybody at once and for one count", () =>
    Effect.gen(function*() {
      const { beacon, mitras } = yield* given()
      const watchers = yield* Effect.forEach(Array.from({ length: 50 }), () => watch(beacon))
      yield* TestClock.adjust(3 * turn)
      mitras.available = 1
      yield* TestClock.adjust(turn)
      const counted = mitras.counted
      yield* TestClock.adjust(turn)
      mitras.available = 2
      yield* TestClock.adjust(turn)
      for (const seen of watchers) assert.deepStrictEqual(yield* Queue.takeAll(seen), [0, 1, 2])
      assert.isAtMost(mitras.counted - counted, 3)
    }).pipe(Effect.scoped))

  it.effect("starts with the present state for a watcher that comes later", () =>
    Effect.gen(function*() {
      const { beacon, mitras } = yield* given()
      const early = yield* watch(beacon)
      yield* TestClock.adjust(turn)
      mitras.available = 7
      yield* TestClock.adjust(turn)
      const late = yield* watch(beacon)
      yield* TestClock.adjust(turn)
      assert.deepStrictEqual(yield* Queue.takeAll(late), [7])
      assert.deepStrictEqual(yield* Queue.takeAll(early), [0, 7])
    }).pipe(Effect.scoped))

  it.effect("takes what cannot be found out for no change, and goes on", () =>
    Effect.gen(function*() {
      const { beacon, mitras } = yield* given()
      const seen = yield* watch(beacon)
      yield* TestClock.adjust(turn)
      mitras.is_down = true
      yield* TestClock.adjust(3 * turn)
      mitras.is_down = false
      mitras.available = 1
      yield* TestClock.adjust(turn)
      assert.deepStrictEqual(yield* Queue.takeAll(seen), [0, 1])
    }).pipe(Effect.scoped))

  it.effect("costs nothing while nobody watches", () =>
    Effect.gen(function*() {
      const { beacon, mitras } = yield* given()
      yield* Effect.scoped(Effect.andThen(watch(beacon), TestClock.adjust(turn)))
      const counted = mitras.counted
      yield* TestClock.adjust(10 * turn)
      assert.strictEqual(mitras.counted, counted)
    }).pipe(Effect.scoped))
})
