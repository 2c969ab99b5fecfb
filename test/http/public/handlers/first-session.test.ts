// Ordering with the first session's discount and with a provider that fails: real handlers and machines over
// memory adapters, virtual time. Fake is only the provider.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import { MemoryTables } from "../../../../testkit/memory/store/tables.ts"
import {
  Checkout,
  type CheckoutOrder,
  type InvoiceStatus
} from "../../../../src/services/payments/checkout.ts"
import { Accounts } from "../../../../src/services/accounts/accounts.ts"
import { Payments } from "../../../../src/services/payments/payments.ts"
import { Settings } from "../../../../src/services/settings/settings.ts"
import { Unavailable } from "../../../../src/services/platform/unavailable.ts"
import { minute, t0 } from "../../../../testkit/conformance/given.ts"
import { customerPhone, newCommand, type Phone, refused } from "../../phone.ts"
import { given, order, tier } from "../../script.ts"
import { adapters, handlersOver } from "../../world.ts"

const off = { kind: "percent", value: 20, is_active: true } as const
const price = tier.price_idr * 0.8

/** What the provider was asked for, and what it does next. */
const makeProvider = () => ({
  opened: [] as Array<CheckoutOrder>,
  closed: [] as Array<string>,
  isDown: false,
  standing: { _tag: "Over" } as InvoiceStatus
})
let provider = makeProvider()

const down = new Unavailable({ what: "xendit", retryable: true })
const checkout = Layer.sync(Checkout)(() => {
  provider = makeProvider()
  const asked = <A>(answer: () => A) =>
    Effect.suspend(() => provider.isDown ? Effect.fail(down) : Effect.sync(answer))
  return {
    provider: "xendit",
    open: (order) =>
      Effect.andThen(
        // Long enough that two orders of one moment are both asked for before either is stored.
        Effect.yieldNow,
        asked(() => `https://pay.example/${provider.opened.push(order)}`)
      ),
    check: () => asked(() => provider.standing),
    close: (id) => asked(() => (provider.closed.push(id), provider.standing))
  }
})

const world = handlersOver(Layer.merge(adapters, checkout))

const provenCustomer = Effect.fnUntraced(function*(name: string, n: number) {
  const phone = yield* customerPhone(name)
  yield* (yield* Accounts).provePhone(phone.id, `+628130000000${n}`)
  return phone
})

const discounted = Effect.gen(function*() {
  yield* given
  const { pricing_discounts } = yield* MemoryTables
  pricing_discounts.set("first_session", { ...off, version: 1, updated_at: t0 })
  return yield* provenCustomer("Sari", 1)
})

const firstPrice = (phone: Phone) =>
  Effect.map(phone.call("customer.pricing", {}), ({ tiers }) => tiers[0]?.first_session_price_idr)

const pay = Effect.fnUntraced(function*(payment_id: string, amount_idr: number) {
  const payments = yield* Payments
  return (yield* payments.confirm({ payment_id, amount_idr, provider_ref: payment_id, now: t0 }))._tag
})

describe("the first session's discount", () => {
  it.effect("is shown in the prices, asked for at the provider, and kept on the payment", () =>
    Effect.gen(function*() {
      const sari = yield* discounted
      assert.strictEqual(yield* firstPrice(sari), price)
      const payment = yield* order(sari)
      assert.deepInclude(payment, { amount_idr: price, discount_idr: tier.price_idr - price })
      assert.deepInclude(provider.opened[0], { payment_id: payment.payment_id, amount_idr: price })
      assert.strictEqual(yield* pay(payment.payment_id, tier.price_idr), "AmountMismatch")
      assert.strictEqual(yield* pay(payment.payment_id, price), "Confirmed")
      assert.isNull(yield* firstPrice(sari))
    }).pipe(Effect.provide(world)))

  it.effect("is only for who has proven a phone, unless staff say otherwise", () =>
    Effect.gen(function*() {
      yield* discounted
      const guest = yield* customerPhone("Guest")
      assert.isNull(yield* firstPrice(guest))
      assert.strictEqual((yield* order(guest)).discount_idr, 0)
      const { settings } = yield* MemoryTables
      settings.set("first_session_discount_needs_phone", { value: false, updated_at: t0 })
      yield* (yield* Settings).refresh
      assert.strictEqual(yield* firstPrice(yield* customerPhone("Another")), price)
    }).pipe(Effect.provide(world)))

  it.effect("goes to one of many orders at once; the others pay in full, and so does the next", () =>
    Effect.gen(function*() {
      const sari = yield* discounted
      const orders = yield* Effect.all(Array.from({ length: 4 }, () => order(sari)), {
        concurrency: "unbounded"
      })
      const prices = orders.map((each) => each.amount_idr).toSorted((a, b) => a - b)
      assert.deepStrictEqual(prices, [price, ...Array.from({ length: 3 }, () => tier.price_idr)])
      for (const { amount_idr, checkout_url, payment_id } of orders) {
        const page = provider.opened[Number(checkout_url.split("/").at(-1)) - 1]
        assert.deepInclude(page, { payment_id, amount_idr }, "the page takes what the payment says")
      }
      assert.isNull(yield* firstPrice(sari))
      assert.strictEqual((yield* order(sari)).discount_idr, 0)
    }).pipe(Effect.provide(world)))

  it.effect("comes back at once when its order is given up and closed at the provider", () =>
    Effect.gen(function*() {
      const sari = yield* discounted
      const { payment_id } = yield* order(sari)
      yield* sari.call("customer.abandon_payment", { command_id: newCommand(), payment_id })
      assert.deepStrictEqual(provider.closed, [payment_id])
      assert.strictEqual((yield* order(sari)).amount_idr, price)
    }).pipe(Effect.provide(world)))

  it.effect("stays away while a given-up order may still be paid: the provider is down, or was faster", () =>
    Effect.gen(function*() {
      const sari = yield* discounted
      const { payment_id } = yield* order(sari)
      provider.standing = { _tag: "Paid", amount_idr: price, provider_ref: "r" }
      yield* sari.call("customer.abandon_payment", { command_id: newCommand(), payment_id })
      assert.isNull(yield* firstPrice(sari))
      const ani = yield* provenCustomer("Ani", 2)
      const anis = yield* order(ani)
      provider.isDown = true
      const command = { command_id: newCommand(), payment_id: anis.payment_id }
      assert.strictEqual((yield* ani.call("customer.abandon_payment", command)).status, "abandoned")
      assert.isNull(yield* firstPrice(ani))
    }).pipe(Effect.provide(world)))

  it.effect("is nothing for more time in a chat, nor when staff have switched it off", () =>
    Effect.gen(function*() {
      const sari = yield* discounted
      const { pricing_discounts } = yield* MemoryTables
      pricing_discounts.set("first_session", { ...off, is_active: false, version: 2, updated_at: t0 })
      assert.isNull(yield* firstPrice(sari))
      assert.strictEqual((yield* order(sari)).discount_idr, 0)
    }).pipe(Effect.provide(world)))
})

describe("an order the provider makes no page for", () => {
  it.effect("is refused with a time and leaves nothing; the same command succeeds later", () =>
    Effect.gen(function*() {
      yield* given
      const sari = yield* customerPhone("Sari")
      const payload = { command_id: newCommand(), tier_id: tier.id, topic: "regular" } as const
      provider.isDown = true
      assert.strictEqual(
        yield* refused(sari.call("customer.create_payment", payload)),
        "PAYMENT_PROVIDER_FAILED"
      )
      assert.strictEqual((yield* MemoryTables).payment_requests.size, 0)
      provider.isDown = false
      const payment = yield* sari.call("customer.create_payment", payload)
      assert.strictEqual(payment.checkout_url, "https://pay.example/1")
      assert.strictEqual(provider.opened[0]?.lifetime_seconds, 20 * 60)
      assert.strictEqual((yield* (yield* Payments).find(payment.payment_id))?.next_check_at, t0 + 2 * minute)
    }).pipe(Effect.provide(world)))
})

describe("customer.pending_payments", () => {
  it.effect("shows what is open, newest first, and nobody else's", () =>
    Effect.gen(function*() {
      yield* given
      const sari = yield* customerPhone("Sari")
      const first = yield* order(sari)
      yield* TestClock.adjust("1 minute")
      const second = yield* order(sari)
      const { payments } = yield* sari.call("customer.pending_payments", {})
      assert.deepStrictEqual(payments, [second, first])
      const ani = yield* customerPhone("Ani")
      assert.deepStrictEqual(yield* ani.call("customer.pending_payments", {}), { payments: [] })
    }).pipe(Effect.provide(world)))
})
