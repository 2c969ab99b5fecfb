// Xendit's webhook: its statuses in any order and number, its two tokens, and what it says that we did not
// ask for. The real route, machines and memory adapters; no socket; virtual time.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { layerXendit, xenditPath } from "../../../src/http/public/webhooks.ts"
import { MemoryTables } from "../../../testkit/memory/store/tables.ts"
import { idOf } from "../../../testkit/conformance/given.ts"
import { customerPhone } from "../phone.ts"
import { given, order, tier } from "../script.ts"
import { world } from "../world.ts"

const tokens = ["the-old-callback-token", "the-new-callback-token"]

const makeProvider = Effect.gen(function*() {
  const app = yield* HttpRouter.toHttpEffect(layerXendit({ tokens: Redacted.make(tokens.join(",")) }))
  const scope = yield* Effect.scope
  return Effect.fnUntraced(function*(body: unknown, token = tokens[0] ?? "") {
    const request = new Request(`http://localhost${xenditPath}`, {
      method: "POST",
      headers: { "x-callback-token": token },
      body: typeof body === "string" ? body : JSON.stringify(body)
    })
    const response = yield* app.pipe(
      Effect.provideService(HttpServerRequest.HttpServerRequest, HttpServerRequest.fromWeb(request)),
      Effect.provideService(Scope.Scope, scope)
    )
    const web = HttpServerResponse.toWeb(response)
    const json = yield* Effect.promise(() => web.json() as Promise<{ readonly result?: string }>)
    return [web.status, json.result]
  })
})

/** As their documentation shows it, shortened. */
const callback = (external_id: string, status: string, more: object = {}) => ({
  id: "inv-1",
  external_id,
  user_id: "u",
  is_high: false,
  status,
  merchant_name: "Halobestie",
  amount: tier.price_idr,
  ...(status === "EXPIRED" ? {} : { paid_amount: tier.price_idr, payment_channel: "BCA" }),
  currency: "IDR",
  ...more
})

const sessions = Effect.map(MemoryTables, (tables) => [...tables.chat_sessions.values()])
const payment = Effect.map(MemoryTables, (tables) => [...tables.payment_requests.values()][0])

const ordered = Effect.gen(function*() {
  yield* given
  const provider = yield* makeProvider
  const { payment_id } = yield* order(yield* customerPhone("Sari"))
  return { provider, payment_id }
})

describe("Xendit's word", () => {
  for (
    const words of [
      ["PAID"],
      ["SETTLED"],
      ["PAID", "SETTLED", "PAID"],
      ["SETTLED", "PAID"],
      ["EXPIRED", "PAID", "EXPIRED"],
      ["PENDING", "SOMETHING_NEW", "PAID"]
    ]
  ) {
    it.effect(`${words.join(", ")} opens one session`, () =>
      Effect.gen(function*() {
        const { payment_id, provider } = yield* ordered
        for (const word of words) {
          const expected = word === "PAID" || word === "SETTLED" ? "accepted" : "ignored"
          assert.deepStrictEqual(yield* provider(callback(payment_id, word)), [200, expected], word)
        }
        assert.lengthOf(yield* sessions, 1)
        assert.deepInclude(yield* payment, { status: "confirmed", provider_ref: "inv-1", anomaly: null })
      }).pipe(Effect.scoped, Effect.provide(world)))
  }

  it.effect("that is no payment opens nothing: expired, unknown statuses, unknown payments", () =>
    Effect.gen(function*() {
      const { payment_id, provider } = yield* ordered
      for (
        const body of [
          callback(payment_id, "EXPIRED"),
          callback(payment_id, "paid"),
          callback(payment_id, ""),
          callback(idOf(0x999), "PAID"),
          callback("demo_147580196270", "PAID")
        ]
      ) assert.deepStrictEqual(yield* provider(body), [200, "ignored"], JSON.stringify(body))
      assert.deepStrictEqual(yield* sessions, [])
      assert.deepInclude(yield* payment, { status: "pending", anomaly: null })
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("of another amount is recorded on the payment and confirms nothing; what was paid counts", () =>
    Effect.gen(function*() {
      const { payment_id, provider } = yield* ordered
      const less = callback(payment_id, "PAID", { paid_amount: 1, id: "inv-0" })
      assert.deepStrictEqual(yield* provider(less), [200, "amount_mismatch"])
      assert.deepStrictEqual(yield* provider({ ...less, paid_amount: tier.price_idr + 0.5 }), [
        200,
        "amount_mismatch"
      ])
      assert.deepInclude(yield* payment, {
        status: "pending",
        anomaly: "amount_mismatch",
        anomaly_idr: 1,
        anomaly_ref: "inv-0"
      })
      assert.deepStrictEqual(yield* sessions, [])
      const { paid_amount: _, ...without } = callback(payment_id, "PAID") as { readonly paid_amount?: number }
      assert.deepStrictEqual(yield* provider(without), [200, "accepted"])
      assert.lengthOf(yield* sessions, 1)
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("of a second invoice for a paid payment is recorded for staff and opens no second session", () =>
    Effect.gen(function*() {
      const { payment_id, provider } = yield* ordered
      yield* provider(callback(payment_id, "PAID"))
      const second = callback(payment_id, "PAID", { id: "inv-2" })
      assert.deepStrictEqual(yield* provider(second), [200, "paid_twice"])
      assert.deepInclude(yield* payment, {
        anomaly: "paid_twice",
        anomaly_ref: "inv-2",
        provider_ref: "inv-1"
      })
      assert.lengthOf(yield* sessions, 1)
    }).pipe(Effect.scoped, Effect.provide(world)))
})

describe("Xendit's call", () => {
  it.effect("is accepted with either of two tokens and no other, and is kept whatever is in it", () =>
    Effect.gen(function*() {
      const { payment_id, provider } = yield* ordered
      for (const token of tokens) {
        assert.deepStrictEqual(yield* provider(callback(payment_id, "EXPIRED"), token), [200, "ignored"])
      }
      for (const token of ["", "wrong", tokens.join(",")]) {
        assert.deepStrictEqual(yield* provider(callback(payment_id, "PAID"), token), [401, undefined])
      }
      const malformed = [
        "",
        "{",
        "[]",
        "{}",
        JSON.stringify({ ...callback(payment_id, "PAID"), amount: "1" })
      ]
      for (const body of malformed) assert.deepStrictEqual(yield* provider(body), [400, undefined], body)
      assert.deepStrictEqual(yield* provider("x".repeat(64 * 1024 + 1)), [413, undefined])
      const kept = [...(yield* MemoryTables).webhook_logs.values()]
      assert.lengthOf(kept, tokens.length + malformed.length + 1)
      assert.isTrue(kept.every((call) => call.provider === "xendit"))
      for (const token of tokens) assert.notInclude(JSON.stringify(kept), token)
      assert.deepStrictEqual(yield* sessions, [])
    }).pipe(Effect.scoped, Effect.provide(world)))
})
