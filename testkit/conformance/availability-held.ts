// Who is asked although silent, because a push can reach her, and who is not asked although there, because
// she is being drained. Part of the suite of every Availability adapter.
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Availability } from "../../src/services/availability/availability.ts"
import { candidates, now, numbersOf, online, put, rule, type Suite } from "./availability-given.ts"
import { idOfMitra } from "./mitra-rows.ts"

export const sleepingAndDraining = (behaviour: Suite): void => {
  behaviour(
    "gives a phone in the background more time where a push can reach it, and then none",
    () =>
      Effect.gen(function*() {
        const silent = now - 100_000
        yield* put(
          online(1, { last_heartbeat_at: silent, device: "live" }),
          online(2, { last_heartbeat_at: silent }),
          online(3, { last_heartbeat_at: silent, device: "signed_out" }),
          online(4, { last_heartbeat_at: silent, device: "live", sessions: 2 }),
          online(5, { last_heartbeat_at: now - 345_000, device: "live" })
        )
        const port = yield* Availability
        const background_before = now - 345_000
        assert.deepStrictEqual(yield* candidates({ background_before }), [1, 4])
        assert.deepStrictEqual(yield* candidates({}), [])
        assert.deepStrictEqual(yield* candidates({ background_before, only: idOfMitra(4) }), [4])
        assert.deepStrictEqual(yield* candidates({ background_before, only: idOfMitra(2) }), [])
        assert.deepStrictEqual(yield* port.counts({ ...rule, background_before }), {
          online: 5,
          available: 2
        })
        assert.deepStrictEqual(yield* port.counts(rule), { online: 5, available: 0 })
        const stale = (limit: number) => port.stale(now - 45_000, limit, background_before)
        assert.deepStrictEqual(numbersOf(yield* stale(10)), [5, 2, 3])
        assert.deepStrictEqual(numbersOf(yield* stale(2)), [5, 2])
        assert.deepStrictEqual(numbersOf(yield* port.stale(now - 45_000, 10)), [5, 1, 2, 3, 4])
      })
  )

  behaviour(
    "asks nobody who is being drained, who stays online and may go silent",
    () =>
      Effect.gen(function*() {
        yield* put(
          online(1, { is_draining: true }),
          online(2, { is_draining: true, sessions: 1, last_heartbeat_at: now - 60_000 }),
          online(3)
        )
        const port = yield* Availability
        assert.deepStrictEqual(yield* candidates({}), [3])
        assert.deepStrictEqual(yield* candidates({ only: idOfMitra(1) }), [])
        assert.deepStrictEqual(yield* port.counts(rule), { online: 3, available: 1 })
        assert.deepStrictEqual(numbersOf(yield* port.stale(now - 45_000, 10)), [2])
        assert.strictEqual(yield* port.heartbeat(idOfMitra(1), now + 1), "seen")
        assert.strictEqual(yield* port.lastHeartbeat(idOfMitra(1)), now + 1)
      })
  )
}
