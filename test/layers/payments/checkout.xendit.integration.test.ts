// The Xendit client against a local stand-in that is slow, broken, unwilling, forgetful or gone. Real
// HTTP, real time.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { FetchHttpClient } from "effect/http"
import * as Xendit from "../../../src/layers/payments/checkout.xendit.ts"
import { Checkout } from "../../../src/services/payments/checkout.ts"
import { type Asked, type Doing, httpDouble } from "../../support/http-double.ts"

const timings = { attempt_max_ms: 300, retry_after_ms: 10, failures_before_open: 4, open_ms: 400 }
const payment_id = "018f0000-0000-7000-8000-000000000001"
const order = { payment_id, amount_idr: 10_000, description: "Halobestie: 5 minutes", lifetime_seconds: 1200 }

/** As their documentation shows it, shortened. */
const invoice = (more: object = {}) => ({
  id: "inv-1",
  external_id: payment_id,
  user_id: "u",
  status: "PENDING",
  merchant_name: "Halobestie",
  amount: 10_000,
  expiry_date: "2026-01-01T00:20:00.000Z",
  invoice_url: "https://checkout.xendit.co/web/inv-1",
  ...more
})
const made = (more: object = {}): Doing => ({ status: 200, body: invoice(more) })
const books = (...invoices: ReadonlyArray<object>): Doing => ({ status: 200, body: invoices })
const broken: Doing = { status: 500, body: { error_code: "SERVER_ERROR" } }
const unwilling: Doing = { status: 400, body: { error_code: "API_VALIDATION_ERROR" } }

type Story = (
  checkout: Checkout["Service"],
  asked: ReadonlyArray<Asked>,
  calls: () => ReadonlyArray<string>
) => Effect.Effect<void>

const layerAt = (base_url: string) =>
  Xendit.layer({
    base_url,
    secret_key: Redacted.make("xnd_secret"),
    success_redirect_url: "https://halobestie.id/paid",
    failure_redirect_url: "https://halobestie.id/unpaid",
    timings
  }).pipe(Layer.provide(FetchHttpClient.layer))

const withXendit = (decide: (asked: Asked, nth: number) => Doing, story: Story) =>
  Effect.gen(function*() {
    const { asked, url } = yield* httpDouble(decide)
    const calls = () => asked.map((one) => `${one.method} ${one.path.split("?")[0]}`)
    const told = Effect.flatMap(Checkout, (checkout) => story(checkout, asked, calls))
    return yield* Effect.provide(told, layerAt(`${url}/`))
  })

const outcome = <A>(effect: Effect.Effect<A, { readonly _tag: string }>) =>
  Effect.match(effect, { onSuccess: (value): unknown => value, onFailure: (error) => error._tag })

const url = "https://checkout.xendit.co/web/inv-1"
const post = "POST /v2/invoices"
const get = "GET /v2/invoices"

describe("making an invoice", () => {
  it.live("asks once, with our payment's id, amount, lifetime and the pages to come back to", () =>
    withXendit(() => made(), (checkout, asked) =>
      Effect.gen(function*() {
        assert.strictEqual(yield* outcome(checkout.open(order)), url)
        assert.lengthOf(asked, 1)
        assert.strictEqual(asked[0]?.headers.authorization, `Basic ${btoa("xnd_secret:")}`)
        assert.deepStrictEqual(asked[0]?.body, {
          external_id: payment_id,
          amount: 10_000,
          currency: "IDR",
          description: "Halobestie: 5 minutes",
          invoice_duration: 1200,
          success_redirect_url: "https://halobestie.id/paid",
          failure_redirect_url: "https://halobestie.id/unpaid"
        })
      })))

  it.live("finds the invoice whose answer was lost, late, broken or rubbish, and makes no second one", () =>
    Effect.forEach(
      ["silence", "hang up", broken, { status: 200, body: invoice(), after_ms: 400 }, {
        status: 200,
        body: "<html>"
      }, {
        status: 200,
        body: { id: 7 }
      }] as ReadonlyArray<Doing>,
      (lost) =>
        withXendit(
          (one) => one.method === "POST" ? lost : books(invoice()),
          (checkout, asked, calls) =>
            Effect.gen(function*() {
              assert.strictEqual(yield* outcome(checkout.open(order)), url)
              assert.deepStrictEqual(calls(), [post, get])
              assert.include(asked[1]?.path, `external_id=${payment_id}`)
            })
        )
    ))

  it.live("makes it once more when the books have none that fits: none, paid, other amounts, others'", () =>
    Effect.forEach(
      [
        books(),
        books(invoice({ status: "EXPIRED" })),
        books(invoice({ amount: 8_000 })),
        books(invoice({ external_id: "other" }))
      ],
      (found) =>
        withXendit(
          (one, nth) => one.method === "GET" ? found : nth === 1 ? broken : made(),
          (checkout, _asked, calls) =>
            Effect.gen(function*() {
              assert.strictEqual(yield* outcome(checkout.open(order)), url)
              assert.deepStrictEqual(calls(), [post, get, post])
            })
        )
    ))

  it.live("is given up in bounded time when they stay broken or silent, and at once when they say no", () =>
    Effect.gen(function*() {
      for (
        const [doing, expected] of [[broken, [post, get]], ["silence", [post, get]], [unwilling, [
          post
        ]]] as const
      ) {
        yield* withXendit(() => doing, (checkout, _asked, calls) =>
          Effect.gen(function*() {
            const began = performance.now()
            assert.strictEqual(yield* outcome(checkout.open(order)), "Unavailable")
            assert.isBelow(performance.now() - began, 3 * timings.attempt_max_ms)
            assert.deepStrictEqual(calls(), [...expected])
          }))
      }
      const gone = yield* Effect.scoped(httpDouble(() => made()))
      const nobody = Effect.flatMap(Checkout, (checkout) => checkout.open(order))
      assert.strictEqual(yield* outcome(Effect.provide(nobody, layerAt(gone.url))), "Unavailable")
    }))

  it.live("takes no page that is no web address", () =>
    withXendit(
      (one) => one.method === "POST" ? made({ invoice_url: "javascript:alert(1)" }) : books(),
      (checkout) =>
        Effect.gen(function*() {
          assert.strictEqual(yield* outcome(checkout.open(order)), "Unavailable")
        })
    ))
})

describe("reading the books", () => {
  it.live("tells paid from payable from over, whichever of two invoices it is", () =>
    Effect.forEach(
      [
        [books(invoice({ status: "PAID", paid_amount: 9_000 })), {
          _tag: "Paid",
          amount_idr: 9_000,
          provider_ref: "inv-1"
        }],
        [
          books(
            invoice({ status: "EXPIRED", id: "inv-0" }),
            invoice({ status: "SETTLED", paid_amount: null })
          ),
          {
            _tag: "Paid",
            amount_idr: 10_000,
            provider_ref: "inv-1"
          }
        ],
        [books(invoice({ status: "PAID", currency: "PHP" })), {
          _tag: "Paid",
          amount_idr: 0,
          provider_ref: "inv-1"
        }],
        [books(invoice({ status: "EXPIRED" }), invoice()), { _tag: "Open" }],
        [books(invoice({ status: "EXPIRED" })), { _tag: "Over" }],
        [books(invoice({ status: "PAID", external_id: "other" })), { _tag: "Over" }],
        [books(), { _tag: "Over" }],
        [{ status: 200, body: { not: "a list" } }, "Unavailable"],
        [{ status: 401, body: {} }, "Unavailable"],
        ["silence", "Unavailable"]
      ] as ReadonlyArray<readonly [Doing, unknown]>,
      ([doing, expected]) =>
        withXendit(() => doing, (checkout) =>
          Effect.gen(function*() {
            assert.deepStrictEqual(yield* outcome(checkout.check(payment_id)), expected)
          }))
    ))

  it.live("closes what can still be paid, and says so when money was faster", () =>
    Effect.gen(function*() {
      yield* withXendit(
        (one) => one.method === "GET" ? books(invoice()) : made({ status: "EXPIRED" }),
        (checkout, _asked, calls) =>
          Effect.gen(function*() {
            assert.deepStrictEqual(yield* outcome(checkout.close(payment_id)), { _tag: "Over" })
            assert.deepStrictEqual(calls(), [get, "POST /invoices/inv-1/expire!"])
          })
      )
      yield* withXendit(() => books(invoice({ status: "PAID" })), (checkout, _asked, calls) =>
        Effect.gen(function*() {
          assert.deepInclude(yield* outcome(checkout.close(payment_id)), { _tag: "Paid" })
          assert.deepStrictEqual(calls(), [get])
        }))
    }))
})

describe("the breaker", () => {
  it.live("stops asking a provider that keeps failing, and asks again after a while", () => {
    let isWell = false
    return withXendit(() => isWell ? books() : broken, (checkout, _asked, calls) =>
      Effect.gen(function*() {
        for (let n = 0; n < timings.failures_before_open; n++) yield* outcome(checkout.check(payment_id))
        const before = calls().length
        assert.strictEqual(yield* outcome(checkout.check(payment_id)), "Unavailable")
        assert.lengthOf(calls(), before, "it is not even asked")
        isWell = true
        yield* Effect.sleep(timings.open_ms + 50)
        assert.deepStrictEqual(yield* outcome(checkout.check(payment_id)), { _tag: "Over" })
      }))
  })

  it.live("does not open because single orders are refused", () =>
    withXendit(() => unwilling, (checkout, _asked, calls) =>
      Effect.gen(function*() {
        for (let n = 0; n < timings.failures_before_open + 2; n++) yield* outcome(checkout.open(order))
        assert.lengthOf(calls(), timings.failures_before_open + 2)
      })))
})
