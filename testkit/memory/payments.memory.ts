// Payments in memory: payment requests and raw webhooks as rows of the shared in-memory store.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import {
  abandonedCause,
  decide,
  evolve,
  givenBackCause,
  notFound,
  type PaymentAnomaly
} from "../../src/domain/payment.ts"
import { type NewOrder, type OrderPlace, placeOf } from "../../src/domain/open-orders.ts"
import type { Refusal } from "../../src/domain/refusal.ts"
import {
  type Confirmation,
  type NewPayment,
  openPaymentsMax,
  type Payment,
  Payments
} from "../../src/services/payments/payments.ts"
import { review } from "./payment-review.memory.ts"
import { hold, holdReference } from "./store/constraints.ts"
import { hasOpenRequest, paymentOf } from "./store/payment-rows.ts"
import { betweenStatements } from "./store/statements.ts"
import { MemoryTables, type PaymentRow, type Tables } from "./store/tables.ts"

type ConfirmOptions = Parameters<Payments["Service"]["confirm"]>[0]

const byId = (a: { readonly id: string }, b: { readonly id: string }): number => (a.id < b.id ? -1 : 1)
const newestFirst = (a: PaymentRow, b: PaymentRow): number => b.created_at - a.created_at || byId(b, a)

const create = (tables: Tables, given: NewPayment): Payment => {
  const payment: Payment = {
    provider: "builtin",
    discount_idr: 0,
    next_check_at: null,
    language: null,
    ...given
  }
  hold(payment.status === "pending", "a payment starts pending")
  hold(payment.duration_seconds > 0, "payment_requests_duration_seconds_check")
  hold(payment.amount_idr >= 0, "payment_requests_amount_idr_check")
  hold(payment.discount_idr >= 0, "payment_requests_discount_idr_check")
  hold(payment.expires_at > payment.created_at, "payment_requests_check1")
  hold((payment.kind === "targeted") === (payment.target_mitra_id !== null), "payment_requests_check")
  const isExtension = payment.product === "extension"
  hold(isExtension === (payment.extends_session_id !== null), "payment_requests_check2")
  const stored = tables.payment_requests.get(payment.id)
  if (stored !== undefined) return paymentOf(stored)
  holdReference(tables.customers, payment.customer_id, "payment_requests_customer_id_fkey")
  holdReference(tables.pricing_tiers, payment.tier_id, "payment_requests_tier_id_fkey")
  holdReference(tables.mitras, payment.target_mitra_id, "payment_requests_target_mitra_id_fkey")
  holdReference(tables.chat_sessions, payment.extends_session_id, "payment_requests_extends_session_id_fkey")
  tables.payment_requests.set(payment.id, {
    ...payment,
    confirmed_at: null,
    failure_cause: null,
    provider_ref: null,
    failed_at: null,
    anomaly: null,
    anomaly_idr: null,
    anomaly_ref: null,
    anomaly_at: null,
    resolution: null,
    resolution_note: null,
    resolved_by: null,
    resolved_at: null
  })
  return payment
}

const rowsOf = (tables: Tables, customerId: string): ReadonlyArray<PaymentRow> =>
  tables.payment_requests.where("customer", customerId)

const beginOrder = (tables: Tables, order: NewOrder): OrderPlace => {
  const { customer_id } = order
  const pending = rowsOf(tables, customer_id).filter(({ status }) => status === "pending")
  const place = placeOf(
    order,
    new Map(pending.map(({ expires_at, id }) => [id, expires_at])),
    tables.orders_begun.get(customer_id) ?? new Map()
  )
  if (place._tag === "Begun") tables.orders_begun.set(customer_id, place.begun)
  return place
}

const endOrder = (tables: Tables, customerId: string, paymentId: string): void => {
  const others = [...tables.orders_begun.get(customerId) ?? []].filter(([id]) => id !== paymentId)
  if (others.length === 0) tables.orders_begun.delete(customerId)
  else tables.orders_begun.set(customerId, new Map(others))
}

/** Money for a session has come, or a discount still waits to be paid. */
const discountIsGone = (tables: Tables, customerId: string): boolean =>
  rowsOf(tables, customerId).some((row) =>
    row.product === "chat_session" && (
      (row.confirmed_at !== null && (row.status === "consumed" || row.resolution !== "refunded")) ||
      (row.discount_idr > 0 && (row.status === "pending" || row.next_check_at !== null))
    )
  )

const createDiscounted = (tables: Tables, payment: NewPayment): Payment | null => {
  const stored = tables.payment_requests.get(payment.id)
  if (stored !== undefined) return paymentOf(stored)
  return discountIsGone(tables, payment.customer_id) ? null : create(tables, payment)
}

/** Told once per reference: its repeats are no news. */
const recordAnomaly = (tables: Tables, row: PaymentRow, anomaly: PaymentAnomaly, options: ConfirmOptions) => {
  if (row.anomaly_ref === options.provider_ref) return
  tables.payment_requests.set(row.id, {
    ...row,
    anomaly,
    anomaly_idr: Math.round(options.amount_idr),
    anomaly_ref: options.provider_ref,
    anomaly_at: options.now
  })
}

/** A repeat of the notice that confirmed it, or other money for what is paid already. */
const heardAgain = (tables: Tables, row: PaymentRow, options: ConfirmOptions): Confirmation => {
  const payment = paymentOf(row)
  if (row.provider_ref === options.provider_ref) return { _tag: "AlreadyConfirmed", payment }
  recordAnomaly(tables, row, "paid_twice", options)
  return { _tag: "PaidTwice", payment }
}

const confirm = (tables: Tables, options: ConfirmOptions): Confirmation => {
  const row = tables.payment_requests.get(options.payment_id)
  if (row === undefined) return { _tag: "UnknownPayment" }
  const discount_is_taken = row.discount_idr > 0 &&
    rowsOf(tables, row.customer_id).some((other) =>
      other.id !== row.id && other.discount_idr > 0 && other.confirmed_at !== null &&
      (other.status === "consumed" || other.resolution !== "refunded")
    )
  const command = { _tag: "Confirm", amount_idr: options.amount_idr, discount_is_taken } as const
  const decided = decide(row, command, options.now)
  if (Result.isFailure(decided.reply)) {
    recordAnomaly(tables, row, "amount_mismatch", options)
    return { _tag: "AmountMismatch", expected_idr: row.amount_idr }
  }
  if (decided.events.length === 0) return heardAgain(tables, row, options)
  const { status } = decided.events.reduce(evolve, row)
  const { now, provider_ref } = options
  const failure_cause = givenBackCause(decided.events)
  const failure = failure_cause === null ? {} : { failure_cause, failed_at: now }
  const confirmed = { ...row, status, confirmed_at: now, provider_ref, next_check_at: null, ...failure }
  tables.payment_requests.set(row.id, confirmed)
  return { _tag: "Confirmed", payment: paymentOf(confirmed) }
}

const abandon = (tables: Tables, id: string, now: number): Result.Result<Payment, Refusal> => {
  const row = tables.payment_requests.get(id)
  if (row === undefined) return Result.fail(notFound(id))
  const decided = decide(row, { _tag: "Abandon", has_open_request: hasOpenRequest(tables, id) }, now)
  if (Result.isFailure(decided.reply)) return Result.fail(decided.reply.failure)
  if (decided.events.length === 0) return Result.succeed(paymentOf(row))
  const { status } = decided.events.reduce(evolve, row)
  const failure = row.confirmed_at === null ? {} : { failure_cause: abandonedCause, failed_at: now }
  const abandoned = { ...row, status, ...failure }
  tables.payment_requests.set(id, abandoned)
  return Result.succeed(paymentOf(abandoned))
}

const fail = (tables: Tables, id: string, cause: string, now: number): void => {
  const row = tables.payment_requests.get(id)
  if (row?.status !== "confirmed") return
  tables.payment_requests.set(id, { ...row, status: "failed_pairing", failure_cause: cause, failed_at: now })
}

const expireStale = (tables: Tables, now: number, limit: number): ReadonlyArray<string> => {
  const stale = tables.payment_requests.where("status", "pending")
    .filter((row) => row.next_check_at === null && decide(row, { _tag: "Expire" }, now).events.length > 0)
    .toSorted((a, b) => a.expires_at - b.expires_at || byId(a, b))
    .slice(0, limit)
  for (const row of stale) tables.payment_requests.set(row.id, { ...row, status: "expired" })
  return stale.map((row) => row.id)
}

const dueForCheck = (tables: Tables, now: number, limit: number): ReadonlyArray<Payment> =>
  tables.payment_requests.where("watched", "yes")
    .flatMap((row) =>
      row.next_check_at !== null && row.next_check_at <= now
        ? [{ row, next_check_at: row.next_check_at }]
        : []
    )
    .toSorted((a, b) => a.next_check_at - b.next_check_at || byId(a.row, b.row))
    .slice(0, limit)
    .map(({ row }) => paymentOf(row))

const checked = (tables: Tables, id: string, next: number | null, now: number): void => {
  const row = tables.payment_requests.get(id)
  if (row === undefined || row.next_check_at === null) return
  const isOver = next === null && row.status === "pending" && row.expires_at <= now
  tables.payment_requests.set(id, { ...row, next_check_at: next, status: isOver ? "expired" : row.status })
}

const lastTriedAt = (row: PaymentRow): number => row.failed_at ?? row.confirmed_at ?? row.created_at

const withoutSession = (tables: Tables, limit: number): ReadonlyArray<Payment> => {
  return tables.payment_requests.where("status", "confirmed")
    .filter((row) => tables.chat_sessions.where("payment", row.id).length === 0)
    .toSorted((a, b) => lastTriedAt(a) - lastTriedAt(b) || byId(a, b))
    .slice(0, limit)
    .map(paymentOf)
}

/** The order waits for its money no more: Postgres is asked a second time, under its lock. */
const wasOtherwise = (tables: Tables, { payment_id, seen }: ConfirmOptions): boolean => {
  if (seen?.status !== "pending" || seen.discount_idr > 0) return false
  return tables.payment_requests.get(payment_id)?.status !== "pending"
}

export const layer = Layer.effect(Payments)(
  Effect.gen(function*() {
    const tables = yield* MemoryTables
    return Payments.of({
      beginOrder: (order) => Effect.sync(() => beginOrder(tables, order)),
      endOrder: ({ customer_id, payment_id }) => Effect.sync(() => endOrder(tables, customer_id, payment_id)),
      ...review(tables),
      create: (payment) =>
        Effect.sync(() => create(tables, payment)).pipe(
          Effect.tap(betweenStatements),
          Effect.map((made) => {
            const stored = tables.payment_requests.get(made.id)
            return stored === undefined ? made : paymentOf(stored)
          })
        ),
      createDiscounted: (payment) => Effect.sync(() => createDiscounted(tables, payment)),
      mayHaveDiscount: (customerId) => Effect.sync(() => !discountIsGone(tables, customerId)),
      openOf: (customerId) =>
        Effect.sync(() =>
          rowsOf(tables, customerId).filter((row) => row.status === "pending" || row.status === "confirmed")
            .toSorted(newestFirst).slice(0, openPaymentsMax).map(paymentOf)
        ),
      find: (id) =>
        Effect.sync(() => {
          const row = tables.payment_requests.get(id)
          return row === undefined ? null : paymentOf(row)
        }),
      logWebhook: (raw) =>
        Effect.sync(() => {
          if (!tables.webhook_logs.has(raw.id)) tables.webhook_logs.set(raw.id, raw)
        }),
      abandon: ({ id }, now) => Effect.sync(() => abandon(tables, id, now)),
      fail: (id, cause, at) => Effect.sync(() => fail(tables, id, cause, at)),
      confirm: (options) =>
        Effect.suspend(() => wasOtherwise(tables, options) ? betweenStatements : Effect.void).pipe(
          Effect.map(() => confirm(tables, options))
        ),
      dueForCheck: (now, limit) => Effect.sync(() => dueForCheck(tables, now, limit)),
      checked: (id, next, now) => Effect.sync(() => checked(tables, id, next, now)),
      expireStale: (now, limit) => Effect.sync(() => expireStale(tables, now, limit)),
      confirmedWithoutSession: (limit) => Effect.sync(() => withoutSession(tables, limit)),
      recordFailure: (paymentId, cause, at) =>
        Effect.sync(() => {
          const row = tables.payment_requests.get(paymentId)
          if (row?.status !== "confirmed") return
          tables.payment_requests.set(paymentId, { ...row, failure_cause: cause, failed_at: at })
        })
    })
  })
)
