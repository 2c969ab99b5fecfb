// Payments in Postgres: payment requests and the raw log of webhooks. The payment machine decides under the
// payment's row lock; the sweeps' conditions repeat its words in SQL.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import {
  abandonedCause,
  decide,
  evolve,
  givenBackCause,
  notFound,
  type PaymentAnomaly,
  type PaymentEvent,
  type PaymentState
} from "../../domain/payment.ts"
import type { Refusal } from "../../domain/refusal.ts"
import {
  type Confirmation,
  type NewPayment,
  openPaymentsMax,
  type Payment,
  Payments
} from "../../services/payments/payments.ts"
import { allOf, firstOf, storable, timestamp, timestampOrNull } from "../platform/postgres/columns.ts"
import { answered } from "../platform/postgres/failure.ts"
import { insertRows } from "../platform/postgres/table.ts"
import { paymentRequests } from "./payment-requests.table.ts"
import { openOrders } from "./open-orders.postgres.ts"
import { review } from "./payment-review.postgres.ts"
import { hasOpenRequest, paymentColumns, paymentsOf, selectPayment } from "./payment-rows.postgres.ts"

type Sql = SqlClient.SqlClient
type ConfirmOptions = Parameters<Payments["Service"]["confirm"]>[0]
type Part<Key extends keyof Payments["Service"]> = Pick<Payments["Service"], Key>

const expiredOf = allOf(Schema.Struct({ id: Schema.String }))
const refOf = firstOf(Schema.Struct({ provider_ref: Schema.NullOr(Schema.String) }))

const newPayment = insertRows(paymentRequests, { end: "ON CONFLICT (id) DO NOTHING" })

const insert = (sql: Sql, payment: NewPayment) => {
  const { discount_idr = 0, language = null, next_check_at = null, provider = "builtin", ...row } = payment
  const document = newPayment.document([{ ...row, discount_idr, language, look_at: next_check_at, provider }])
  return sql.unsafe(newPayment.text, [document])
}

const startsPending = (payment: NewPayment): Effect.Effect<void> =>
  payment.status === "pending" ? Effect.void : Effect.die(new Error("a payment starts pending"))

const create = Effect.fnUntraced(function*(sql: Sql, payment: NewPayment) {
  yield* startsPending(payment)
  yield* insert(sql, payment)
  const stored = yield* selectPayment(sql, payment.id, "")
  return stored ?? (yield* Effect.die(new Error(`payment ${payment.id} vanished`)))
})

/** Money for a session has come, or a discount still waits to be paid. */
const discountIsGone = (sql: Sql, customerId: string) =>
  sql`SELECT id FROM payment_requests WHERE customer_id = ${customerId} AND product = 'chat_session' AND (
      (confirmed_at IS NOT NULL AND (status = 'consumed' OR resolution IS DISTINCT FROM 'refunded'))
      OR (discount_idr > 0 AND (status = 'pending' OR look_at IS NOT NULL))
    ) LIMIT 1`.pipe(Effect.map((rows) => rows.length > 0))

/** One after the other per customer: what must not be there twice is a row that does not exist yet. */
const createDiscounted = (sql: Sql) =>
  Effect.fnUntraced(
    function*(payment: NewPayment) {
      yield* sql`SELECT id FROM customers WHERE id = ${payment.customer_id} FOR NO KEY UPDATE`
      const before = yield* selectPayment(sql, payment.id, "")
      if (before !== null) return before
      if (yield* discountIsGone(sql, payment.customer_id)) return null
      return yield* create(sql, payment)
    },
    sql.withTransaction,
    answered
  )

/**
 * Another order with the discount was paid and not given back. Under the customer's lock: of two that are
 * paid in one moment, the second one sees the first.
 */
const discountIsTaken = Effect.fnUntraced(function*(sql: Sql, payment: Payment) {
  if (payment.discount_idr === 0 || payment.confirmed_at !== null) return false
  yield* sql`SELECT id FROM customers WHERE id = ${payment.customer_id} FOR NO KEY UPDATE`
  const others = yield* sql`SELECT id FROM payment_requests
    WHERE customer_id = ${payment.customer_id} AND id <> ${payment.id} AND discount_idr > 0
      AND confirmed_at IS NOT NULL AND (status = 'consumed' OR resolution IS DISTINCT FROM 'refunded')
    LIMIT 1`
  return others.length > 0
})

/** Told once per reference: its repeats are no news. */
const recordAnomaly = (sql: Sql, anomaly: PaymentAnomaly, options: ConfirmOptions) =>
  sql`UPDATE payment_requests SET anomaly = ${anomaly}, anomaly_idr = ${Math.round(options.amount_idr)},
      anomaly_ref = ${storable(options.provider_ref)}, anomaly_at = ${timestamp(options.now)}
    WHERE id = ${options.payment_id} AND anomaly_ref IS DISTINCT FROM ${storable(options.provider_ref)}`

/** A repeat of the notice that confirmed it, or other money for what is paid already. */
const heardAgain = Effect.fnUntraced(function*(sql: Sql, payment: Payment, options: ConfirmOptions) {
  const stored = yield* sql`SELECT provider_ref FROM payment_requests WHERE id = ${payment.id}`.pipe(
    Effect.flatMap(refOf)
  )
  if (stored?.provider_ref === storable(options.provider_ref)) {
    return { _tag: "AlreadyConfirmed", payment } satisfies Confirmation
  }
  yield* recordAnomaly(sql, "paid_twice", options)
  return { _tag: "PaidTwice", payment } satisfies Confirmation
})

/** Written if it still is as it was decided about; gives the row that was. */
const writeConfirmed = (
  sql: Sql,
  payment: Payment,
  events: ReadonlyArray<PaymentEvent>,
  { now, provider_ref }: ConfirmOptions
) => {
  const { status } = events.reduce(evolve, payment)
  const given_back = givenBackCause(events)
  return sql`UPDATE payment_requests SET status = ${status}, confirmed_at = ${timestamp(now)},
      provider_ref = ${storable(provider_ref)}, look_at = NULL,
      failure_cause = coalesce(${given_back}, failure_cause),
      failed_at = coalesce(${timestampOrNull(given_back === null ? null : now)}::timestamptz, failed_at)
    WHERE id = ${payment.id} AND status = ${payment.status} AND confirmed_at IS NULL RETURNING id`
}

const confirmedBy = (
  payment: Payment,
  events: ReadonlyArray<PaymentEvent>,
  { now }: ConfirmOptions
): Confirmation => ({
  _tag: "Confirmed",
  payment: {
    ...payment,
    status: events.reduce(evolve, payment as PaymentState).status,
    failure_cause: givenBackCause(events) ?? payment.failure_cause,
    confirmed_at: now,
    next_check_at: null
  }
})

const underLock = (sql: Sql) =>
  Effect.fnUntraced(
    function*(options: ConfirmOptions): Effect.fn.Return<Confirmation, SqlError> {
      const payment = yield* selectPayment(sql, options.payment_id, "FOR UPDATE")
      if (payment === null) return { _tag: "UnknownPayment" } satisfies Confirmation
      const discount_is_taken = yield* discountIsTaken(sql, payment)
      const command = { _tag: "Confirm", amount_idr: options.amount_idr, discount_is_taken } as const
      const decided = decide(payment, command, options.now)
      if (Result.isFailure(decided.reply)) {
        yield* recordAnomaly(sql, "amount_mismatch", options)
        return { _tag: "AmountMismatch", expected_idr: payment.amount_idr } satisfies Confirmation
      }
      if (decided.events.length === 0) return yield* heardAgain(sql, payment, options)
      yield* writeConfirmed(sql, payment, decided.events, options)
      return confirmedBy(payment, decided.events, options)
    },
    sql.withTransaction
  )

/**
 * An order that waits for its money and has no discount depends on its own row alone, and that is written
 * only as it was seen. Null: it is not such an order (any more), and is to be decided about under its lock.
 */
const confirmSeen = Effect.fnUntraced(function*(sql: Sql, options: ConfirmOptions) {
  const payment = options.seen ?? null
  if (payment?.status !== "pending" || payment.discount_idr > 0) return null
  const { events } = decide(payment, { _tag: "Confirm", amount_idr: options.amount_idr }, options.now)
  if (events.length === 0) return null
  const written = yield* writeConfirmed(sql, payment, events, options)
  return written.length === 0 ? null : confirmedBy(payment, events, options)
})

const confirm = (sql: Sql) => {
  const confirmLocked = underLock(sql)
  return (options: ConfirmOptions) =>
    answered(Effect.flatMap(
      confirmSeen(sql, options),
      (confirmed) => confirmed === null ? confirmLocked(options) : Effect.succeed(confirmed)
    ))
}

/** Under the payment's lock: a request is opened on it before or after this, never at the same time. */
const abandon = (sql: Sql) =>
  Effect.fnUntraced(
    function*({ id }: Pick<Payment, "id">, now: number): Effect.fn.Return<
      Result.Result<Payment, Refusal>,
      SqlError
    > {
      const payment = yield* selectPayment(sql, id, "FOR UPDATE")
      if (payment === null) return Result.fail(notFound(id))
      const has_open_request = yield* hasOpenRequest(sql, id)
      const decided = decide(payment, { _tag: "Abandon", has_open_request }, now)
      if (Result.isFailure(decided.reply)) return Result.fail(decided.reply.failure)
      if (decided.events.length === 0) return Result.succeed(payment)
      const { status } = decided.events.reduce(evolve, payment)
      if (payment.confirmed_at === null) {
        yield* sql`UPDATE payment_requests SET status = ${status} WHERE id = ${id}`
        return Result.succeed({ ...payment, status })
      }
      // Money that came: staff see that it must go back.
      const failure_cause = abandonedCause
      yield* sql`UPDATE payment_requests SET status = ${status}, failure_cause = ${failure_cause},
        failed_at = ${timestamp(now)} WHERE id = ${id}`
      return Result.succeed({ ...payment, status, failure_cause })
    }
  )

const requests = (sql: Sql): Part<
  | "create"
  | "createDiscounted"
  | "mayHaveDiscount"
  | "openOf"
  | "find"
  | "logWebhook"
  | "confirm"
  | "abandon"
> => ({
  create: (payment) => answered(create(sql, payment)),
  createDiscounted: createDiscounted(sql),
  mayHaveDiscount: (customerId) =>
    discountIsGone(sql, customerId).pipe(Effect.map((isGone) => !isGone), answered),
  openOf: (customerId) =>
    sql`SELECT ${sql.literal(paymentColumns)} FROM payment_requests
      WHERE customer_id = ${customerId} AND status IN ('pending', 'confirmed')
      ORDER BY created_at DESC, id DESC LIMIT ${openPaymentsMax}`.pipe(Effect.flatMap(paymentsOf), answered),
  find: (id) => answered(selectPayment(sql, id, "")),
  logWebhook: (raw) =>
    sql`INSERT INTO webhook_logs (id, provider, headers, body, received_at)
      VALUES (${raw.id}, ${raw.provider}, ${storable(raw.headers)}, ${storable(raw.body)},
        ${timestamp(raw.at)})
      ON CONFLICT (id) DO NOTHING`.pipe(Effect.asVoid, answered),
  confirm: confirm(sql),
  abandon: (payment, now) => answered(sql.withTransaction(abandon(sql)(payment, now)))
})

const checks = (sql: Sql): Part<"dueForCheck" | "checked"> => ({
  dueForCheck: (now, limit) =>
    sql`SELECT ${sql.literal(paymentColumns)} FROM payment_requests WHERE look_at <= ${timestamp(now)}
      ORDER BY look_at, id LIMIT ${limit}`.pipe(Effect.flatMap(paymentsOf), answered),
  // What was confirmed meanwhile is not checked any more.
  checked: (paymentId, next, now) =>
    sql`UPDATE payment_requests SET look_at = ${timestampOrNull(next)}, status = CASE
        WHEN ${next === null} AND status = 'pending' AND expires_at <= ${timestamp(now)} THEN 'expired'
        ELSE status END
      WHERE id = ${paymentId} AND look_at IS NOT NULL`.pipe(Effect.asVoid, answered)
})

const sweeps = (
  sql: Sql
): Part<"expireStale" | "confirmedWithoutSession" | "recordFailure" | "fail"> => ({
  // SKIP LOCKED: a payment that is being confirmed at this moment is left to its confirmation.
  expireStale: (now, limit) =>
    sql`WITH stale AS (
        SELECT id FROM payment_requests
        WHERE status = 'pending' AND expires_at <= ${timestamp(now)} AND look_at IS NULL
        ORDER BY expires_at, id LIMIT ${limit} FOR UPDATE SKIP LOCKED
      ), expired AS (
        UPDATE payment_requests SET status = 'expired' FROM stale WHERE payment_requests.id = stale.id
        RETURNING payment_requests.id, payment_requests.expires_at
      )
      SELECT id FROM expired ORDER BY expires_at, id`.pipe(
      Effect.flatMap(expiredOf),
      Effect.map((rows) => rows.map((row) => row.id)),
      answered
    ),
  confirmedWithoutSession: (limit) =>
    sql`SELECT ${sql.literal(paymentColumns)} FROM payment_requests
      WHERE status = 'confirmed' AND NOT EXISTS (
        SELECT 1 FROM chat_sessions WHERE chat_sessions.payment_id = payment_requests.id)
      ORDER BY coalesce(failed_at, confirmed_at), id LIMIT ${limit}`.pipe(
      Effect.flatMap(paymentsOf),
      answered
    ),
  fail: (paymentId, cause, at) =>
    sql`UPDATE payment_requests SET status = 'failed_pairing', failure_cause = ${cause},
        failed_at = ${timestamp(at)}
      WHERE id = ${paymentId} AND status = 'confirmed'`.pipe(Effect.asVoid, answered),
  recordFailure: (paymentId, cause, at) =>
    sql`UPDATE payment_requests SET failure_cause = ${cause}, failed_at = ${timestamp(at)}
      WHERE id = ${paymentId} AND status = 'confirmed'`.pipe(Effect.asVoid, answered)
})

export const layer = Layer.effect(Payments)(
  Effect.map(
    SqlClient.SqlClient,
    (sql) =>
      Payments.of({
        ...openOrders(sql),
        ...requests(sql),
        ...checks(sql),
        ...sweeps(sql),
        ...review(sql)
      })
  )
)
