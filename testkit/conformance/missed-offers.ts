// What every Mitras adapter must do: count the offers a mitra let run out in a row, from rows that
// real machines wrote.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { Mitras } from "../../src/services/accounts/mitras.ts"
import { minute, t0 } from "./given.ts"
import {
  act,
  actAsMitra,
  asMitra,
  asCustomer,
  claim,
  givenMitras,
  givenPayment,
  mitra,
  offer,
  openState
} from "./stage.ts"
import { request, type Stage, tick } from "./stage.ts"

type Needs = Stage | Mitras
type Ending = "expired" | "declined" | "cancelled" | "taken" | "pending"

/** Request `n` was offered to mitras 1 and 2, after the one before, and ended like this for mitra 1. */
const offered = Effect.fnUntraced(function*(n: number, ending: Ending) {
  const at = t0 + n * 2 * minute
  yield* givenPayment(n, { confirmed: true })
  yield* openState(request(n, at))
  const owner = yield* claim(n)
  yield* offer(owner, at + 10, 1, 2)
  const later = { at: at + 20 }
  if (ending === "expired") yield* act(owner, tick, { at: at + minute })
  if (ending === "declined") yield* act(owner, { _tag: "Decline", by: asMitra(1) }, later)
  if (ending === "cancelled") yield* act(owner, { _tag: "Cancel", by: asCustomer(n) }, later)
  if (ending === "taken") yield* act(owner, { _tag: "Accept", by: asMitra(2) }, later)
})

const story = Effect.fnUntraced(function*(...endings: ReadonlyArray<Ending>) {
  yield* givenMitras(1, 2)
  yield* actAsMitra(1, { _tag: "GoOnline" }, t0)
  for (const [index, ending] of endings.entries()) yield* offered(index + 1, ending)
})

const inARow = (since = t0, limit = 100) =>
  Effect.flatMap(Mitras, (missed) => missed.missedInARow(mitra(1), since, limit))
const suspects = (count: number, after = t0, limit = 100) =>
  Effect.flatMap(Mitras, (missed) => missed.whoMissed({ after, count, limit }))

export const missedOffers = (adapter: string, layer: Layer.Layer<Needs>): void => {
  describe(`Mitras, missed offers (${adapter})`, () => {
    const test = (title: string, body: Effect.Effect<void, unknown, Needs>) =>
      it.live(title, () => Effect.provide(body, layer))

    test(
      "counts those that ran out since she last answered one",
      Effect.gen(function*() {
        yield* story("expired", "declined", "expired", "expired")
        assert.strictEqual(yield* inARow(), 2)
        assert.strictEqual(yield* inARow(t0, 1), 1)
      })
    )

    test(
      "counts none that somebody else ended, and none that is still open",
      Effect.gen(function*() {
        yield* story("expired", "cancelled", "taken", "expired", "pending")
        assert.strictEqual(yield* inARow(), 2)
      })
    )

    test(
      "counts none from before she came online",
      Effect.gen(function*() {
        yield* story("expired", "expired", "expired")
        assert.strictEqual(yield* inARow(t0 + 5 * minute), 1)
        assert.strictEqual(yield* inARow(t0 + 20 * minute), 0)
        yield* actAsMitra(1, { _tag: "GoOffline" }, t0 + 20 * minute)
        assert.deepStrictEqual(yield* suspects(3), [])
        yield* actAsMitra(1, { _tag: "GoOnline" }, t0 + 21 * minute)
        assert.deepStrictEqual(yield* suspects(1), [])
      })
    )

    test(
      "suspects those who are online and missed enough, the last one lately",
      Effect.gen(function*() {
        yield* story("declined", "expired", "expired")
        assert.deepStrictEqual(yield* suspects(2), [mitra(1)])
        assert.deepStrictEqual(yield* suspects(3), [])
        assert.deepStrictEqual(yield* suspects(2, t0 + 20 * minute), [])
        assert.deepStrictEqual(yield* suspects(2, t0, 0), [])
      })
    )
  })
}
