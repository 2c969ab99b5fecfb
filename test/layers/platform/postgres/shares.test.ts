// Shares of the database's connections: who has one waits in it, whoever else is busy, and work without a
// share waits for nobody.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import {
  inShare,
  makePoolShares,
  PoolShares,
  shareOf,
  withinShare
} from "../../../../src/services/platform/pool-shares.ts"
import { times } from "../../../../testkit/conformance/given.ts"

describe("a share of the pool", () => {
  it.effect("lets so many ask at once, however many come, and holds up nobody outside of it", () =>
    Effect.gen(function*() {
      const gate = yield* Latch.make(false)
      let [now, most] = [0, 0]
      const call = withinShare(
        Effect.suspend(() => {
          now += 1
          most = Math.max(most, now)
          return Effect.andThen(gate.await, Effect.sync(() => void (now -= 1)))
        })
      )
      const asked = yield* Effect.forEach(times(50), () => Effect.forkChild(inShare("strangers")(call)))
      yield* Effect.yieldNow
      assert.strictEqual(now, shareOf(20))
      // Neither staff nor a commit waits for them.
      const others = yield* Effect.forEach(
        [inShare("staff")(call), call, call],
        (other) => Effect.forkChild(other)
      )
      yield* Effect.yieldNow
      assert.strictEqual(now, shareOf(20) + 3)
      yield* gate.open
      yield* Effect.forEach([...asked, ...others], Fiber.join)
      assert.strictEqual(most, shareOf(20) + 3)
    }).pipe(Effect.provideService(PoolShares, makePoolShares(20))))

  it.effect("is taken once by a call that makes another one inside", () =>
    Effect.gen(function*() {
      assert.strictEqual(shareOf(4), 1)
      yield* inShare("connecting")(withinShare(withinShare(Effect.void)))
    }).pipe(Effect.provideService(PoolShares, makePoolShares(4))))

  it.effect("is each pool's own: of two servers in one process none waits for the other's strangers", () =>
    Effect.gen(function*() {
      const gate = yield* Latch.make(false)
      const on = (connections: number) => Effect.provideService(PoolShares, makePoolShares(connections))
      const first = yield* Effect.forkChild(inShare("strangers")(withinShare(gate.await)).pipe(on(4)))
      yield* Effect.yieldNow
      yield* inShare("strangers")(withinShare(Effect.void)).pipe(on(4))
      yield* gate.open
      yield* Fiber.join(first)
    }))
})
