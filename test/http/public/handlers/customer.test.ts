// What customers ask: prices, payments once per command id, the beacon, their request. Real handlers
// and machines over memory adapters, virtual time.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import { TryAgain } from "../../../../src/contract/errors.ts"
import { instant } from "../../../../src/contract/fields.ts"
import { paymentIdFor } from "../../../../src/http/public/handlers/payment-orders.ts"
import { snapshotLifetimeMs } from "../../../../src/layers/availability/beacon.ts"
import { Overload } from "../../../../src/services/platform/overload.ts"
import { MemoryTables } from "../../../../testkit/memory/store/tables.ts"
import { idOf, minute, t0 } from "../../../../testkit/conformance/given.ts"
import { customerPhone, newCommand, newPhone, refused } from "../../phone.ts"
import { chat, confirm, given, onlineMitra, order, request, say, tier } from "../../script.ts"
import { Faults, world } from "../../world.ts"

describe("customer.pricing", () => {
  it.effect("lists what is on sale", () =>
    Effect.gen(function*() {
      yield* given
      const sari = yield* customerPhone("Sari")
      const { tiers } = yield* sari.call("customer.pricing", {})
      assert.deepStrictEqual(tiers, [{
        tier_id: "chat-5",
        label: "5 minutes",
        mode: "chat",
        duration_seconds: 300,
        price_idr: 10_000,
        first_session_price_idr: null
      }])
    }).pipe(Effect.provide(world)))
})

/** A runner that has more to do than it can, once `now` is set. */
const burdened = () => {
  const load = { now: false }
  const overload = Layer.succeed(Overload)({ isTooMuch: () => load.now })
  return { load, world: Layer.provide(world, overload) }
}

describe("a runner that has more to do than it can", () => {
  const { load, world } = burdened()
  it.effect("puts off sign-ups, codes and orders; what is paid and chats go on", () =>
    Effect.gen(function*() {
      yield* given
      const { sari, session_id } = yield* chat
      const rina = yield* customerPhone("Rina")
      const paid = yield* order(rina)
      load.now = true
      const stranger = yield* newPhone
      const later = yield* Effect.all([
        Effect.flip(stranger.call("auth.sign_in_anonymous", { call_name: "Dewi" })),
        Effect.flip(stranger.call("auth.request_code", { phone: "+628120000001", user_type: "customer" })),
        Effect.flip(order(rina))
      ])
      for (const answer of later) {
        assert.instanceOf(answer, TryAgain)
        assert.isTrue(answer.retry_after_ms >= 5_000 && answer.retry_after_ms <= 10_000)
      }
      yield* confirm(paid.payment_id)
      yield* say(sari, session_id, "still there?")
      assert.strictEqual(
        (yield* rina.call("customer.payment_status", { payment_id: paid.payment_id })).status,
        "confirmed"
      )
      load.now = false
      yield* stranger.call("auth.sign_in_anonymous", { call_name: "Dewi" })
    }).pipe(Effect.provide(world)))
})

describe("customer.create_payment", () => {
  it.effect("makes a pending payment that expires by the setting", () =>
    Effect.gen(function*() {
      yield* given
      const sari = yield* customerPhone("Sari")
      const payment = yield* order(sari)
      assert.deepStrictEqual(payment, {
        payment_id: payment.payment_id,
        product: "chat_session",
        status: "pending",
        amount_idr: tier.price_idr,
        duration_seconds: tier.duration_seconds,
        discount_idr: 0,
        checkout_url: `builtin:${payment.payment_id}`,
        created_at: instant(t0),
        expires_at: instant(t0 + 20 * minute),
        session_id: null,
        failure_cause: null
      })
    }).pipe(Effect.provide(world)))

  it.effect("repeated with its command id gives the same payment, also at the same moment", () =>
    Effect.gen(function*() {
      yield* given
      const sari = yield* customerPhone("Sari")
      const payload = { command_id: newCommand(), tier_id: tier.id, topic: "regular" } as const
      const all = yield* Effect.all(
        Array.from({ length: 10 }, () => sari.call("customer.create_payment", payload)),
        {
          concurrency: "unbounded"
        }
      )
      assert.strictEqual(new Set(all.map((one) => one.payment_id)).size, 1)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* sari.call("customer.create_payment", payload), all[0])
      assert.strictEqual((yield* MemoryTables).payment_requests.size, 1)
      const another = yield* sari.call("customer.create_payment", { ...payload, command_id: newCommand() })
      assert.notStrictEqual(another.payment_id, all[0]?.payment_id)
    }).pipe(Effect.provide(world)))

  it.effect("repeated after it became a chat gives that payment, not ALREADY_ACTIVE", () =>
    Effect.gen(function*() {
      yield* given
      const sari = yield* customerPhone("Sari")
      const payload = { command_id: newCommand(), tier_id: tier.id, topic: "regular" } as const
      const { payment_id } = yield* sari.call("customer.create_payment", payload)
      const session_id = yield* confirm(payment_id)
      const again = yield* sari.call("customer.create_payment", payload)
      assert.deepInclude(again, { payment_id, status: "confirmed", session_id })
    }).pipe(Effect.provide(world)))

  it.effect("names different payments for different customers with one command id", () =>
    Effect.sync(() => {
      const [one, other] = [paymentIdFor(idOf(1), "same-command"), paymentIdFor(idOf(2), "same-command")]
      assert.notStrictEqual(one, other)
      for (const id of [one, other]) {
        assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      }
    }))

  it.effect("is refused for a tier that is unknown or not on sale any more", () =>
    Effect.gen(function*() {
      yield* given
      const sari = yield* customerPhone("Sari")
      for (const tier_id of ["nothing", "chat-old"]) {
        const attempt = sari.call("customer.create_payment", {
          command_id: newCommand(),
          tier_id,
          topic: "regular"
        })
        assert.strictEqual(yield* refused(attempt), "TIER_NOT_FOUND")
      }
    }).pipe(Effect.provide(world)))

  it.effect("is refused while a request or a chat is open, and possible again while it is closing", () =>
    Effect.gen(function*() {
      yield* given
      const budi = yield* customerPhone("Budi")
      yield* request(budi)
      assert.strictEqual(yield* refused(order(budi)), "ALREADY_ACTIVE")
      const { sari, session_id } = yield* chat
      const refusal = yield* Effect.flip(order(sari))
      assert.deepInclude(refusal, { code: "ALREADY_ACTIVE", details: { session_id } })
      yield* sari.call("chat.end", { command_id: newCommand(), session_id })
      yield* order(sari)
    }).pipe(Effect.provide(world)))
})

describe("customer.payment_status", () => {
  it.effect("follows the payment to its session, also after that is over", () =>
    Effect.gen(function*() {
      yield* given
      const { payment_id, sari, session_id } = yield* chat
      const status = () => sari.call("customer.payment_status", { payment_id })
      assert.deepInclude(yield* status(), { status: "consumed", session_id })
      yield* sari.call("chat.end", { command_id: newCommand(), session_id })
      yield* sari.call("chat.goodbye", { command_id: newCommand(), session_id, text: "Makasih" })
      assert.deepInclude(yield* status(), { status: "consumed", session_id })
    }).pipe(Effect.provide(world)))

  it.effect("is not found for an id that never was", () =>
    Effect.gen(function*() {
      const sari = yield* customerPhone("Sari")
      const attempt = sari.call("customer.payment_status", { payment_id: idOf(1) })
      assert.strictEqual(yield* refused(attempt), "PAYMENT_NOT_FOUND")
    }).pipe(Effect.provide(world)))
})

describe("customer.availability", () => {
  it.effect("counts fresh mitras as the beacon last saw them", () =>
    Effect.gen(function*() {
      yield* given
      const sari = yield* customerPhone("Sari")
      const beacon = () => sari.call("customer.availability", {})
      assert.deepStrictEqual(yield* beacon(), { available: false, count: 0 })
      yield* onlineMitra(1)
      yield* onlineMitra(2)
      yield* TestClock.adjust(snapshotLifetimeMs)
      assert.deepStrictEqual(yield* beacon(), { available: true, count: 2 })
      yield* TestClock.adjust("45 seconds")
      assert.deepStrictEqual(yield* beacon(), { available: false, count: 0 })
    }).pipe(Effect.provide(world)))
})

describe("customer.cancel", () => {
  it.effect("ends the search, tells the same again when repeated, and frees the customer", () =>
    Effect.gen(function*() {
      yield* given
      const ayu = yield* onlineMitra(1)
      const sari = yield* customerPhone("Sari")
      const { payment_id, session_id } = yield* request(sari)
      const command = { command_id: newCommand(), session_id }
      const cancelled = yield* sari.call("customer.cancel", command)
      assert.deepInclude(cancelled, { status: "cancelled", payment_id, ended_by: "customer" })
      assert.deepStrictEqual(yield* sari.call("customer.cancel", command), cancelled)
      const late = ayu.call("mitra.accept", { command_id: newCommand(), session_id })
      assert.strictEqual(yield* refused(late), "OFFER_CANCELLED")
      yield* order(sari)
    }).pipe(Effect.provide(world)))

  it.effect("is refused once a mitra has accepted", () =>
    Effect.gen(function*() {
      yield* given
      const { sari, session_id } = yield* chat
      const attempt = sari.call("customer.cancel", { command_id: newCommand(), session_id })
      assert.strictEqual(yield* refused(attempt), "REQUEST_NOT_OPEN")
    }).pipe(Effect.provide(world)))
})

describe("an outage", () => {
  it.effect("is answered with try again, a time, and no word about what failed", () =>
    Effect.gen(function*() {
      yield* given
      const { sari, session_id } = yield* chat
      const faults = yield* Faults
      faults.sessionsAreDown = true
      const error = yield* Effect.flip(sari.call("customer.request_status", { session_id }))
      assert.strictEqual(error._tag, "TryAgain")
      assert.isTrue(error._tag === "TryAgain" && error.retry_after_ms >= 500 && error.retry_after_ms <= 1000)
      assert.notInclude(JSON.stringify(error), "postgres")
      faults.sessionsAreDown = false
      assert.strictEqual((yield* sari.call("customer.request_status", { session_id })).status, "active")
    }).pipe(Effect.provide(world)))
})
