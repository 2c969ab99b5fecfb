// Orders: what an order costs and lasts, by the prices that were on the list just then; who gets the discount
// of a first session; that nothing is sold that was not on sale, and nothing ordered that nobody asked for.
import type { ChatSessionRow, PaymentRow, Tables } from "../../../testkit/memory/store/tables.ts"
import { type MakeRule, type Phone } from "../rule.ts"
import type { Answer } from "../../clients/connection.ts"
import { Past } from "./past.ts"

type TierRow = Tables["pricing_tiers"] extends Map<string, infer Row> ? Row : never
type DiscountRow = Tables["pricing_discounts"] extends Map<string, infer Row> ? Row : never

const blocking = new Set(["searching", "pending_acceptance", "active", "extending"])

/** From the question to the row: the provider makes its page in between. */
const underWayMs = 60_000

const off = (price: number, { is_active, kind, value }: DiscountRow): number => {
  if (!is_active) return 0
  const taken = kind === "percent" ? Math.floor(price * value / 100) : value
  // No provider takes a payment of nothing.
  return Math.min(taken, price - 1)
}

/** What stands in the table, or the product's default. */
const demandsPhone = (value: unknown): boolean => value !== false

/** A runner that did not hear of a changed setting uses the old value for so long. */
const knownLateMs = 120_000

/** Money for a session came and was not given back, or a cheaper order is still open. */
const hasHadOne = (payment: PaymentRow): boolean =>
  payment.product === "chat_session" &&
  (payment.confirmed_at !== null && payment.resolution !== "refunded" ||
    payment.discount_idr > 0 && payment.status === "pending")

export const orders: MakeRule = (context, complain) => {
  const { tables } = context
  const tiers = new Map<string, Past<TierRow>>()
  const triedAgainAt = new Map<string, number>()
  const underWay = new Map<string, ChatSessionRow>()
  const discounts = new Past<DiscountRow | null>(tables.pricing_discounts.get("first_session") ?? null)
  const asked = new Map<string, Array<{ readonly payload: Answer; readonly at_ms: number }>>()
  for (const [id, tier] of tables.pricing_tiers) tiers.set(id, new Past(tier))
  const setting = "first_session_discount_needs_phone"
  const needsPhone = new Past<boolean>(demandsPhone(tables.settings.get(setting)?.value))
  const provenAt = new Map<string, number>()

  const needsOnePhone = () => needsPhone.since(context.now_ms() - underWayMs - knownLateMs)

  /** Nothing that was ever ordered or paid, and no change of the rules, leaves a doubt. */
  const mustHaveDiscount = (
    { customer_id, id, product }: PaymentRow,
    offs: ReadonlyArray<number>
  ): boolean => {
    if (product !== "chat_session" || offs.length === 0 || offs.includes(0)) return false
    const proven_at = provenAt.get(customer_id) ?? Number.POSITIVE_INFINITY
    if (needsOnePhone().includes(true) && context.now_ms() - proven_at < underWayMs) return false
    return !tables.payment_requests.where("customer", customer_id).some((other) =>
      other.id !== id && other.product === "chat_session" &&
      (other.confirmed_at !== null || other.discount_idr > 0)
    )
  }

  /** The account has no phone, and one was asked for all the time. */
  const hasNoRight = ({ customer_id }: PaymentRow): boolean =>
    !needsOnePhone().includes(false) && (tables.customers.get(customer_id)?.phone ?? null) === null

  const askedFor = ({ customer_id, product, tier_id, topic }: PaymentRow): boolean =>
    (asked.get(customer_id) ?? []).some(({ at_ms, payload }) =>
      context.now_ms() - at_ms < underWayMs && payload["tier_id"] === tier_id &&
      (product === "extension" || payload["topic"] === topic)
    )

  const flawOf = (payment: PaymentRow): string | null => {
    const { amount_idr, customer_id, discount_idr, duration_seconds, mode, product, tier_id } = payment
    const since = context.now_ms() - underWayMs
    const onSale = (tiers.get(tier_id ?? "")?.since(since) ?? []).filter(({ is_active }) => is_active)
    const price = amount_idr + discount_idr
    const bought = onSale.find((tier) =>
      tier.price_idr === price && tier.duration_seconds === duration_seconds && tier.mode === mode
    )
    if (bought === undefined) return `${price} for ${duration_seconds} s of ${mode}, which was not on sale`
    if (context.phoneOf(customer_id) !== undefined && !askedFor(payment)) return "an order nobody asked for"
    const offs = discounts.since(since).map((rule) => rule === null ? 0 : off(price, rule))
    if (discount_idr === 0) {
      return mustHaveDiscount(payment, offs)
        ? "a first session at the full price, in spite of the discount"
        : null
    }
    if (product !== "chat_session") return "a discount on an extension"
    if (!offs.includes(discount_idr)) return `${discount_idr} off ${price}`
    if (hasNoRight(payment)) return "a discount for an account without a phone"
    const earlier = tables.payment_requests.where("customer", customer_id).find((other) =>
      other.id !== payment.id && hasHadOne(other)
    )
    return earlier === undefined ? null : "a second discount of a first session"
  }

  /** Another request stood in the way. Staff's try that is refused is their answer, and no failure. */
  const isNobodysTry = ({ customer_id, failure_cause, id }: PaymentRow): boolean =>
    failure_cause === "ALREADY_ACTIVE" && tables.chat_sessions.where("payment", id).length > 0 &&
    context.phoneOf(customer_id) !== undefined &&
    context.now_ms() - (triedAgainAt.get(customer_id) ?? Number.NEGATIVE_INFINITY) > underWayMs

  const isUnderWay = (payment_id: string): boolean =>
    [...underWay.values()].some((row) => row.payment_id === payment_id)

  const remember = (phone: Phone, payload: Answer) => {
    if (phone.id === null) return
    const mine = asked.get(phone.id) ?? []
    const since = context.now_ms() - underWayMs
    asked.set(phone.id, [...mine.filter(({ at_ms }) => at_ms > since), { payload, at_ms: context.now_ms() }])
  }

  return {
    rows: {
      pricing_tiers: ({ after, key }) => {
        if (after === undefined) return
        const past = tiers.get(key) ?? new Past<TierRow>()
        tiers.set(key, past)
        past.set(context.now_ms(), after)
      },
      chat_sessions: ({ after, key }) => {
        if (after !== undefined && blocking.has(after.status)) underWay.set(key, after)
        else underWay.delete(key)
      },
      settings: ({ after, key }) => {
        if (key === setting) needsPhone.set(context.now_ms(), demandsPhone(after?.value))
      },
      customers: ({ after, key }) => {
        if ((after?.phone ?? null) === null) provenAt.delete(key)
        else if (!provenAt.has(key)) provenAt.set(key, context.now_ms())
      },
      pricing_discounts: ({ after }) => discounts.set(context.now_ms(), after ?? null),
      payment_requests: ({ after, before }) => {
        if (after === undefined) return
        if (before !== undefined) {
          if (after.status === "abandoned" && before.status !== "abandoned" && isUnderWay(after.id)) {
            complain("an order was given up while its request looks, or its chat runs")
          }
          if (
            after.status === "abandoned" && before.status === "confirmed" && after.product === "extension"
          ) {
            complain("more time that was paid for was given up before its chat decided about it")
          }
          if (after.failed_at !== before.failed_at && isNobodysTry(after)) {
            complain("a failure was noted of a payment that nobody tried again")
          }
          if (after.amount_idr !== before.amount_idr || after.discount_idr !== before.discount_idr) {
            complain("an order changed its price")
          }
          return
        }
        const flaw = flawOf(after)
        const phone = context.phoneOf(after.customer_id)
        if (flaw !== null) complain(`ordered: ${flaw}`, { people: phone === undefined ? [] : [phone.name] })
      }
    },
    sent: (phone, tag, payload) => {
      if (tag === "customer.retry_request" && phone.id !== null) triedAgainAt.set(phone.id, context.now_ms())
      if (tag === "customer.create_payment" || tag === "chat.request_extension") remember(phone, payload)
    }
  }
}
