// Ordering a payment: what a customer's "I want to pay for this" becomes, once per command id.
import { createHash } from "node:crypto"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { refuse } from "../../domain/refusal.ts"
import { blockingStatuses, type Topic } from "../../domain/session/state.ts"
import { type Payment, Payments } from "../../services/payments.ts"
import { Sessions } from "../../services/sessions.ts"
import { Settings } from "../../services/settings.ts"

/** How many of a customer's latest ended sessions are searched for a payment's. */
const pastSearched = 50

/**
 * The same customer and command id always name the same payment, so that a repeat finds the first
 * one. A UUID of version 8: "made by a rule of our own".
 */
export const paymentIdFor = (customerId: string, commandId: string): string => {
  const bytes = createHash("sha256").update(`payment:${customerId}:${commandId}`).digest()
  bytes[6] = (bytes[6]! & 0x0f) | 0x80
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString("hex")
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    "-"
  )
}

/** The newest session of a payment, whether it lives or is over; null if it has none yet. */
export const sessionOfPayment = Effect.fnUntraced(function*(payment: Payment) {
  if (payment.confirmed_at === null) return null
  const sessions = yield* Sessions
  const live = yield* sessions.liveOf("customer", payment.customer_id)
  const found = live.find((state) => state.payment_id === payment.id)
  if (found !== undefined) return found.id
  const past = yield* sessions.pastOf("customer", payment.customer_id, { before: null, limit: pastSearched })
  return past.find((state) => state.payment_id === payment.id)?.id ?? null
})

export interface Order {
  readonly customer_id: string
  readonly command_id: string
  readonly tier_id: string
  readonly topic: Topic
}

const nothingLive = Effect.fnUntraced(function*(customerId: string) {
  const live = yield* (yield* Sessions).liveOf("customer", customerId)
  const blocking = live.find((state) => blockingStatuses.includes(state.status))
  if (blocking === undefined) return
  return yield* refuse("ALREADY_ACTIVE", "You already have a request or a chat that is not over.", {
    session_id: blocking.id
  })
})

export const orderPayment = Effect.fnUntraced(function*(order: Order) {
  const payments = yield* Payments
  const id = paymentIdFor(order.customer_id, order.command_id)
  // First of all, because by the time of a repeat the payment may have become the live session.
  const before = yield* payments.find(id)
  if (before !== null) return before
  const tier = yield* payments.findTier(order.tier_id)
  if (tier === null || !tier.is_active) {
    return yield* refuse("TIER_NOT_FOUND", "This offer is not on sale.", { tier_id: order.tier_id })
  }
  yield* nothingLive(order.customer_id)
  const { payment_session_timeout_minutes } = yield* (yield* Settings).current
  const now = yield* Clock.currentTimeMillis
  return yield* payments.create({
    id,
    customer_id: order.customer_id,
    status: "pending",
    tier_id: tier.id,
    mode: tier.mode,
    duration_seconds: tier.duration_seconds,
    amount_idr: tier.price_idr,
    kind: "blast",
    target_mitra_id: null,
    topic: order.topic,
    checkout_url: `builtin:${id}`,
    created_at: now,
    expires_at: now + payment_session_timeout_minutes * 60_000,
    confirmed_at: null,
    failure_cause: null
  })
})
