// What a provider's notice says of money: how much, and in which currency.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { readNotice } from "../../../src/http/public/webhook-notices.ts"

const notice = (more: object) =>
  readNotice.xendit(
    JSON.stringify({ external_id: "p", status: "PAID", amount: 10_000, id: "inv-1", ...more })
  )

describe("a notice of Xendit", () => {
  it.effect.each([
    { more: {}, rupiah: 10_000 },
    { more: { paid_amount: 9_000 }, rupiah: 9_000 },
    { more: { currency: "IDR" }, rupiah: 10_000 },
    { more: { currency: null }, rupiah: 10_000 }
  ])(
    "with $more means $rupiah rupiah",
    ({ more, rupiah }) => Effect.map(notice(more), ({ amount_idr }) => assert.strictEqual(amount_idr, rupiah))
  )

  it.effect.each(["PHP", "USD", "idr", ""])(
    "in %s means none, so that it confirms nothing",
    (currency) =>
      Effect.map(
        notice({ currency }),
        ({ amount_idr, is_paid }) => assert.deepStrictEqual([is_paid, amount_idr], [true, 0])
      )
  )
})
