// What a payment provider's webhook says, in its own words, and what of it counts here.
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type PaymentProvider, rupiahOf } from "../../domain/payment.ts"
import { shortText } from "../../contract/fields.ts"

export interface Notice {
  readonly is_paid: boolean
  readonly payment_id: string
  readonly amount_idr: number
  readonly provider_ref: string
}

const Builtin = Schema.Struct({
  external_id: Schema.String,
  status: Schema.String,
  amount: Schema.Int,
  id: shortText(200)
})

/** An invoice; more fields come with it. `paid_amount` is there only when money came. */
const Xendit = Schema.Struct({
  external_id: Schema.String,
  status: Schema.String,
  amount: Schema.Finite,
  paid_amount: Schema.optionalKey(Schema.NullOr(Schema.Finite)),
  currency: Schema.optionalKey(Schema.NullOr(Schema.String)),
  id: shortText(200)
})

const builtin = Schema.decodeUnknownEffect(Schema.fromJsonString(Builtin))
const xendit = Schema.decodeUnknownEffect(Schema.fromJsonString(Xendit))

/** SETTLED comes after PAID, or before it, or alone: both mean that the money is there. */
const paidStatuses = ["PAID", "SETTLED"]

export const readNotice: Readonly<
  Record<PaymentProvider, (body: string) => Effect.Effect<Notice, Schema.SchemaError>>
> = {
  builtin: (body) =>
    Effect.map(builtin(body), ({ amount, external_id, id, status }) => ({
      is_paid: status === "PAID",
      payment_id: external_id,
      amount_idr: amount,
      provider_ref: id
    })),
  xendit: (body) =>
    Effect.map(xendit(body), ({ amount, currency, external_id, id, paid_amount, status }) => ({
      is_paid: paidStatuses.includes(status),
      payment_id: external_id,
      amount_idr: rupiahOf(paid_amount ?? amount, currency),
      provider_ref: id
    }))
}
