// Mitras who let offer after offer run out: paused with a notice once staff set a number, never before,
// and back as soon as they say so. Actors and sweeps under virtual time.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import { TestClock } from "effect/testing"
import { Availability } from "../../src/services/availability/availability.ts"
import { Bus } from "../../src/services/bus/bus.ts"
import { Mitras } from "../../src/services/accounts/mitras.ts"
import { Staff } from "../../src/services/accounts/staff.ts"
import { Settings } from "../../src/services/settings/settings.ts"
import { staffId } from "../../testkit/conformance/given.ts"
import { actorWorld, asMitra, onlineMitra, paidRequest } from "./actor-world.ts"

const during = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect)
    yield* TestClock.adjust("1 second")
    return yield* Fiber.join(fiber)
  })

const pauseAfter = Effect.fnUntraced(function*(count: number) {
  const account = { id: staffId, email: "a@b.c", password_hash: "h", role: "admin" } as const
  yield* (yield* Staff).createStaff(account, 0)
  yield* (yield* Settings).put("mitra_missed_offers_pause", count, {
    id: "018f0000-0000-7000-8000-0000000000aa",
    staff_id: staffId,
    action: "setting.write",
    target_type: "setting",
    target_id: "mitra_missed_offers_pause",
    before: 0,
    after: count,
    peer: "test",
    at: 0
  })
})

/** A request that runs out after its minute, while her phone keeps saying that it is there. */
const missOne = Effect.fnUntraced(function*(mitraId: string, name: string) {
  yield* during(paidRequest(300, name))
  for (let pings = 0; pings < 6; pings++) {
    const now = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
    yield* (yield* Availability).heartbeat(mitraId, now)
    yield* TestClock.adjust("15 seconds")
  }
})

const isOnline = (id: string) =>
  Effect.flatMap(Mitras, (mitras) => Effect.map(mitras.find(id), (state) => state?.is_online))

describe("missed offers in a row", () => {
  it.effect("pause a mitra, who is told why, and who comes back with a clean slate", () =>
    Effect.gen(function*() {
      yield* pauseAfter(2)
      const ayu = yield* during(onlineMitra("Ayu"))
      const told = yield* (yield* Bus).subscribe([`mitra:${ayu}`])
      yield* missOne(ayu, "Ani")
      assert.isTrue(yield* isOnline(ayu))
      yield* missOne(ayu, "Budi")
      assert.isFalse(yield* isOnline(ayu))
      const notices = (yield* Queue.takeAll(told)).flatMap(({ event }) =>
        event._tag === "MitraStatusChanged" ? [event] : []
      )
      assert.deepStrictEqual(notices, [{
        _tag: "MitraStatusChanged",
        is_online: false,
        cause: "missed_offers"
      }])
      const [last] = yield* (yield* Mitras).onlineLog(ayu, 1)
      assert.strictEqual(last?.cause, "missed_offers")
      yield* during(asMitra(ayu, { _tag: "GoOnline" }))
      yield* missOne(ayu, "Cici")
      assert.isTrue(yield* isOnline(ayu))
    }).pipe(Effect.scoped, Effect.provide(actorWorld)))

  it.effect("pause nobody unless staff set a number", () =>
    Effect.gen(function*() {
      const ayu = yield* during(onlineMitra("Ayu"))
      for (const name of ["Ani", "Budi", "Cici"]) yield* missOne(ayu, name)
      assert.isTrue(yield* isOnline(ayu))
      // Nor when staff took the number back while the sweep was looking.
      const reply = yield* during(asMitra(ayu, { _tag: "PauseForMissedOffers" }))
      assert.deepInclude(reply, { changed: false, is_online: true })
    }).pipe(Effect.provide(actorWorld)))

  it.effect("are counted again in her own turn: who answered meanwhile is not paused", () =>
    Effect.gen(function*() {
      yield* pauseAfter(2)
      const ayu = yield* during(onlineMitra("Ayu"))
      yield* missOne(ayu, "Ani")
      const reply = yield* during(asMitra(ayu, { _tag: "PauseForMissedOffers" }))
      assert.deepInclude(reply, { changed: false, is_online: true })
    }).pipe(Effect.provide(actorWorld)))
})
