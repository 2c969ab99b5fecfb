// What a customer may ask: prices, payments, whether a bestie is available, and the state of a request.
import * as Schema from "effect/Schema"
import { Rpc, RpcGroup } from "effect/rpc"
import { Language } from "../../domain/matching.ts"
import { topics } from "../../domain/session/state.ts"
import { CallError } from "../errors.ts"
import { ClientId, Id, shortText } from "../fields.ts"
import { BeaconView, PaymentView, RequestView, SessionView, TierView } from "../views.ts"

export const CustomerRpcs = RpcGroup.make(
  Rpc.make("customer.pricing", {
    payload: {},
    success: Schema.Struct({ tiers: Schema.Array(TierView) }),
    error: CallError
  }),
  Rpc.make("customer.create_payment", {
    payload: {
      command_id: ClientId,
      tier_id: shortText(40),
      topic: Schema.Literals(topics),
      /** Only besties who speak it are asked; null or missing: no matter. */
      language: Schema.optionalKey(Schema.NullOr(Language)),
      /** The same bestie again: only she is asked. She must have served this customer before. */
      target_mitra_id: Schema.optionalKey(Schema.NullOr(Id))
    },
    success: PaymentView,
    error: CallError
  }),
  Rpc.make("customer.payment_status", {
    payload: { payment_id: Id },
    success: PaymentView,
    error: CallError
  }),
  /** What is to be paid, or paid and not used up; newest first. */
  Rpc.make("customer.pending_payments", {
    payload: {},
    success: Schema.Struct({ payments: Schema.Array(PaymentView) }),
    error: CallError
  }),
  /** Asks all besties, with a payment whose request found none: one more request per command id. */
  Rpc.make("customer.retry_request", {
    payload: {
      command_id: ClientId,
      payment_id: Id,
      /** Another one than was ordered, or null for no matter; missing: the same. */
      language: Schema.optionalKey(Schema.NullOr(Language))
    },
    success: RequestView,
    error: CallError
  }),
  /** Gives a payment up; what was paid is given back by staff. */
  Rpc.make("customer.abandon_payment", {
    payload: { command_id: ClientId, payment_id: Id },
    success: PaymentView,
    error: CallError
  }),
  Rpc.make("customer.availability", { payload: {}, success: BeaconView, error: CallError }),
  /** First the present state, then each change; for as long as the phone waits to choose. */
  Rpc.make("customer.watch_availability", {
    payload: {},
    success: BeaconView,
    error: CallError,
    stream: true
  }),
  Rpc.make("customer.request_status", {
    payload: { session_id: Id },
    success: RequestView,
    error: CallError
  }),
  Rpc.make("customer.cancel", {
    payload: { command_id: ClientId, session_id: Id },
    success: SessionView,
    error: CallError
  })
)
