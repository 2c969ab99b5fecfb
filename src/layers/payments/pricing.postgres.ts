// Pricing in Postgres: tiers, the first session's discount and their history. Writers come one after the
// other by a table lock: prices change rarely, and the history must follow every change.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { type DiscountRule, discountKinds, type PricingTier } from "../../domain/pricing.ts"
import type { Refusal } from "../../domain/refusal.ts"
import type { ChangeEntry } from "../../domain/audit.ts"
import type { FirstSessionDiscount, PricedTier } from "../../domain/pricing-change.ts"
import { Pricing } from "../../services/payments/pricing.ts"
import { insertAuditEntry } from "../accounts/audit-log.postgres.ts"
import { allOf, BigCount, firstOf, Millis, timestamp } from "../platform/postgres/columns.ts"
import { answered } from "../platform/postgres/failure.ts"
import { type Change, discountChange, tierChange } from "../../domain/pricing-change.ts"

type Sql = SqlClient.SqlClient

const tierFields = {
  id: Schema.String,
  label: Schema.String,
  mode: Schema.Literals(["chat", "call"]),
  duration_seconds: Schema.Int,
  price_idr: Schema.Int,
  is_active: Schema.Boolean
}
const tiersOf = allOf(Schema.Struct(tierFields))
const tierOf = firstOf(Schema.Struct(tierFields))
const versioned = { version: Schema.Int, updated_at: Millis }
const pricedTiersOf = allOf(Schema.Struct({ ...tierFields, ...versioned }))
const discountsOf = allOf(
  Schema.Struct({
    kind: Schema.Literals(discountKinds),
    value: Schema.Int,
    is_active: Schema.Boolean,
    ...versioned
  })
)
const changesOf = allOf(Schema.Struct({
  id: BigCount,
  subject: Schema.Literals(["tier", "discount"]),
  subject_id: Schema.String,
  version: Schema.Int,
  before: Schema.Json,
  after: Schema.Json,
  staff_id: Schema.NullOr(Schema.String),
  at: Millis
}))

const tierColumns = Object.keys(tierFields).join(", ")
const tiersMax = 200

const selectTiers = (sql: Sql) =>
  sql`SELECT ${sql.literal(tierColumns)}, version, updated_at FROM pricing_tiers`

const discount = (sql: Sql) =>
  sql`SELECT kind, value, is_active, version, updated_at FROM pricing_discounts`.pipe(
    Effect.flatMap(discountsOf),
    Effect.map((rows) => rows[0] ?? null)
  )

const insertHistory = (sql: Sql, change: Change, staffId: string | null, at: number) =>
  sql`INSERT INTO pricing_history (subject, subject_id, version, before, after, staff_id, at)
    VALUES (${change.subject}, ${change.subject_id}, ${change.version}, ${
    JSON.stringify(change.before)
  }::jsonb,
      ${JSON.stringify(change.after)}::jsonb, ${staffId}, ${timestamp(at)})`

/** The history, and for staff the audit log: in the transaction of the change. */
const record = Effect.fnUntraced(function*(sql: Sql, change: Change, entry: ChangeEntry | null, at: number) {
  const { after, before } = change
  yield* insertHistory(sql, change, entry?.staff_id ?? null, at)
  if (entry !== null) yield* insertAuditEntry(sql, { ...entry, before, after })
})

const upsertTier = (sql: Sql, tier: PricingTier, version: number, at: number) =>
  sql`INSERT INTO pricing_tiers (id, label, mode, duration_seconds, price_idr, is_active, version, updated_at)
    VALUES (${tier.id}, ${tier.label}, ${tier.mode}, ${tier.duration_seconds}, ${tier.price_idr},
      ${tier.is_active}, ${version}, ${timestamp(at)})
    ON CONFLICT (id) DO UPDATE SET label = excluded.label, mode = excluded.mode,
      duration_seconds = excluded.duration_seconds, price_idr = excluded.price_idr,
      is_active = excluded.is_active, version = excluded.version, updated_at = excluded.updated_at`

/** `expected` null: whatever is there is replaced (the seed's way). */
const writeTier = (sql: Sql) =>
  Effect.fnUntraced(
    function*(tier: PricingTier, expected: number | null, entry: ChangeEntry | null, at: number) {
      yield* sql`LOCK TABLE pricing_tiers IN SHARE ROW EXCLUSIVE MODE`
      const found = yield* sql`${selectTiers(sql)} WHERE id = ${tier.id}`.pipe(Effect.flatMap(pricedTiersOf))
      const change = tierChange(found[0] ?? null, tier, expected, at)
      if (change._tag === "Refused") return Result.fail<Refusal>(change.refusal)
      if (change._tag === "Same") return Result.succeed<PricedTier>(change.value)
      yield* upsertTier(sql, tier, change.value.version, at)
      yield* record(sql, change, entry, at)
      return Result.succeed<PricedTier>(change.value)
    },
    sql.withTransaction,
    answered
  )

const writeDiscount = (sql: Sql) =>
  Effect.fnUntraced(
    function*(rule: DiscountRule, expected: number, entry: ChangeEntry) {
      yield* sql`LOCK TABLE pricing_discounts IN SHARE ROW EXCLUSIVE MODE`
      const change = discountChange(yield* discount(sql), rule, expected, entry.at)
      if (change._tag === "Refused") return Result.fail<Refusal>(change.refusal)
      if (change._tag === "Same") return Result.succeed<FirstSessionDiscount>(change.value)
      const { is_active, kind, updated_at, value, version } = change.value
      yield* sql`INSERT INTO pricing_discounts (id, kind, value, is_active, version, updated_at)
        VALUES ('first_session', ${kind}, ${value}, ${is_active}, ${version}, ${timestamp(updated_at)})
        ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, value = excluded.value,
          is_active = excluded.is_active, version = excluded.version, updated_at = excluded.updated_at`
      yield* record(sql, change, entry, entry.at)
      return Result.succeed<FirstSessionDiscount>(change.value)
    },
    sql.withTransaction,
    answered
  )

export const layer = Layer.effect(Pricing)(
  Effect.map(SqlClient.SqlClient, (sql) => {
    const write = writeTier(sql)
    return Pricing.of({
      tiers: sql`SELECT ${sql.literal(tierColumns)} FROM pricing_tiers WHERE is_active
        ORDER BY price_idr, duration_seconds, id COLLATE "C"`.pipe(Effect.flatMap(tiersOf), answered),
      findTier: (id) =>
        sql`SELECT ${sql.literal(tierColumns)} FROM pricing_tiers WHERE id = ${id}`.pipe(
          Effect.flatMap(tierOf),
          answered
        ),
      replaceTier: (tier, at) => Effect.asVoid(write(tier, null, null, at)),
      list: sql`${selectTiers(sql)} ORDER BY price_idr, duration_seconds, id COLLATE "C" LIMIT ${tiersMax}`
        .pipe(
          Effect.flatMap(pricedTiersOf),
          answered
        ),
      discount: answered(discount(sql)),
      putTier: (tier, version, entry) => write(tier, version, entry, entry.at),
      putDiscount: writeDiscount(sql),
      history: ({ before, limit }) =>
        sql`SELECT id, subject, subject_id, version, before, after, staff_id, at FROM pricing_history
          ${before === null ? sql`` : sql`WHERE id < ${before}`}
          ORDER BY id DESC LIMIT ${limit}`.pipe(Effect.flatMap(changesOf), answered)
    })
  })
)
