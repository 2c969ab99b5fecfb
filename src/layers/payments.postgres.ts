// Payments in Postgres: pricing tiers, payment requests and the raw log of webhooks. The payment
// machine decides under the payment's row lock; the sweeps' conditions repeat its words in SQL.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { decide, evolve, notFound, paymentStatuses } from "../domain/payment.ts"
import type { Refusal } from "../domain/refusal.ts"
import { topics } from "../domain/session/state.ts"
import { type Confirmation, type Payment, Payments } from "../services/payments.ts"
import { allOf, firstOf, Millis, storable, timestamp } from "./postgres/columns.ts"
import { answered } from "./postgres/failure.ts"

type ConfirmOptions = Parameters<Payments["Service"]["confirm"]>[0]
type Part<Key extends keyof Payments["Service"]> = Pick<Payments["Service"], Key>

const TierRow = Schema.Struct({
  id: Schema.String,
  label: Schema.String,
  mode: Schema.Literals(["chat", "call"]),
  duration_seconds: Schema.Int,
  price_idr: Schema.Int,
  is_active: Schema.Boolean
})

const PaymentRow = Schema.Struct({
  id: Schema.String,
  customer_id: Schema.String,
  product: Schema.Literals(["chat_session", "extension"]),
  extends_session_id: Schema.NullOr(Schema.String),
  status: Schema.Literals(paymentStatuses),
  tier_id: Schema.String,
  mode: Schema.Literals(["chat", "call"]),
  duration_seconds: Schema.Int,
  amount_idr: Schema.Int,
  kind: Schema.Literals(["blast", "targeted"]),
  target_mitra_id: Schema.NullOr(Schema.String),
  topic: Schema.Literals(topics),
  checkout_url: Schema.String,
  created_at: Millis,
  expires_at: Millis,
  confirmed_at: Schema.NullOr(Millis),
  failure_cause: Schema.NullOr(Schema.String)
})

const tiersOf = allOf(TierRow)
const tierOf = firstOf(TierRow)
const paymentsOf = allOf(PaymentRow)
const paymentOf = firstOf(PaymentRow)
const expiredOf = allOf(Schema.Struct({ id: Schema.String }))
const isUuid = Schema.is(Schema.String.check(Schema.isUUID(), Schema.isLowercased()))

const tierColumns = Object.keys(TierRow.fields).join(", ")
const paymentColumns = Object.keys(PaymentRow.fields).join(", ")

const tiers = (sql: SqlClient.SqlClient): Part<"tiers" | "findTier" | "putTier"> => ({
  tiers: sql`SELECT ${sql.literal(tierColumns)} FROM pricing_tiers WHERE is_active
    ORDER BY price_idr, duration_seconds, id COLLATE "C"`.pipe(Effect.flatMap(tiersOf), answered),
  findTier: (id) =>
    sql`SELECT ${sql.literal(tierColumns)} FROM pricing_tiers WHERE id = ${id}`.pipe(
      Effect.flatMap(tierOf),
      answered
    ),
  putTier: (tier, at) =>
    sql`INSERT INTO pricing_tiers (id, label, mode, duration_seconds, price_idr, is_active, updated_at)
      VALUES (${tier.id}, ${tier.label}, ${tier.mode}, ${tier.duration_seconds}, ${tier.price_idr},
        ${tier.is_active}, ${timestamp(at)})
      ON CONFLICT (id) DO UPDATE SET label = excluded.label, mode = excluded.mode,
        duration_seconds = excluded.duration_seconds, price_idr = excluded.price_idr,
        is_active = excluded.is_active, updated_at = excluded.updated_at,
        version = pricing_tiers.version + 1`.pipe(Effect.asVoid, answered)
})

/** Ids come from outside (a provider's webhook): what we could not have made is no payment. */
const select = (sql: SqlClient.SqlClient, id: string, suffix: "" | "FOR UPDATE") =>
  isUuid(id)
    ? sql`SELECT ${sql.literal(paymentColumns)} FROM payment_requests WHERE id = ${id} ${sql.literal(suffix)}`
      .pipe(Effect.flatMap(paymentOf))
    : Effect.succeed(null)

const insert = (sql: SqlClient.SqlClient, payment: Payment) =>
  sql`INSERT INTO payment_requests (id, customer_id, product, extends_session_id, status, tier_id, mode,
      duration_seconds, amount_idr,
      kind, target_mitra_id, topic, checkout_url, created_at, expires_at)
    VALUES (${payment.id}, ${payment.customer_id}, ${payment.product}, ${payment.extends_session_id},
      'pending', ${payment.tier_id}, ${payment.mode},
      ${payment.duration_seconds}, ${payment.amount_idr}, ${payment.kind}, ${payment.target_mitra_id},
      ${payment.topic}, ${payment.checkout_url}, ${timestamp(payment.created_at)},
      ${timestamp(payment.expires_at)})
    ON CONFLICT (id) DO NOTHING`

const confirm = (sql: SqlClient.SqlClient) =>
  Effect.fnUntraced(
    function*(options: ConfirmOptions) {
      const payment = yield* select(sql, options.payment_id, "FOR UPDATE")
      if (payment === null) return { _tag: "UnknownPayment" } satisfies Confirmation
      const decided = decide(payment, { _tag: "Confirm", amount_idr: options.amount_idr }, options.now)
      if (Result.isFailure(decided.reply)) {
        return { _tag: "AmountMismatch", expected_idr: payment.amount_idr } satisfies Confirmation
      }
      if (decided.events.length === 0) return { _tag: "AlreadyConfirmed", payment } satisfies Confirmation
      const { status } = decided.events.reduce(evolve, payment)
      yield* sql`UPDATE payment_requests SET status = ${status}, confirmed_at = ${timestamp(options.now)},
        provider_ref = ${storable(options.provider_ref)}
      WHERE id = ${payment.id}`
      const confirmed: Payment = { ...payment, status, confirmed_at: options.now }
      return { _tag: "Confirmed", payment: confirmed } satisfies Confirmation
    },
    sql.withTransaction,
    answered
  )

/** Under the payment's lock: a request is opened on it before or after this, never at the same time. */
const abandon = (sql: SqlClient.SqlClient) =>
  Effect.fnUntraced(
    function*({ id }: Pick<Payment, "id">, now: number): Effect.fn.Return<
      Result.Result<Payment, Refusal>,
      SqlError
    > {
      const payment = yield* select(sql, id, "FOR UPDATE")
      if (payment === null) return Result.fail(notFound(id))
      const open = yield* sql`SELECT id FROM chat_sessions WHERE payment_id = ${id}
        AND status IN ('searching', 'pending_acceptance', 'active', 'extending')`
      const decided = decide(payment, { _tag: "Abandon", has_open_request: open.length > 0 }, now)
      if (Result.isFailure(decided.reply)) return Result.fail(decided.reply.failure)
      if (decided.events.length === 0) return Result.succeed(payment)
      const { status } = decided.events.reduce(evolve, payment)
      if (payment.confirmed_at === null) {
        yield* sql`UPDATE payment_requests SET status = ${status} WHERE id = ${id}`
        return Result.succeed({ ...payment, status })
      }
      // Money that came: staff see that it must go back.
      const failure_cause = "abandoned"
      yield* sql`UPDATE payment_requests SET status = ${status}, failure_cause = ${failure_cause},
        failed_at = ${timestamp(now)} WHERE id = ${id}`
      return Result.succeed({ ...payment, status, failure_cause })
    }
  )

const requests = (sql: SqlClient.SqlClient): Part<
  "create" | "find" | "logWebhook" | "confirm" | "abandon"
> => ({
  create: (payment) =>
    payment.status === "pending"
      ? insert(sql, payment).pipe(
        Effect.andThen(select(sql, payment.id, "")),
        Effect.map((stored) => stored ?? payment),
        answered
      )
      : Effect.die(new Error("a payment starts pending")),
  find: (id) => answered(select(sql, id, "")),
  logWebhook: (raw) =>
    sql`INSERT INTO webhook_logs (id, provider, headers, body, received_at)
      VALUES (${raw.id}, ${raw.provider}, ${storable(raw.headers)}, ${storable(raw.body)},
        ${timestamp(raw.at)})
      ON CONFLICT (id) DO NOTHING`.pipe(Effect.asVoid, answered),
  confirm: confirm(sql),
  abandon: (payment, now) => answered(sql.withTransaction(abandon(sql)(payment, now)))
})

const sweeps = (
  sql: SqlClient.SqlClient
): Part<"expireStale" | "confirmedWithoutSession" | "recordFailure" | "fail"> => ({
  // SKIP LOCKED: a payment that is being confirmed at this moment is left to its confirmation.
  expireStale: (now, limit) =>
    sql`WITH stale AS (
        SELECT id FROM payment_requests WHERE status = 'pending' AND expires_at <= ${timestamp(now)}
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
  Effect.map(SqlClient.SqlClient, (sql) => Payments.of({ ...tiers(sql), ...requests(sql), ...sweeps(sql) }))
)
