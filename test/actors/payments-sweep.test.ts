// The payments sweep: what it does about webhooks that never came, when the provider says that a payment was
// paid, is open, is over, or nothing at all. Real machines over memory adapters; fake is only the provider.
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import { payments as sweep } from "../../src/actors/sweeps/payments.ts"
import { firstCheckAt } from "../../src/domain/payment.ts"
import { MemoryTables } from "../../testkit/memory/store/tables.ts"
import { Checkout, type InvoiceStatus } from "../../src/services/payments/checkout.ts"
import { Payments } from "../../src/services/payments/payments.ts"
import { Unavailable } from "../../src/services/platform/unavailable.ts"
import { idOf, minute, t0, times } from "../../testkit/conformance/given.ts"
import { customerPhone } from "../http/phone.ts"
import { given, tier } from "../http/script.ts"
import { Faults, world } from "../http/world.ts"

type Answer = InvoiceStatus | "silence" | "never"

const paid: InvoiceStatus = { _tag: "Paid", amount_idr: tier.price_idr, provider_ref: "inv-1" }
const open: InvoiceStatus = { _tag: "Open" }
const over: InvoiceStatus = { _tag: "Over" }
const silent = new Unavailable({ what: "xendit", retryable: true })

/** A provider that answers as told, a sweep that asks it, and what it asked about. */
const makeSweep = Effect.fnUntraced(function*(answer: (paymentId: string) => Answer) {
  const asked: Array<string> = []
  const check = (paymentId: string): Effect.Effect<InvoiceStatus, Unavailable> =>
    Effect.suspend(() => {
      asked.push(paymentId)
      const said = answer(paymentId)
      if (said === "never") return Effect.never
      return said === "silence" ? Effect.fail(silent) : Effect.succeed(said)
    })
  const checkout = Checkout.of({
    provider: "xendit",
    open: () => Effect.die("no order is made here"),
    close: check,
    check
  })
  const { runOnce } = yield* Effect.provideService(sweep, Checkout, checkout)
  return { asked, runOnce }
})

/** Payment `n` of a customer of its own, ordered now at a provider that keeps books. */
const ordered = Effect.fnUntraced(function*(n: number) {
  const { id } = yield* customerPhone(`Sari ${n}`)
  yield* (yield* Payments).create({
    id: idOf(n),
    customer_id: id,
    product: "chat_session",
    extends_session_id: null,
    status: "pending",
    tier_id: tier.id,
    mode: "chat",
    duration_seconds: tier.duration_seconds,
    amount_idr: tier.price_idr,
    kind: "blast",
    target_mitra_id: null,
    topic: "regular",
    provider: "xendit",
    checkout_url: "https://pay.example/1",
    next_check_at: firstCheckAt("xendit", t0),
    created_at: t0,
    expires_at: t0 + 20 * minute,
    confirmed_at: null,
    failure_cause: null
  })
})

const statusOf = (n: number) =>
  Effect.map(MemoryTables, (tables) => tables.payment_requests.get(idOf(n))?.status)
const sessions = Effect.map(MemoryTables, (tables) => [...tables.chat_sessions.values()])

describe("the payments sweep", () => {
  it.effect("begins a minute after its last pass", () =>
    Effect.gen(function*() {
      const checkout = Checkout.of({
        provider: "xendit",
        open: () => Effect.die("no order is made here"),
        close: () => Effect.succeed(open),
        check: () => Effect.succeed(open)
      })
      const { every } = yield* Effect.provideService(sweep, Checkout, checkout)
      assert.strictEqual(Duration.toSeconds(every), 60)
    }).pipe(Effect.provide(world)))
})

describe("a payment whose webhook never came", () => {
  it.effect("is found paid at the provider long before its time is over, and gets its session once", () =>
    Effect.gen(function*() {
      yield* given
      yield* ordered(1)
      const { asked, runOnce } = yield* makeSweep(() => paid)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* runOnce, { asked: 0, found: 0, expired: 0, opened: 0 })
      yield* TestClock.adjust("1 minute")
      assert.deepInclude(yield* runOnce, { asked: 1, found: 1 })
      assert.deepInclude(yield* runOnce, { asked: 0, found: 0, opened: 0 })
      assert.strictEqual(yield* statusOf(1), "confirmed")
      assert.lengthOf(yield* sessions, 1)
      assert.lengthOf(asked, 1)
    }).pipe(Effect.provide(world)))

  it.effect("is asked about ever more rarely, and expires only with the provider's last word", () =>
    Effect.gen(function*() {
      yield* given
      yield* ordered(1)
      let answer: Answer = open
      const { asked, runOnce } = yield* makeSweep(() => answer)
      for (const _ of times(20)) {
        yield* TestClock.adjust("1 minute")
        yield* runOnce
      }
      assert.lengthOf(asked, 5)
      assert.strictEqual(yield* statusOf(1), "pending", "its page can still be paid")
      answer = over
      yield* TestClock.adjust("1 minute")
      yield* runOnce
      assert.strictEqual(yield* statusOf(1), "expired")
      yield* TestClock.adjust("2 hours")
      assert.deepInclude(yield* runOnce, { asked: 0 })
    }).pipe(Effect.provide(world)))

  it.effect("waits an hour for a provider that says nothing, then expires; late money still counts", () =>
    Effect.gen(function*() {
      yield* given
      yield* ordered(1)
      const { runOnce } = yield* makeSweep(() => "silence")
      yield* TestClock.adjust("79 minutes")
      yield* runOnce
      assert.strictEqual(yield* statusOf(1), "pending")
      yield* TestClock.adjust("1 minute")
      yield* runOnce
      assert.strictEqual(yield* statusOf(1), "expired")
      const late = { payment_id: idOf(1), amount_idr: tier.price_idr, provider_ref: "r", now: t0 }
      assert.strictEqual((yield* (yield* Payments).confirm(late))._tag, "Confirmed")
    }).pipe(Effect.provide(world)))

  it.effect("with the wrong amount is recorded for staff, is not asked for ever, and expires", () =>
    Effect.gen(function*() {
      yield* given
      yield* ordered(1)
      const { asked, runOnce } = yield* makeSweep(() => ({ ...paid, amount_idr: 1 }))
      for (const _ of times(30)) {
        yield* TestClock.adjust("1 minute")
        yield* runOnce
      }
      assert.lengthOf(asked, 2)
      const row = (yield* MemoryTables).payment_requests.get(idOf(1))
      assert.deepInclude(row, { status: "expired", anomaly: "amount_mismatch", anomaly_idr: 1 })
      assert.deepStrictEqual(yield* sessions, [])
    }).pipe(Effect.provide(world)))

  it.effect("and was given up is still found when it was paid", () =>
    Effect.gen(function*() {
      yield* given
      yield* ordered(1)
      yield* (yield* Payments).abandon({ id: idOf(1) }, t0)
      const { runOnce } = yield* makeSweep(() => paid)
      yield* TestClock.adjust("2 minutes")
      assert.deepInclude(yield* runOnce, { found: 1 })
      assert.strictEqual(yield* statusOf(1), "abandoned")
      const { confirmed_at, failure_cause } = (yield* (yield* Payments).find(idOf(1))) ?? {}
      assert.deepStrictEqual([confirmed_at, failure_cause], [t0 + 120_000, "abandoned"])
      assert.lengthOf(yield* sessions, 0)
    }).pipe(Effect.provide(world)))
})

describe("a pass of the payments sweep", () => {
  it.effect("asks about all that are due; one that is silent or cannot be carried out spoils no other", () =>
    Effect.gen(function*() {
      yield* given
      for (const n of times(30)) yield* ordered(n + 1)
      const { runOnce } = yield* makeSweep((id) => id === idOf(7) ? "silence" : paid)
      yield* TestClock.adjust("2 minutes")
      assert.deepStrictEqual(yield* runOnce, { asked: 30, found: 29, expired: 0, opened: 0 })
      assert.strictEqual(yield* statusOf(7), "pending")
      assert.lengthOf(yield* sessions, 29)
    }).pipe(Effect.provide(world)))

  it.effect("opens at the next pass what it found paid but could not open", () =>
    Effect.gen(function*() {
      yield* given
      yield* ordered(1)
      const faults = yield* Faults
      const { asked, runOnce } = yield* makeSweep(() => paid)
      yield* TestClock.adjust("2 minutes")
      faults.openingIsDown = true
      yield* runOnce
      assert.strictEqual(yield* statusOf(1), "confirmed")
      assert.deepStrictEqual(yield* sessions, [])
      faults.openingIsDown = false
      assert.deepInclude(yield* runOnce, { opened: 1 })
      assert.lengthOf(asked, 1)
    }).pipe(Effect.provide(world)))

  it.effect("goes on without a provider that never answers", () =>
    Effect.gen(function*() {
      yield* given
      yield* ordered(1)
      const { runOnce } = yield* makeSweep(() => "never")
      yield* TestClock.adjust("2 minutes")
      const pass = yield* Effect.forkChild(runOnce)
      yield* TestClock.adjust("12 seconds")
      assert.deepInclude(yield* Fiber.join(pass), { asked: 1, found: 0 })
    }).pipe(Effect.provide(world)))
})
