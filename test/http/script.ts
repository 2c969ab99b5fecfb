// The common beginning of the handler tests: demo people, a paid request, a chat.
import { assert } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import { Requests } from "../../src/actors/session/requests.ts"
import { Accounts } from "../../src/services/accounts/accounts.ts"
import { Payments } from "../../src/services/payments/payments.ts"
import { Pricing } from "../../src/services/payments/pricing.ts"
import { mitraAccount, t0 } from "../../testkit/conformance/given.ts"
import { customerPhone, mitraPhone, newCommand, type Phone } from "./phone.ts"

export const tier = {
  id: "chat-5",
  label: "5 minutes",
  mode: "chat",
  duration_seconds: 300,
  price_idr: 10_000,
  is_active: true
} as const

export const phoneOf = (n: number): string => mitraAccount(n).phone

/** Three mitras, one tier on sale, at a fixed time. */
export const given = Effect.gen(function*() {
  yield* TestClock.setTime(t0)
  const accounts = yield* Accounts
  for (const n of [1, 2, 3]) yield* accounts.createMitra(mitraAccount(n), t0)
  const pricing = yield* Pricing
  yield* pricing.replaceTier(tier, t0)
  yield* pricing.replaceTier({ ...tier, id: "chat-old", is_active: false }, t0)
})

/** What the provider's webhook does, without the webhook. */
export const confirm = Effect.fnUntraced(function*(paymentId: string) {
  const confirmation = yield* (yield* Payments).confirm({
    payment_id: paymentId,
    amount_idr: tier.price_idr,
    provider_ref: "ref",
    now: yield* Clock.currentTimeMillis
  })
  if (confirmation._tag !== "Confirmed") return assert.fail(confirmation._tag)
  const opened = yield* (yield* Requests).openFor(confirmation.payment)
  return opened._tag === "Open" ? opened.session_id : assert.fail("the request was blocked")
})

export const order = Effect.fnUntraced(function*(phone: Phone) {
  return yield* phone.call("customer.create_payment", {
    command_id: newCommand(),
    tier_id: tier.id,
    topic: "regular"
  })
})

export const onlineMitra = Effect.fnUntraced(function*(n: number) {
  const phone = yield* mitraPhone(phoneOf(n))
  yield* phone.call("mitra.go_online", { command_id: newCommand() })
  return phone
})

/** A request that was offered to every mitra online. */
export const request = Effect.fnUntraced(function*(sari: Phone) {
  const payment = yield* order(sari)
  const session_id = yield* confirm(payment.payment_id)
  return { payment_id: payment.payment_id, session_id }
})

/** Sari and Ayu in a running chat. */
export const chat = Effect.gen(function*() {
  const ayu = yield* onlineMitra(1)
  const sari = yield* customerPhone("Sari")
  const { payment_id, session_id } = yield* request(sari)
  yield* ayu.call("mitra.accept", { command_id: newCommand(), session_id })
  return { ayu, sari, payment_id, session_id }
})

let messages = 0
export const say = (phone: Phone, session_id: string, body: string) =>
  phone.call("chat.send", { session_id, client_message_id: `message-${++messages}-id`, body })
