// The control center's calls about money: prices with their history, payments that are open, failures and
// what staff decide about them. Every write is audited in the transaction of the change.
import * as Schema from "effect/Schema"
import { Rpc, RpcGroup } from "effect/rpc"
import { paymentAnomalies, paymentProviders, resolutions } from "../../domain/payment.ts"
import { discountKinds } from "../../domain/pricing.ts"
import { CallError } from "../errors.ts"
import { ClientId, Id, Instant, PageLimit, shortText } from "../fields.ts"
import { PaymentView } from "../views.ts"

const Nullable = Schema.NullOr
const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

/** The version a change was made from; 0 for what is new. */
const Version = between(0, 2_147_483_647)
/** What the page after this one asks with; null for the first. */
const Before = Nullable(shortText(60))
const Note = shortText(500)

const tierFields = {
  tier_id: Schema.String.check(Schema.isPattern(/^[a-z0-9_-]{1,40}$/)),
  label: shortText(60),
  mode: Schema.Literals(["chat", "call"]),
  duration_seconds: between(1, 86_400),
  price_idr: between(1, 1_000_000_000),
  is_active: Schema.Boolean
}

export const PricedTierView = Schema.Struct({ ...tierFields, version: Schema.Int, updated_at: Instant })

const discountFields = {
  kind: Schema.Literals(discountKinds),
  value: between(1, 1_000_000_000),
  is_active: Schema.Boolean
}

export const DiscountView = Schema.Struct({ ...discountFields, version: Schema.Int, updated_at: Instant })

const PricingChangeView = Schema.Struct({
  id: Schema.Int,
  subject: Schema.Literals(["tier", "discount"]),
  subject_id: Schema.String,
  version: Schema.Int,
  before: Schema.Json,
  after: Schema.Json,
  /** Null: the seed's. */
  staff_id: Nullable(Id),
  at: Instant
})

export const ReviewedPaymentView = Schema.Struct({
  ...PaymentView.fields,
  customer_id: Id,
  customer_name: Schema.String,
  tier_id: Schema.String,
  provider: Schema.Literals(paymentProviders),
  provider_ref: Nullable(Schema.String),
  confirmed_at: Nullable(Instant),
  failed_at: Nullable(Instant),
  /** Money that came and is not what was asked for. */
  anomaly: Nullable(Schema.Struct({
    kind: Schema.Literals(paymentAnomalies),
    amount_idr: Schema.Int,
    provider_ref: Schema.String,
    at: Instant
  })),
  resolution: Nullable(Schema.Struct({
    kind: Schema.Literals(resolutions),
    note: Schema.String,
    staff_id: Id,
    at: Instant
  }))
})
export type ReviewedPaymentView = typeof ReviewedPaymentView.Type

const page = {
  payload: { before: Before, limit: PageLimit },
  success: Schema.Struct({ payments: Schema.Array(ReviewedPaymentView), next: Nullable(Schema.String) }),
  error: CallError
}

const decision = { payload: { payment_id: Id, note: Note }, success: ReviewedPaymentView, error: CallError }

export const AdminPaymentRpcs = RpcGroup.make(
  Rpc.make("admin.pricing", {
    payload: {},
    success: Schema.Struct({
      tiers: Schema.Array(PricedTierView),
      first_session_discount: Nullable(DiscountView)
    }),
    error: CallError
  }),
  Rpc.make("admin.tier_put", {
    payload: { ...tierFields, version: Version },
    success: PricedTierView,
    error: CallError
  }),
  /** Takes it off sale; what was ordered at its price stays good. */
  Rpc.make("admin.tier_deactivate", {
    payload: { tier_id: tierFields.tier_id, version: Version },
    success: PricedTierView,
    error: CallError
  }),
  Rpc.make("admin.discount_put", {
    payload: { ...discountFields, version: Version },
    success: DiscountView,
    error: CallError
  }),
  Rpc.make("admin.pricing_history", {
    payload: { before: Nullable(between(1, Number.MAX_SAFE_INTEGER)), limit: PageLimit },
    success: Schema.Struct({ changes: Schema.Array(PricingChangeView) }),
    error: CallError
  }),
  Rpc.make("admin.pending_payments", page),
  Rpc.make("admin.failed_pairings", page),
  /** Asks all besties again on the same payment. */
  Rpc.make("admin.payment_retry", {
    payload: { command_id: ClientId, payment_id: Id },
    success: ReviewedPaymentView,
    error: CallError
  }),
  /** The money went back, outside of this server. */
  Rpc.make("admin.payment_set_refunded", decision),
  Rpc.make("admin.payment_dismiss", decision)
)
