// Payments in memory: tiers, payment requests and raw webhooks as rows of the shared in-memory store.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import { decide, evolve, notFound } from "../domain/payment.ts"
import type { Refusal } from "../domain/refusal.ts"
import { blockingStatuses } from "../domain/session/state.ts"
import { type Confirmation, type Payment, Payments, type PricingTier } from "../services/payments.ts"
import { hold, holdReference } from "./memory/constraints.ts"
import { MemoryTables, type PaymentRow, type PricingTierRow, type Tables } from "./memory/tables.ts"

type ConfirmOptions = Parameters<Payments["Service"]["confirm"]>[0]

const tierOf = ({ version: _v, updated_at: _u, ...tier }: PricingTierRow): PricingTier => tier
const paymentOf = ({ provider_ref: _p, failed_at: _f, ...payment }: PaymentRow): Payment => payment

const byId = (a: { readonly id: string }, b: { readonly id: string }): number => (a.id < b.id ? -1 : 1)

const onSale = (tables: Tables): ReadonlyArray<PricingTier> =>
  [...tables.pricing_tiers.values()]
    .filter((tier) => tier.is_active)
    .toSorted((a, b) => a.price_idr - b.price_idr || a.duration_seconds - b.duration_seconds || byId(a, b))
    .map(tierOf)

const putTier = (tables: Tables, tier: PricingTier, at: number): void => {
  hold(/^[a-z0-9_-]{1,40}$/.test(tier.id), "pricing_tiers_id_check")
  hold(tier.duration_seconds >= 1 && tier.duration_seconds <= 86_400, "pricing_tiers_duration_seconds_check")
  hold(tier.price_idr >= 0, "pricing_tiers_price_idr_check")
  const version = (tables.pricing_tiers.get(tier.id)?.version ?? 0) + 1
  tables.pricing_tiers.set(tier.id, { ...tier, version, updated_at: at })
}

const create = (tables: Tables, payment: Payment): Payment => {
  hold(payment.status === "pending", "a payment starts pending")
  hold(payment.duration_seconds > 0, "payment_requests_duration_seconds_check")
  hold(payment.amount_idr >= 0, "payment_requests_amount_idr_check")
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
  tables.payment_requests.set(payment.id, { ...payment, provider_ref: null, failed_at: null })
  return payment
}

const confirm = (tables: Tables, options: ConfirmOptions): Confirmation => {
  const row = tables.payment_requests.get(options.payment_id)
  if (row === undefined) return { _tag: "UnknownPayment" }
  const decided = decide(row, { _tag: "Confirm", amount_idr: options.amount_idr }, options.now)
  if (Result.isFailure(decided.reply)) return { _tag: "AmountMismatch", expected_idr: row.amount_idr }
  if (decided.events.length === 0) return { _tag: "AlreadyConfirmed", payment: paymentOf(row) }
  const { status } = decided.events.reduce(evolve, row)
  const confirmed = { ...row, status, confirmed_at: options.now, provider_ref: options.provider_ref }
  tables.payment_requests.set(row.id, confirmed)
  return { _tag: "Confirmed", payment: paymentOf(confirmed) }
}

const isOpenOn = (tables: Tables, paymentId: string): boolean =>
  [...tables.chat_sessions.values()].some((row) =>
    row.payment_id === paymentId && blockingStatuses.includes(row.status)
  )

const abandon = (tables: Tables, id: string, now: number): Result.Result<Payment, Refusal> => {
  const row = tables.payment_requests.get(id)
  if (row === undefined) return Result.fail(notFound(id))
  const decided = decide(row, { _tag: "Abandon", has_open_request: isOpenOn(tables, id) }, now)
  if (Result.isFailure(decided.reply)) return Result.fail(decided.reply.failure)
  if (decided.events.length === 0) return Result.succeed(paymentOf(row))
  const { status } = decided.events.reduce(evolve, row)
  const failure = row.confirmed_at === null ? {} : { failure_cause: "abandoned", failed_at: now }
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
  const stale = [...tables.payment_requests.values()]
    .filter((row) => decide(row, { _tag: "Expire" }, now).events.length > 0)
    .toSorted((a, b) => a.expires_at - b.expires_at || byId(a, b))
    .slice(0, limit)
  for (const row of stale) tables.payment_requests.set(row.id, { ...row, status: "expired" })
  return stale.map((row) => row.id)
}

const lastTriedAt = (row: PaymentRow): number => row.failed_at ?? row.confirmed_at ?? row.created_at

const withoutSession = (tables: Tables, limit: number): ReadonlyArray<Payment> => {
  const used = new Set([...tables.chat_sessions.values()].map((session) => session.payment_id))
  return [...tables.payment_requests.values()]
    .filter((row) => row.status === "confirmed" && !used.has(row.id))
    .toSorted((a, b) => lastTriedAt(a) - lastTriedAt(b) || byId(a, b))
    .slice(0, limit)
    .map(paymentOf)
}

export const layer = Layer.effect(Payments)(
  Effect.gen(function*() {
    const tables = yield* MemoryTables
    return Payments.of({
      tiers: Effect.sync(() => onSale(tables)),
      findTier: (id) =>
        Effect.sync(() => {
          const row = tables.pricing_tiers.get(id)
          return row === undefined ? null : tierOf(row)
        }),
      putTier: (tier, at) => Effect.sync(() => putTier(tables, tier, at)),
      create: (payment) => Effect.sync(() => create(tables, payment)),
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
      confirm: (options) => Effect.sync(() => confirm(tables, options)),
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
