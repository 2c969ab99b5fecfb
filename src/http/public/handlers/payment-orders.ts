// Ordering a payment: what a customer's "I want to pay for this" becomes, once per command id; for a
// chat of its own, with any bestie or the same one again, or for more time in one that runs.
import { createHash } from "node:crypto"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Language } from "../../../domain/matching.ts"
import { firstCheckAt } from "../../../domain/payment.ts"
import { discountOn } from "../../../domain/pricing.ts"
import { refuse } from "../../../domain/refusal.ts"
import { extensionRefusal } from "../../../domain/session/answer-extension.ts"
import { blockingStatuses, type SessionState, type Topic } from "../../../domain/session/state.ts"
import { Checkout } from "../../../services/payments/checkout.ts"
import { passStep } from "../../../services/manual-clock/failpoints.ts"
import type { PricingTier } from "../../../domain/pricing.ts"
import { Accounts } from "../../../services/accounts/accounts.ts"
import { type NewPayment, type Payment, Payments } from "../../../services/payments/payments.ts"
import { Pricing } from "../../../services/payments/pricing.ts"
import { SessionViews } from "../../../services/sessions/session-views.ts"
import { Sessions } from "../../../services/sessions/sessions.ts"
import { Settings } from "../../../services/settings/settings.ts"
import { Trust } from "../../../services/trust/trust.ts"
import { tellRateLimited } from "../../security-events.ts"
import { currentConnection } from "../../socket/connection.ts"
import { Quotas, within, withinAccount, withinNetwork } from "../quotas.ts"

/** An outage of the provider, in the customer's words: nothing was ordered, the same again is safe. */
const noCheckout = refuse("PAYMENT_PROVIDER_FAILED", "Paying is not possible right now. Please try again.", {
  retry_after_seconds: 10
})

/**
 * The same customer and command id always name the same payment, so that a repeat finds the first
 * one. A UUID of version 8: "made by a rule of our own".
 */
export const paymentIdFor = (customerId: string, commandId: string): string =>
  idForCommand("payment", customerId, commandId)

/** The one id that this person's command makes of this kind. */
export const idForCommand = (kind: "payment" | "report", personId: string, commandId: string): string => {
  const bytes = createHash("sha256").update(`${kind}:${personId}:${commandId}`).digest()
  bytes[6] = (bytes[6]! & 0x0f) | 0x80
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString("hex")
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    "-"
  )
}

/** The newest session of a payment, whether it lives or is over; null if it has none yet. */
export const sessionOfPayment = Effect.fnUntraced(function*(payment: Payment) {
  if (payment.extends_session_id !== null) return payment.extends_session_id
  if (payment.confirmed_at === null) return null
  return (yield* (yield* Sessions).ofPayments([payment.id])).get(payment.id) ?? null
})

const hasPhone = Effect.fnUntraced(function*(customerId: string) {
  const customer = yield* (yield* Accounts).findCustomer(customerId)
  return customer !== null && customer.phone !== null
})

/** The discount this customer may have on a first session now; null for none. */
export const firstSessionDiscount = Effect.fnUntraced(function*(customerId: string) {
  const rule = yield* (yield* Pricing).discount
  if (rule === null || !rule.is_active) return null
  const { first_session_discount_needs_phone } = yield* (yield* Settings).current
  // Accounts are free, phones are not: without one the first session is always the next account's, too.
  if (first_session_discount_needs_phone && !(yield* hasPhone(customerId))) return null
  return (yield* (yield* Payments).mayHaveDiscount(customerId)) ? rule : null
})

export interface Order {
  readonly customer_id: string
  readonly command_id: string
  readonly tier_id: string
}

export const alreadyActive = (sessionId: string) =>
  refuse("ALREADY_ACTIVE", "You already have a request or a chat that is not over.", {
    session_id: sessionId
  })

const nothingLive = Effect.fnUntraced(function*(customerId: string) {
  const live = yield* (yield* SessionViews).liveOf("customer", customerId)
  const blocking = live.find((state) => blockingStatuses.includes(state.status))
  if (blocking === undefined) return
  return yield* alreadyActive(blocking.id)
})

/** Refuses a mitra who has not served this customer before, or who is not active. */
const knownMitra = Effect.fnUntraced(function*(customerId: string, mitraId: string) {
  const mitra = yield* (yield* Accounts).findMitra(mitraId)
  const known = mitra?.is_active === true && (yield* (yield* SessionViews).haveMet(customerId, mitraId)) &&
    !(yield* (yield* Trust).isBlocked({ customer_id: customerId, mitra_id: mitraId }))
  if (known) return
  return yield* refuse("MITRA_NOT_FOUND", "You can ask only a bestie again with whom you have chatted.", {
    mitra_id: mitraId
  })
})

const tierOnSale = Effect.fnUntraced(function*(tierId: string, mode: PricingTier["mode"] | null) {
  const tier = yield* (yield* Pricing).findTier(tierId)
  if (tier === null || !tier.is_active || (mode !== null && tier.mode !== mode)) {
    return yield* refuse("TIER_NOT_FOUND", "This offer is not on sale.", { tier_id: tierId })
  }
  return tier
})

/** Reports about them are being looked into: what runs goes on, nothing new begins. */
export const notPaused = Effect.fnUntraced(function*(customerId: string) {
  if (!(yield* (yield* Trust).isPaused({ user_type: "customer", user_id: customerId }))) return
  return yield* refuse("ACCOUNT_PAUSED", "This account is paused. Please contact support.")
})

/** Longer than a call may take: an order that holds its place for longer died with its process. */
const orderingMaxMs = 60_000

/** Each order is an invoice at the provider: a person pays one, and changes their mind a few times. */
const beginOrder = Effect.fnUntraced(function*(customerId: string, paymentId: string) {
  const { open_orders_per_customer: open_max } = yield* Quotas
  const now = yield* Clock.currentTimeMillis
  const place = yield* (yield* Payments).beginOrder({
    customer_id: customerId,
    payment_id: paymentId,
    open_max,
    now,
    ends_at: now + orderingMaxMs
  })
  if (place._tag === "Begun") return
  yield* tellRateLimited("open_orders", customerId)
  return yield* refuse("TOO_MANY_OPEN_PAYMENTS", "Pay or give up one of your open payments first.", {
    limit: "open_orders",
    open_max,
    retry_after_seconds: Math.max(1, Math.ceil((place.next_free_at - now) / 1000))
  })
})

/** Each costs an invoice, however many accounts and networks they come from. */
const mayOrder = Effect.fnUntraced(function*(customerId: string) {
  yield* withinAccount("orders_per_customer", "orders_per_new_account", customerId)
  yield* withinNetwork("orders_per_network", (yield* currentConnection).remote_address)
  yield* within("orders_in_total", "everybody")
})

/** An invoice is made before its payment is stored: meanwhile the order holds its place. */
const whileOrdering = (customer_id: string, payment_id: string) => <A, E, R>(order: Effect.Effect<A, E, R>) =>
  Effect.acquireUseRelease(
    beginOrder(customer_id, payment_id),
    () => Effect.andThen(mayOrder(customer_id), order),
    // What is not taken back runs out.
    () =>
      Effect.flatMap(Payments, (payments) => Effect.ignore(payments.endOrder({ customer_id, payment_id })))
  )

type Ordered = Pick<
  Payment,
  "id" | "product" | "extends_session_id" | "target_mitra_id" | "topic" | "language"
>

/**
 * The provider's page first, then the row: no payment is ever without a page, and a page without a payment
 * was shown to no customer. Dying in between costs nothing; a repeat makes another page for the same id.
 */
const quote = Effect.fnUntraced(function*(
  order: Order,
  tier: PricingTier,
  ordered: Ordered,
  discount_idr: number
) {
  const { payment_session_timeout_minutes } = yield* (yield* Settings).current
  const checkout = yield* Checkout
  const now = yield* Clock.currentTimeMillis
  const amount_idr = tier.price_idr - discount_idr
  const checkout_url = yield* checkout.open({
    payment_id: ordered.id,
    amount_idr,
    description: `Halobestie: ${tier.label}`,
    lifetime_seconds: payment_session_timeout_minutes * 60
  }).pipe(Effect.catchTag("Unavailable", () => noCheckout))
  yield* passStep("checkout_opened")
  const payment: NewPayment = {
    ...ordered,
    customer_id: order.customer_id,
    status: "pending",
    tier_id: tier.id,
    mode: tier.mode,
    duration_seconds: tier.duration_seconds,
    amount_idr,
    kind: ordered.target_mitra_id === null ? "blast" : "targeted",
    provider: checkout.provider,
    checkout_url,
    discount_idr,
    next_check_at: firstCheckAt(checkout.provider, now),
    created_at: now,
    expires_at: now + payment_session_timeout_minutes * 60_000,
    confirmed_at: null,
    failure_cause: null
  }
  return payment
})

const create = Effect.fnUntraced(function*(order: Order, tier: PricingTier, ordered: Ordered) {
  const payment = yield* (yield* Payments).create(yield* quote(order, tier, ordered, 0))
  yield* passStep("payment_created")
  return payment
})

/** An order that loses the discount to another one of the same customer meanwhile is quoted anew, in full. */
const createFirst = Effect.fnUntraced(function*(order: Order, tier: PricingTier, ordered: Ordered) {
  const off = discountOn(tier.price_idr, yield* firstSessionDiscount(order.customer_id))
  if (off > 0) {
    const quoted = yield* quote(order, tier, ordered, off)
    const discounted = yield* (yield* Payments).createDiscounted(quoted)
    if (discounted !== null) {
      yield* passStep("payment_created")
      return discounted
    }
  }
  return yield* create(order, tier, ordered)
})

export const orderPayment = Effect.fnUntraced(function*(
  order: Order & {
    readonly topic: Topic
    readonly language?: Language | null
    readonly target_mitra_id?: string | null
  }
) {
  const id = paymentIdFor(order.customer_id, order.command_id)
  // First of all, because by the time of a repeat the payment may have become the live session.
  const before = yield* (yield* Payments).find(id)
  if (before !== null) return before
  const tier = yield* tierOnSale(order.tier_id, null)
  yield* notPaused(order.customer_id)
  yield* nothingLive(order.customer_id)
  const { language = null, target_mitra_id = null, topic } = order
  return yield* Effect.gen(function*() {
    if (target_mitra_id !== null) yield* knownMitra(order.customer_id, target_mitra_id)
    return yield* createFirst(order, tier, {
      id,
      product: "chat_session",
      extends_session_id: null,
      target_mitra_id,
      topic,
      language
    })
  }).pipe(whileOrdering(order.customer_id, id))
})

/** Refuses an order that the session would refuse; the session decides again once it is paid. */
export const orderExtension = Effect.fnUntraced(function*(order: Order & { readonly session: SessionState }) {
  const id = paymentIdFor(order.customer_id, `extension:${order.command_id}`)
  const before = yield* (yield* Payments).find(id)
  if (before !== null) return before
  const { session } = order
  const refusal = extensionRefusal(session)
  if (refusal !== null) return yield* refusal
  const tier = yield* tierOnSale(order.tier_id, session.mode)
  return yield* create(order, tier, {
    id,
    product: "extension",
    extends_session_id: session.id,
    target_mitra_id: null,
    topic: session.topic,
    language: null
  }).pipe(whileOrdering(order.customer_id, id))
})
