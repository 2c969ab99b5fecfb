// What every SignIns adapter must do with a refresh token whose answer may have been lost: it is exchanged
// again until somebody has used what it was exchanged for.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { exchangesMax } from "../../src/domain/sign-in/refresh-token.ts"
import { SignIns } from "../../src/services/accounts/sign-ins.ts"
import { next, session } from "./auth-sessions.ts"
import { atOnce, hour, idOf, t0, times } from "./given.ts"

type Test = (title: string, body: Effect.Effect<void, unknown, SignIns>) => void

const grace_ms = 10_000
const several = { only_one: false }

export const lostRefreshes = (name: string, layer: Layer.Layer<SignIns>) =>
  describe(`refreshes whose answer was lost, ${name}`, () => {
    const test: Test = (title, body) => it.live(title, () => Effect.provide(body, layer))
    repeating(test)
    bounded(test)
  })

const bounded = (test: Test) =>
  test(
    "a sign-in is exchanged so often within an hour and no oftener, and its last token stays good",
    Effect.gen(function*() {
      const port = yield* SignIns
      yield* port.open(session(1), several)
      const exchange = (n: number, at: number) =>
        port.rotate({ refresh_hash: `hash-${n}`, next: next(n + 1), now: t0 + at, grace_ms })
      for (const n of times(exchangesMax)) {
        assert.strictEqual((yield* exchange(n + 1, n))._tag, "Rotated")
      }
      const last = exchangesMax + 1
      assert.deepStrictEqual(yield* exchange(last, 1_000), {
        _tag: "TooOften",
        family_id: idOf(1),
        retry_after_ms: hour - 1_000
      })
      const repeat = { refresh_hash: `hash-${last - 1}`, next: next(last), now: t0 + 1_000, grace_ms }
      assert.strictEqual((yield* port.rotate(repeat))._tag, "Rotated", "its answer was lost")
      assert.strictEqual((yield* exchange(last, hour))._tag, "Rotated")
    })
  )

const repeating = (test: Test) => {
  test(
    "a token whose answer was lost is exchanged again, until its successor is used in either way",
    Effect.gen(function*() {
      const port = yield* SignIns
      const show = (family: number, n: number, at: number) =>
        port.rotate({ refresh_hash: `hash-${family}`, next: next(n), now: t0 + at, grace_ms }).pipe(
          Effect.map((rotation) => rotation._tag)
        )
      for (const family of [1, 2]) {
        yield* port.open(session(family), several)
        for (const [n, at] of [0, 12_000, hour].entries()) {
          assert.strictEqual(yield* show(family, family * 10 + n, at), "Rotated")
        }
      }
      yield* port.isLive(idOf(1), undefined, { id: idOf(12), at: t0 + hour + 1 })
      assert.strictEqual(yield* show(1, 0x40, hour + 2), "Reused", "its access token was shown")
      assert.strictEqual(yield* show(22, 0x41, hour + 1), "Rotated")
      assert.strictEqual(yield* show(2, 0x42, hour + 2), "Reused", "it was exchanged")
    })
  )

  test(
    "of one token there is one successor, whoever brings it how often: also at once, also after it was used",
    Effect.gen(function*() {
      const port = yield* SignIns
      yield* port.open(session(1), several)
      const show = (n: number, at: number) =>
        port.rotate({
          refresh_hash: "hash-1",
          next: { ...next(n), refresh_hash: "its-successor" },
          now: t0 + at,
          grace_ms
        })
      const [first, ...others] = yield* atOnce(times(6).map((n) => show(n + 10, n)))
      for (const other of others) assert.deepStrictEqual(other, first)
      yield* port.rotate({ refresh_hash: "its-successor", next: next(30), now: t0 + 7, grace_ms })
      assert.deepStrictEqual(yield* show(20, 9_000), first)
      assert.strictEqual((yield* show(21, hour))._tag, "Reused")
    })
  )

  test(
    "a mitra's sign-in ends after 90 days, however often it is renewed",
    Effect.gen(function*() {
      const port = yield* SignIns
      yield* port.open(session(1), several)
      const late = { ...next(2), expires_at: t0 + 3_000 * hour }
      const rotation = yield* port.rotate({ refresh_hash: "hash-1", next: late, now: t0 + hour, grace_ms })
      assert.strictEqual(rotation._tag === "Rotated" ? rotation.session.expires_at : 0, t0 + 90 * 24 * hour)
    })
  )

  test(
    "a row of another family is not noted as used",
    Effect.gen(function*() {
      const port = yield* SignIns
      yield* port.open(session(1), several)
      yield* port.open(session(9), several)
      const again = { refresh_hash: "hash-1", next: next(2), now: t0, grace_ms }
      yield* port.rotate(again)
      assert.isTrue(yield* port.isLive(idOf(9), undefined, { id: idOf(2), at: t0 }))
      assert.strictEqual((yield* port.rotate({ ...again, next: next(3), now: t0 + hour }))._tag, "Rotated")
    })
  )
}
