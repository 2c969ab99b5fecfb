// More time, another try and the same mitra again, as the two apps ask for them: payments, refusals, and
// what each of the two is shown.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import { mitraId, t0 } from "../../../../testkit/conformance/given.ts"
import { customerPhone, newCommand, type Phone, refused } from "../../phone.ts"
import { chat, confirm, given, onlineMitra, order, request, tier } from "../../script.ts"
import { world } from "../../world.ts"

const moreTime = (phone: Phone, session_id: string, tier_id: string = tier.id) =>
  phone.call("chat.request_extension", { command_id: newCommand(), session_id, tier_id })

const answer = (phone: Phone, session_id: string, extension_seq: number, approve: boolean) =>
  phone.call("mitra.answer_extension", { command_id: newCommand(), session_id, extension_seq, approve })

/** A chat that is over, and the two who had it. */
const past = Effect.gen(function*() {
  const { ayu, sari, session_id } = yield* chat
  const before = yield* sari.call("customer.request_status", { session_id })
  yield* sari.call("chat.end", { command_id: newCommand(), session_id })
  yield* sari.call("chat.goodbye", { command_id: newCommand(), session_id, text: "Dadah" })
  return { ayu, sari, session_id, ayu_id: before.mitra_id ?? "" }
})

describe("chat.request_extension", () => {
  it.effect("is a payment; once it is paid both see the clock stand still until she answers", () =>
    Effect.gen(function*() {
      yield* given
      const { ayu, sari, session_id } = yield* chat
      const payment = yield* moreTime(sari, session_id)
      assert.deepInclude(payment, { product: "extension", status: "pending", session_id })
      assert.strictEqual((yield* sari.call("customer.request_status", { session_id })).status, "active")
      assert.strictEqual(yield* confirm(payment.payment_id), session_id)
      const asked = yield* sari.call("customer.request_status", { session_id })
      assert.strictEqual(asked.status, "extending")
      assert.deepInclude(asked.extension, { duration_seconds: tier.duration_seconds, remaining_ms: 10_000 })
      const resumed = yield* answer(ayu, session_id, asked.extension?.extension_seq ?? 0, true)
      assert.deepInclude(resumed, { status: "active", duration_seconds: 600, extension: null })
      const { payment_id } = payment
      assert.strictEqual((yield* sari.call("customer.payment_status", { payment_id })).status, "consumed")
    }).pipe(Effect.provide(world)))

  it.effect("repeated with its command id is one payment, and not the chat's own", () =>
    Effect.gen(function*() {
      yield* given
      const { payment_id, sari, session_id } = yield* chat
      const payload = { command_id: newCommand(), session_id, tier_id: tier.id }
      const first = yield* sari.call("chat.request_extension", payload)
      assert.deepStrictEqual(yield* sari.call("chat.request_extension", payload), first)
      assert.notStrictEqual(first.payment_id, payment_id)
    }).pipe(Effect.provide(world)))

  it.effect("is refused before anybody pays for what cannot be", () =>
    Effect.gen(function*() {
      yield* given
      const { ayu, sari, session_id } = yield* chat
      assert.strictEqual(yield* refused(moreTime(sari, session_id, "chat-old")), "TIER_NOT_FOUND")
      assert.strictEqual(yield* refused(moreTime(ayu, session_id)), "FORBIDDEN")
      assert.strictEqual(
        yield* refused(moreTime(yield* customerPhone("Budi"), session_id)),
        "SESSION_NOT_FOUND"
      )
      yield* confirm((yield* moreTime(sari, session_id)).payment_id)
      assert.strictEqual(yield* refused(moreTime(sari, session_id)), "EXTENSION_PENDING")
      yield* sari.call("chat.end", { command_id: newCommand(), session_id })
      assert.strictEqual(yield* refused(moreTime(sari, session_id)), "SESSION_CLOSING")
      yield* sari.call("chat.goodbye", { command_id: newCommand(), session_id, text: "" })
      assert.strictEqual(yield* refused(moreTime(sari, session_id)), "SESSION_OVER")
    }).pipe(Effect.provide(world)))
})

describe("mitra.answer_extension", () => {
  it.effect("comes too late for one extension and never hits the next", () =>
    Effect.gen(function*() {
      yield* given
      const { ayu, sari, session_id } = yield* chat
      yield* confirm((yield* moreTime(sari, session_id)).payment_id)
      const first = (yield* sari.call("customer.request_status", { session_id })).extension?.extension_seq ??
        0
      yield* answer(ayu, session_id, first, true)
      assert.strictEqual(yield* refused(answer(ayu, session_id, first, false)), "EXTENSION_RESOLVED")
      yield* confirm((yield* moreTime(sari, session_id)).payment_id)
      assert.strictEqual(yield* refused(answer(ayu, session_id, first, false)), "EXTENSION_RESOLVED")
      assert.strictEqual((yield* sari.call("customer.request_status", { session_id })).status, "extending")
    }).pipe(Effect.provide(world)))

  it.effect("is the chat's own mitra's word", () =>
    Effect.gen(function*() {
      yield* given
      const { sari, session_id } = yield* chat
      const bunga = yield* onlineMitra(2)
      yield* confirm((yield* moreTime(sari, session_id)).payment_id)
      assert.strictEqual(yield* refused(answer(bunga, session_id, 3, true)), "NOT_A_PARTICIPANT")
      assert.strictEqual(yield* refused(answer(sari, session_id, 3, true)), "FORBIDDEN")
    }).pipe(Effect.provide(world)))
})

describe("customer.create_payment for the same mitra again", () => {
  it.effect("asks only her; when she does not answer, a retry asks everybody on the same payment", () =>
    Effect.gen(function*() {
      yield* given
      const { ayu_id, sari } = yield* past
      yield* onlineMitra(2)
      const payment = yield* sari.call("customer.create_payment", {
        command_id: newCommand(),
        tier_id: tier.id,
        topic: "regular",
        target_mitra_id: ayu_id
      })
      const { payment_id } = payment
      const session_id = yield* confirm(payment_id)
      const asked = yield* sari.call("customer.request_status", { session_id })
      assert.deepInclude(asked, { kind: "targeted", status: "pending_acceptance", queue: null })
      yield* TestClock.setTime(t0 + 21_000)
      const over = yield* sari.call("customer.request_status", { session_id })
      assert.deepInclude(over, { status: "expired", end_reason: "returning_chat_timeout" })
      const command_id = newCommand()
      const again = yield* sari.call("customer.retry_request", { command_id, payment_id })
      assert.deepInclude(again, { kind: "blast", status: "pending_acceptance", payment_id })
      const repeat = yield* sari.call("customer.retry_request", { command_id, payment_id })
      assert.strictEqual(repeat.session_id, again.session_id)
    }).pipe(Effect.provide(world)))

  it.effect("is refused for a mitra this customer never chatted with", () =>
    Effect.gen(function*() {
      yield* given
      yield* past
      const budi = yield* customerPhone("Budi")
      const target = { command_id: newCommand(), tier_id: tier.id, topic: "regular" } as const
      const ask = budi.call("customer.create_payment", { ...target, target_mitra_id: mitraId })
      assert.strictEqual(yield* refused(ask), "MITRA_NOT_FOUND")
    }).pipe(Effect.provide(world)))
})

describe("customer.retry_request", () => {
  it.effect("waits in the line with its place and an estimate while every mitra is busy", () =>
    Effect.gen(function*() {
      yield* given
      const { ayu } = yield* chat
      for (const name of ["Ani", "Budi"]) {
        const { session_id } = yield* request(yield* customerPhone(name))
        yield* ayu.call("mitra.accept", { command_id: newCommand(), session_id })
      }
      const dewi = yield* customerPhone("Dewi")
      const eka = yield* customerPhone("Eka")
      yield* request(dewi)
      const waiting = yield* request(eka)
      const seen = yield* eka.call("customer.request_status", { session_id: waiting.session_id })
      assert.deepStrictEqual(seen.queue, { position: 2, estimated_wait_seconds: 300 })
    }).pipe(Effect.provide(world)))

  it.effect("is refused for what was never paid, is in use, or is somebody else's", () =>
    Effect.gen(function*() {
      yield* given
      const { payment_id, sari } = yield* chat
      const retry = (phone: Phone, id: string) =>
        refused(phone.call("customer.retry_request", { command_id: newCommand(), payment_id: id }))
      assert.strictEqual(yield* retry(yield* customerPhone("Budi"), payment_id), "PAYMENT_NOT_FOUND")
      const citra = yield* customerPhone("Citra")
      assert.strictEqual(yield* retry(citra, (yield* order(citra)).payment_id), "PAYMENT_NOT_PENDING")
      const unused = yield* order(citra)
      const given_up = { command_id: newCommand(), payment_id: unused.payment_id }
      assert.strictEqual((yield* citra.call("customer.abandon_payment", given_up)).status, "abandoned")
      assert.strictEqual((yield* citra.call("customer.abandon_payment", given_up)).status, "abandoned")
      assert.strictEqual(yield* retry(citra, unused.payment_id), "PAYMENT_NOT_PENDING")
      const used = sari.call("customer.abandon_payment", { command_id: newCommand(), payment_id })
      assert.strictEqual(yield* refused(used), "PAYMENT_NOT_PENDING")
    }).pipe(Effect.provide(world)))
})
