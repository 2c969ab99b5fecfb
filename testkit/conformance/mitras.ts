// What every Mitras adapter must do: hand out epochs, and read one mitra as her rows say.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { neverOnline } from "../../src/domain/mitra.ts"
import { Mitras } from "../../src/services/accounts/mitras.ts"
import type { Accounts } from "../../src/services/accounts/accounts.ts"
import { Payments } from "../../src/services/payments/payments.ts"
import { atOnce, givenMitra, idOf, minute, mitraId, t0, times } from "./given.ts"
import { givenTier, payment } from "./given-payments.ts"
import { Rows } from "./rows.ts"
import type { Pricing } from "../../src/services/payments/pricing.ts"
import type { Staff } from "../../src/services/accounts/staff.ts"

type Needs = Mitras | Accounts | Payments | Rows | Pricing | Staff

const fresh = { id: mitraId, display_name: "Bestie 1", is_active: true, ...neverOnline }

/** Slots point at sessions, and sessions at a payment. */
const givenSession = Effect.fnUntraced(function*(n: number) {
  yield* givenTier
  yield* (yield* Payments).create(payment(0x200 + n))
  yield* (yield* Rows).session({ id: idOf(n), payment_id: idOf(0x200 + n), status: "expired" })
})

type Test = (title: string, body: Effect.Effect<void, unknown, Needs>) => void

export const mitras = (name: string, layer: Layer.Layer<Needs>) =>
  describe(`Mitras (${name})`, () => {
    const test: Test = (title, body) =>
      it.live(title, () => Effect.andThen(givenMitra, body).pipe(Effect.provide(layer)))

    ownership(test)
    reading(test)
  })

const ownership = (test: Test) => {
  test(
    "each claim takes the next epoch for its runner and loads the mitra",
    Effect.gen(function*() {
      const port = yield* Mitras
      assert.deepStrictEqual(yield* port.claim(mitraId, "runner-a"), { epoch: 1, state: fresh })
      yield* (yield* Rows).setMitra(mitraId, { is_active: false, online_since: t0 })
      assert.deepStrictEqual(yield* port.claim(mitraId, "runner-b"), {
        epoch: 2,
        state: { ...fresh, is_active: false, is_online: true, online_since: t0 }
      })
      assert.deepStrictEqual(yield* port.ownerOf(mitraId), { runner: "runner-b", epoch: 2 })
    })
  )

  test(
    "an unknown mitra cannot be claimed or found",
    Effect.gen(function*() {
      const port = yield* Mitras
      assert.isNull(yield* port.claim(idOf(9), "runner-a"))
      assert.isNull(yield* port.find(idOf(9)))
      assert.isNull(yield* port.ownerOf(idOf(9)))
      assert.deepStrictEqual(yield* port.slotsOf(idOf(9)), [])
      assert.deepStrictEqual(yield* port.onlineLog(idOf(9), 5), [])
    })
  )

  test(
    "claims at once each get an epoch of their own, and the highest one owns",
    Effect.gen(function*() {
      const port = yield* Mitras
      const claims = yield* atOnce(times(12).map((n) => port.claim(mitraId, `runner-${n}`)))
      const epochs = claims.map((claim) => claim?.epoch ?? 0)
      assert.deepStrictEqual(epochs.toSorted((a, b) => a - b), times(12).map((n) => n + 1))
      assert.deepStrictEqual(yield* port.ownerOf(mitraId), {
        runner: `runner-${epochs.indexOf(12)}`,
        epoch: 12
      })
    })
  )
}

const reading = (test: Test) => {
  test(
    "finding a mitra takes nothing from her owner",
    Effect.gen(function*() {
      const port = yield* Mitras
      yield* port.claim(mitraId, "runner-a")
      assert.deepStrictEqual(yield* port.find(mitraId), fresh)
      assert.deepStrictEqual(yield* port.ownerOf(mitraId), { runner: "runner-a", epoch: 1 })
    })
  )

  test(
    "slots in use come in order, with the session that holds each",
    Effect.gen(function*() {
      const rows = yield* Rows
      yield* givenSession(1)
      yield* givenSession(2)
      yield* rows.slot(mitraId, 2, idOf(1))
      yield* rows.slot(mitraId, 0, idOf(2))
      assert.deepStrictEqual(yield* (yield* Mitras).slotsOf(mitraId), [
        { slot: 0, session_id: idOf(2) },
        { slot: 2, session_id: idOf(1) }
      ])
    })
  )

  test(
    "the online log comes newest first, so many at most",
    Effect.gen(function*() {
      const rows = yield* Rows
      const log = [
        { is_online: true, cause: "toggle", at: t0 },
        { is_online: false, cause: "stale_heartbeat", at: t0 + minute },
        { is_online: true, cause: "toggle", at: t0 + minute }
      ] as const
      for (const each of log) yield* rows.onlineLog(mitraId, each)
      const port = yield* Mitras
      assert.deepStrictEqual(yield* port.onlineLog(mitraId, 10), log.toReversed())
      assert.deepStrictEqual(yield* port.onlineLog(mitraId, 1), [log[2]])
    })
  )
}
