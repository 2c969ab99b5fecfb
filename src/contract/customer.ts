// What a customer may ask: prices, payments, whether somebody is there, and the state of a request.
import * as Schema from "effect/Schema"
import { Rpc, RpcGroup } from "effect/rpc"
import { topics } from "../domain/session/state.ts"
import { CallError } from "./errors.ts"
import { ClientId, Id, shortText } from "./fields.ts"
import { BeaconView, PaymentView, SessionView, TierView } from "./views.ts"

export const CustomerRpcs = RpcGroup.make(
  Rpc.make("customer.pricing", {
    payload: {},
    success: Schema.Struct({ tiers: Schema.Array(TierView) }),
    error: CallError
  }),
  Rpc.make("customer.create_payment", {
    payload: { command_id: ClientId, tier_id: shortText(40), topic: Schema.Literals(topics) },
    success: PaymentView,
    error: CallError
  }),
  Rpc.make("customer.payment_status", {
    payload: { payment_id: Id },
    success: PaymentView,
    error: CallError
  }),
  Rpc.make("customer.availability", { payload: {}, success: BeaconView, error: CallError }),
  /** First what is, then each change; for as long as the phone waits to choose. */
  Rpc.make("customer.watch_availability", {
    payload: {},
    success: BeaconView,
    error: CallError,
    stream: true
  }),
  Rpc.make("customer.request_status", {
    payload: { session_id: Id },
    success: SessionView,
    error: CallError
  }),
  Rpc.make("customer.cancel", {
    payload: { command_id: ClientId, session_id: Id },
    success: SessionView,
    error: CallError
  })
)
