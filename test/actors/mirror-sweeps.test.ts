// The sweeps around the mirror: silent mitras go offline, none does on a guess, and each pass says what it
// did or why it did nothing.
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as References from "effect/References"
import * as TestClock from "effect/testing/TestClock"
import { MitraActors } from "../../src/actors/mitra/protocol.ts"
import { heartbeatWriteBack } from "../../src/actors/sweeps/heartbeat-write-back.ts"
import { Milestones } from "../../src/actors/sweeps/milestones.ts"
import { mirrorReseed } from "../../src/actors/sweeps/mirror-reseed.ts"
import { staleHeartbeats } from "../../src/actors/sweeps/stale-heartbeats.ts"
import { boundedPass } from "../../src/actors/sweeps/sweep.ts"
import { defaultSettings } from "../../src/domain/settings.ts"
import * as Memory from "../../testkit/memory/availability.memory.ts"
import * as PushMemory from "../../testkit/memory/push.memory.ts"
import * as Tables from "../../testkit/memory/store/tables.ts"
import { Availability } from "../../src/services/availability/availability.ts"
import { Mirror } from "../../src/services/availability/mirror.ts"
import { Settings } from "../../src/services/settings/settings.ts"
import { Unavailable } from "../../src/services/platform/unavailable.ts"

const lost = Effect.fail(new Unavailable({ what: "valkey", retryable: true }))

interface Given {
  /** What the mirror says of silent mitras, for every question in turn. */
  readonly stale: Effect.Effect<ReadonlyArray<string>, Unavailable>
  readonly ping_required?: boolean
  readonly mirror?: Effect.Effect<number, Unavailable>
}

/** The ports with what a sweep asks of them replaced; whom it takes offline lands in `offline`. */
const world = (given: Given, offline: Array<string>) => {
  const availability = Layer.effect(Availability)(
    Effect.map(Availability, (port) => ({ ...port, stale: () => given.stale }))
  ).pipe(Layer.provide(Memory.layer), Layer.provide(Tables.layer))
  const number = given.mirror ?? Effect.succeed(0)
  const mirror = Layer.effect(Mirror)(Effect.map(Mirror, (port) => ({
    ...port,
    reseed: Effect.map(
      number,
      (seeded) => ({ at: 0, took_ms: 0, seeded, removed: 1, drift_found: 2, healed: 2 })
    ),
    writeBackHeartbeats: Effect.map(number, (written) => ({ read: 9, written }))
  }))).pipe(Layer.provide(Memory.layer), Layer.provide(Tables.layer))
  const settings = Layer.succeed(Settings)(Settings.of({
    current: Effect.succeed({ ...defaultSettings, mitra_ping_required: given.ping_required ?? true }),
    put: () => Effect.succeed(true),
    refresh: Effect.void
  }))
  const actors = Layer.succeed(MitraActors)(
    {
      run: (mitraId: string) =>
        Effect.sync(() => {
          offline.push(mitraId)
          return { is_active: true, is_online: false, changed: true }
        })
    } as unknown as MitraActors["Service"]
  )
  return Layer.mergeAll(availability, mirror, settings, actors, Milestones.layer, PushMemory.layer).pipe(
    Layer.merge(Layer.succeed(References.MinimumLogLevel)("None"))
  )
}

const newest = Effect.flatMap(Milestones, ({ latest }) => Effect.map(latest, (all) => all[0]))

/** One pass of auto-offline, `after` its server started. */
const autoOffline = (given: Given, after: "10 seconds" | "2 minutes") =>
  Effect.gen(function*() {
    const offline: Array<string> = []
    const did = yield* Effect.gen(function*() {
      const sweep = yield* staleHeartbeats(30)
      yield* TestClock.adjust(after)
      yield* boundedPass(sweep)
      return (yield* newest)?.did
    }).pipe(Effect.provide(world(given, offline)))
    return { did, offline }
  })

const silent = Effect.succeed(["ayu", "sri"])

describe("auto-offline", () => {
  it.effect("takes the silent ones offline and says how many", () =>
    Effect.gen(function*() {
      const { did, offline } = yield* autoOffline({ stale: silent }, "2 minutes")
      assert.deepStrictEqual(did, { stale: 2, offline: 2 })
      assert.deepStrictEqual(offline, ["ayu", "sri"])
    }))

  it.effect("gives the whole pass up when the mirror does not know, and says why", () =>
    Effect.gen(function*() {
      const { did, offline } = yield* autoOffline({ stale: lost }, "2 minutes")
      assert.deepStrictEqual(did, { stale: 0, offline: 0, aborted: "valkey does not know who is silent" })
      assert.deepStrictEqual(offline, [])
    }))

  it.effect("calls nobody silent before the server has listened for as long as silence takes", () =>
    Effect.gen(function*() {
      const { did, offline } = yield* autoOffline({ stale: silent }, "10 seconds")
      assert.deepStrictEqual(did, { stale: 0, offline: 0, aborted: "listening for too short a time" })
      assert.deepStrictEqual(offline, [])
    }))

  it.effect("does nothing while pings are not required", () =>
    Effect.gen(function*() {
      const { did, offline } = yield* autoOffline({ stale: silent, ping_required: false }, "2 minutes")
      assert.deepStrictEqual(did, { stale: 0, offline: 0 })
      assert.deepStrictEqual(offline, [])
    }))
})

describe("the mirror's sweeps", () => {
  const pass = (mirror: Effect.Effect<number, Unavailable>) =>
    Effect.gen(function*() {
      yield* boundedPass(yield* heartbeatWriteBack(60))
      const written = (yield* newest)?.did
      yield* boundedPass(yield* mirrorReseed(300))
      const { latest } = yield* Milestones
      return [written, (yield* latest).find(({ sweep }) => sweep === "mirror_reseed")?.did]
    }).pipe(Effect.provide(world({ stale: silent, mirror }, [])))

  it.effect("report what they wrote back, seeded and healed", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* pass(Effect.succeed(7)), [
        { read: 9, written: 7 },
        { seeded: 7, removed: 1, drift_found: 2, healed: 2 }
      ])
    }))

  it.effect("report a pass that failed as one that did nothing", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* pass(lost), [null, null])
    }))

  it.effect("keep the beat they are given, auto-offline too", () =>
    Effect.gen(function*() {
      const every = [yield* staleHeartbeats(7), yield* heartbeatWriteBack(8), yield* mirrorReseed(9)]
      assert.deepStrictEqual(
        every.map((sweep) => Duration.toSeconds(sweep.every)),
        [7, 8, 9]
      )
    }).pipe(Effect.provide(world({ stale: silent }, []))))
})
