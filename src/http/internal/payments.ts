// Handlers of the money calls: prices, open payments, failures and what staff decide about them. The payment
// machine decides what is possible; here it is asked, and shown.
import * as Effect from "effect/Effect"
import { AdminPaymentRpcs, type ReviewedPaymentView } from "../../contract/staff/payments.ts"
import { instant, instantOrNull } from "../../contract/fields.ts"
import { notFound, type Resolution } from "../../domain/payment.ts"
import { cursorOf, cursorText } from "../../domain/page-cursor.ts"
import { refuse } from "../../domain/refusal.ts"
import { Requests } from "../../actors/session/requests.ts"
import {
  Payments,
  type ReviewedPayment,
  type ReviewPage,
  troubleAt
} from "../../services/payments/payments.ts"
import { Sessions } from "../../services/sessions/sessions.ts"
import type { Unavailable } from "../../services/platform/unavailable.ts"
import { answering } from "../public/handlers/answering.ts"
import { alreadyActive } from "../public/handlers/payment-orders.ts"
import { paymentView } from "../public/views/payment-view.ts"
import { entryOf } from "./change-entry.ts"
import { deactivateTier, history, pricing, putDiscount, putTier } from "./pricing.ts"

const anomalyOf = (payment: ReviewedPayment): ReviewedPaymentView["anomaly"] => {
  const { anomaly: kind, anomaly_at: at, anomaly_idr: amount_idr, anomaly_ref: provider_ref } = payment
  if (kind === null || at === null || amount_idr === null || provider_ref === null) return null
  return { kind, amount_idr, provider_ref, at: instant(at) }
}

const resolutionOf = (payment: ReviewedPayment): ReviewedPaymentView["resolution"] => {
  const { resolution: kind, resolution_note: note, resolved_at: at, resolved_by: staff_id } = payment
  if (kind === null || note === null || at === null || staff_id === null) return null
  return { kind, note, staff_id, at: instant(at) }
}

export const viewAll = Effect.fnUntraced(function*(payments: ReadonlyArray<ReviewedPayment>) {
  const sessions = yield* (yield* Sessions).ofPayments(payments.map((payment) => payment.id))
  return payments.map((payment): ReviewedPaymentView => ({
    ...paymentView(payment, payment.extends_session_id ?? sessions.get(payment.id) ?? null),
    customer_id: payment.customer_id,
    customer_name: payment.customer_name,
    tier_id: payment.tier_id,
    provider: payment.provider,
    provider_ref: payment.provider_ref,
    confirmed_at: instantOrNull(payment.confirmed_at),
    failed_at: instantOrNull(payment.failed_at),
    anomaly: anomalyOf(payment),
    resolution: resolutionOf(payment)
  }))
})

const view = Effect.fnUntraced(function*(payment: ReviewedPayment) {
  const [shown] = yield* viewAll([payment])
  return shown ?? (yield* Effect.die(new Error("one payment has one view")))
})

const beforeOf = Effect.fnUntraced(function*(before: string | null) {
  if (before === null) return null
  return cursorOf(before) ??
    (yield* refuse("BAD_REQUEST", "before must be the next of an earlier page.", { given: before }))
})

const page = Effect.fnUntraced(function*(
  asked: { readonly before: string | null; readonly limit: number },
  list: (options: ReviewPage) => Effect.Effect<ReadonlyArray<ReviewedPayment>, Unavailable, Payments>,
  atOf: (payment: ReviewedPayment) => number | null
) {
  const found = yield* list({ before: yield* beforeOf(asked.before), limit: asked.limit + 1 })
  const shown = found.slice(0, asked.limit)
  const last = shown.at(-1)
  return {
    payments: yield* viewAll(shown),
    next: found.length > asked.limit && last !== undefined ? cursorText(atOf(last), last.id) : null
  }
})

const find = Effect.fnUntraced(function*(paymentId: string) {
  return (yield* (yield* Payments).review(paymentId)) ?? (yield* notFound(paymentId))
})

const notOpen = ({ id, status }: ReviewedPayment) =>
  refuse("PAYMENT_NOT_PENDING", `A payment that is ${status} cannot be searched with.`, {
    payment_id: id,
    status
  })

/** Of two colleagues at once both get the one request; a repeat finds its own, whatever became of it. */
const retry = Effect.fnUntraced(function*(commandId: string, paymentId: string) {
  const payment = yield* find(paymentId)
  if (payment.product !== "chat_session" || payment.confirmed_at === null) return yield* notOpen(payment)
  const entry = yield* entryOf("payment.retry", "payment", paymentId)
  const { failure_cause, status } = payment
  const audit = { ...entry, before: { status, failure_cause }, after: { command_id: commandId } }
  const opened = yield* (yield* Requests).openAgain(
    payment,
    { command_id: commandId, language: payment.language },
    audit
  )
  if (opened._tag === "AlreadyActive") return yield* alreadyActive(opened.session_id)
  if (opened._tag === "NotPaid") return yield* notOpen(yield* find(paymentId))
  if (opened._tag === "Exists" && status !== "confirmed") {
    const session = yield* (yield* Sessions).find(opened.session_id)
    if (session?.opened_by !== commandId) return yield* notOpen(payment)
  }
  return yield* view(yield* find(paymentId))
})

const decide = Effect.fnUntraced(function*(
  { note, payment_id }: { readonly note: string; readonly payment_id: string },
  resolution: Resolution
) {
  const entry = yield* entryOf(`payment.${resolution}`, "payment", payment_id)
  const decided = yield* (yield* Payments).decide({ payment_id, resolution, note }, entry)
  return yield* view(yield* Effect.fromResult(decided))
})

export const layer = AdminPaymentRpcs.toLayer({
  "admin.pricing": () => answering(pricing),
  "admin.tier_put": (payload) => answering(putTier(payload)),
  "admin.tier_deactivate": ({ tier_id, version }) => answering(deactivateTier(tier_id, version)),
  "admin.discount_put": ({ version, ...rule }) => answering(putDiscount(rule, version)),
  "admin.pricing_history": (asked) => answering(history(asked)),
  "admin.pending_payments": (asked) =>
    answering(
      page(asked, (options) =>
        Effect.flatMap(Payments, (desk) => desk.openForReview(options)), (one) =>
        one.created_at)
    ),
  "admin.failed_pairings": (asked) =>
    answering(
      page(asked, (options) => Effect.flatMap(Payments, (desk) => desk.troubled(options)), troubleAt)
    ),
  "admin.payment_retry": ({ command_id, payment_id }) => answering(retry(command_id, payment_id)),
  "admin.payment_set_refunded": (payload) => answering(decide(payload, "refunded")),
  "admin.payment_dismiss": (payload) => answering(decide(payload, "dismissed"))
})
