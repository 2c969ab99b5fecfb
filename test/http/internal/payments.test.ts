// The money calls of the control center: prices, open payments, failures and decisions; each write behind the
// gate and in the audit log. Real handlers and machines over memory adapters.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import { AdminPaymentRpcs } from "../../../src/contract/staff/payments.ts"
import { isAllowed, roles } from "../../../src/domain/staff.ts"
import * as PaymentHandlers from "../../../src/http/internal/payments.ts"
import * as Permissions from "../../../src/http/internal/permissions.ts"
import { Accounts } from "../../../src/services/accounts/accounts.ts"
import { Staff } from "../../../src/services/accounts/staff.ts"
import { Payments } from "../../../src/services/payments/payments.ts"
import { idOf, t0 } from "../../../testkit/conformance/given.ts"
import { customerPhone, newCommand, refused } from "../phone.ts"
import { confirm, given, onlineMitra, order, request, tier } from "../script.ts"
import { world } from "../world.ts"
import { colleagueOf, seatAt } from "./staff-desk.ts"

const gated = AdminPaymentRpcs.middleware(Permissions.PermissionGate)
const desk = Layer.merge(PaymentHandlers.layer, Permissions.layer).pipe(
  Layer.provideMerge(world)
)

const colleague = colleagueOf(gated)
const operator = Effect.andThen(given, colleague(1, "operator"))

const five = {
  tier_id: "chat-5",
  label: "5 minutes",
  mode: "chat",
  duration_seconds: 300,
  price_idr: 12_000,
  is_active: true
}

/** A request that no mitra accepted in time: its payment waits for another try. */
const failed = Effect.gen(function*() {
  const sari = yield* customerPhone("Sari")
  const { payment_id, session_id } = yield* request(sari)
  yield* TestClock.adjust("61 seconds")
  // The clock alone moves no actor here: the next command notices.
  yield* Effect.exit(sari.call("customer.cancel", { command_id: newCommand(), session_id }))
  return { sari, payment_id, session_id }
})

const logged = Effect.map(
  Effect.flatMap(Staff, (port) => port.auditPage({ before: null, limit: 50 })),
  (entries) => entries.map(({ action, staff_id, target_id }) => [action, staff_id, target_id])
)

describe("prices", () => {
  it.effect("are changed from the version that was looked at, and every change stays in the history", () =>
    Effect.gen(function*() {
      const me = yield* operator
      const before = yield* me.call("admin.pricing")
      assert.deepInclude(before.tiers[0], { tier_id: "chat-5", version: 1, price_idr: tier.price_idr })
      assert.isNull(before.first_session_discount)
      const changed = yield* me.call("admin.tier_put", { ...five, version: 1 })
      assert.deepInclude(changed, { price_idr: 12_000, version: 2 })
      const late = yield* colleague(2, "admin")
      assert.strictEqual(yield* refused(late.call("admin.tier_put", { ...five, version: 1 })), "STALE_WRITE")
      const off = me.call("admin.tier_deactivate", { tier_id: "chat-5", version: 1 })
      assert.strictEqual(yield* refused(off), "STALE_WRITE")
      assert.isFalse((yield* late.call("admin.tier_deactivate", { tier_id: "chat-5", version: 2 })).is_active)
      const nothing = me.call("admin.tier_deactivate", { tier_id: "chat-99", version: 0 })
      assert.strictEqual(yield* refused(nothing), "TIER_NOT_FOUND")
      const { changes } = yield* me.call("admin.pricing_history", { before: null, limit: 2 })
      assert.deepStrictEqual(
        changes.map((one: Record<string, unknown>) => [one["subject_id"], one["version"], one["staff_id"]]),
        [["chat-5", 3, late.id], ["chat-5", 2, me.id]]
      )
      assert.deepStrictEqual((yield* logged).toSorted(), [
        ["tier.deactivate", late.id, "chat-5"],
        ["tier.put", me.id, "chat-5"]
      ])
      const sari = yield* customerPhone("Sari")
      assert.strictEqual(yield* refused(order(sari)), "TIER_NOT_FOUND")
    }).pipe(Effect.provide(desk)))

  it.effect("have a discount for first sessions that customers see at once", () =>
    Effect.gen(function*() {
      const me = yield* operator
      const half = { kind: "percent", value: 50, is_active: true, version: 0 }
      assert.strictEqual(
        yield* refused(me.call("admin.discount_put", { ...half, value: 100 })),
        "BAD_REQUEST"
      )
      assert.deepInclude(yield* me.call("admin.discount_put", half), { value: 50, version: 1 })
      const sari = yield* customerPhone("Sari")
      yield* (yield* Accounts).provePhone(sari.id, "+6281300000001")
      const { tiers } = yield* sari.call("customer.pricing", {})
      assert.strictEqual(tiers[0]?.first_session_price_idr, 5_000)
      assert.strictEqual((yield* order(sari)).amount_idr, 5_000)
      assert.strictEqual(yield* refused(me.call("admin.discount_put", half)), "STALE_WRITE")
    }).pipe(Effect.provide(desk)))
})

describe("open payments", () => {
  it.effect("are listed by page with their customer, provider and session", () =>
    Effect.gen(function*() {
      const me = yield* operator
      const [sari, ani] = [yield* customerPhone("Sari"), yield* customerPhone("Ani")]
      const first = yield* order(sari)
      yield* TestClock.adjust("1 second")
      const second = yield* order(ani)
      const session_id = yield* confirm(first.payment_id)
      const page = yield* me.call("admin.pending_payments", { before: null, limit: 1 })
      assert.deepInclude(page.payments[0], {
        payment_id: second.payment_id,
        customer_name: "Ani",
        status: "pending"
      })
      const next = yield* me.call("admin.pending_payments", { before: page.next, limit: 1 })
      assert.deepInclude(next.payments[0], {
        payment_id: first.payment_id,
        status: "confirmed",
        session_id,
        provider: "builtin",
        provider_ref: "ref"
      })
      assert.isNull(next.next)
      const bad = me.call("admin.pending_payments", { before: "yesterday", limit: 1 })
      assert.strictEqual(yield* refused(bad), "BAD_REQUEST")
    }).pipe(Effect.provide(desk)))
})

describe("a failed pairing", () => {
  it.effect("is listed with its cause and retried once per command, by the first of two colleagues", () =>
    Effect.gen(function*() {
      const me = yield* operator
      const { payment_id, session_id } = yield* failed
      const { payments } = yield* me.call("admin.failed_pairings", { before: null, limit: 10 })
      assert.deepInclude(payments[0], { payment_id, status: "confirmed", session_id, anomaly: null })
      assert.isNotNull(payments[0].failure_cause)
      yield* onlineMitra(1)
      const command = { command_id: newCommand(), payment_id }
      const retried = yield* me.call("admin.payment_retry", command)
      assert.notStrictEqual(retried.session_id, session_id)
      assert.strictEqual((yield* me.call("admin.payment_retry", command)).session_id, retried.session_id)
      const other = yield* colleague(2, "admin")
      const second = yield* other.call("admin.payment_retry", { command_id: newCommand(), payment_id })
      assert.strictEqual(second.session_id, retried.session_id)
      assert.deepStrictEqual(yield* logged, [["payment.retry", me.id, payment_id]])
      const refund = me.call("admin.payment_set_refunded", { payment_id, note: "by transfer" })
      assert.strictEqual(yield* refused(refund), "ALREADY_ACTIVE")
    }).pipe(Effect.provide(desk)))

  it.effect("that was refunded is off the list and opens no request any more, for staff or customer", () =>
    Effect.gen(function*() {
      const me = yield* operator
      const { payment_id, sari } = yield* failed
      const refunded = yield* me.call("admin.payment_set_refunded", { payment_id, note: "by transfer" })
      assert.deepInclude(refunded, { status: "failed_pairing" })
      assert.deepInclude(refunded.resolution, { kind: "refunded", note: "by transfer", staff_id: me.id })
      assert.deepStrictEqual(
        (yield* me.call("admin.failed_pairings", { before: null, limit: 10 })).payments,
        []
      )
      const command = () => ({ command_id: newCommand(), payment_id })
      assert.strictEqual(yield* refused(me.call("admin.payment_retry", command())), "PAYMENT_NOT_PENDING")
      assert.strictEqual(
        yield* refused(sari.call("customer.retry_request", command())),
        "PAYMENT_NOT_PENDING"
      )
      const other = yield* colleague(2, "admin")
      const late = other.call("admin.payment_dismiss", { payment_id, note: "no reason" })
      assert.strictEqual(yield* refused(late), "ALREADY_RESOLVED")
      assert.deepStrictEqual(yield* logged, [["payment.refunded", me.id, payment_id]])
    }).pipe(Effect.provide(desk)))

  it.effect("cannot be retried or decided where there is nothing to retry or decide", () =>
    Effect.gen(function*() {
      const me = yield* operator
      const { payment_id } = yield* order(yield* customerPhone("Sari"))
      const command = { command_id: newCommand(), payment_id }
      assert.strictEqual(yield* refused(me.call("admin.payment_retry", command)), "PAYMENT_NOT_PENDING")
      const unknown = { command_id: newCommand(), payment_id: idOf(0x99) }
      assert.strictEqual(yield* refused(me.call("admin.payment_retry", unknown)), "PAYMENT_NOT_FOUND")
      const dismissal = me.call("admin.payment_dismiss", { payment_id, note: "no reason" })
      assert.strictEqual(yield* refused(dismissal), "NOTHING_TO_RESOLVE")
      assert.deepStrictEqual(yield* logged, [])
    }).pipe(Effect.provide(desk)))

  it.effect("is refused while its customer has another request, and that adds no failure", () =>
    Effect.gen(function*() {
      const me = yield* operator
      const { payment_id, sari } = yield* failed
      yield* request(sari)
      const retry = me.call("admin.payment_retry", { command_id: newCommand(), payment_id })
      assert.strictEqual(yield* refused(retry), "ALREADY_ACTIVE")
      assert.notStrictEqual((yield* (yield* Payments).find(payment_id))?.failure_cause, "ALREADY_ACTIVE")
    }).pipe(Effect.provide(desk)))
})

describe("money that was not asked for", () => {
  it.effect("is shown with its amount and reference, and decided about when the payment is over", () =>
    Effect.gen(function*() {
      const me = yield* operator
      const payments = yield* Payments
      const { payment_id } = yield* order(yield* customerPhone("Sari"))
      yield* payments.confirm({ payment_id, amount_idr: 7, provider_ref: "inv-7", now: t0 + 1 })
      const { payments: [shown] } = yield* me.call("admin.failed_pairings", { before: null, limit: 10 })
      assert.deepInclude(shown.anomaly, { kind: "amount_mismatch", amount_idr: 7, provider_ref: "inv-7" })
      const refund = () => me.call("admin.payment_set_refunded", { payment_id, note: "7 rupiah" })
      assert.strictEqual(yield* refused(refund()), "NOTHING_TO_RESOLVE")
      yield* payments.expireStale(t0 + 3_600_000, 10)
      assert.strictEqual((yield* refund()).status, "expired")
    }).pipe(Effect.provide(desk)))
})

/** A well-formed payload for every call. */
const payment = { payment_id: idOf(0x77) }
const page = { before: null, limit: 10 }
const payloads: Readonly<Record<string, object>> = {
  "admin.pricing": {},
  "admin.tier_put": { ...five, version: 0 },
  "admin.tier_deactivate": { tier_id: "chat-5", version: 0 },
  "admin.discount_put": { kind: "amount", value: 5_000, is_active: true, version: 0 },
  "admin.pricing_history": page,
  "admin.pending_payments": page,
  "admin.failed_pairings": page,
  "admin.payment_retry": { ...payment, command_id: "a-command-id" },
  "admin.payment_set_refunded": { ...payment, note: "note" },
  "admin.payment_dismiss": { ...payment, note: "note" }
}

describe("the gate before the money calls", () => {
  it.effect("knows every one, lets nobody pass unnamed, and each role to what its row says", () =>
    Effect.gen(function*() {
      assert.sameMembers(Object.keys(payloads), [...AdminPaymentRpcs.requests.keys()])
      const nobody = yield* seatAt(gated)(null)
      for (const [tag, payload] of Object.entries(payloads)) {
        assert.strictEqual(yield* refused(nobody(tag, payload)), "NOT_SIGNED_IN", tag)
        const needed = Permissions.neededBy[tag]
        if (needed === undefined || needed === "anybody") return assert.fail(tag)
        for (const [n, role] of roles.entries()) {
          const { call } = yield* colleague(n + 1, role)
          const answer = yield* Effect.exit(refused(call(tag, payload)))
          const code = answer._tag === "Success" ? answer.value : "let in"
          assert.strictEqual(code === "FORBIDDEN", !isAllowed(role, needed), `${role} ${tag}: ${code}`)
        }
      }
    }).pipe(Effect.provide(desk)))
})
