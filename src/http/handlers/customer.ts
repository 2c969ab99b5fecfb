// Handlers of what only customers may ask.
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { CustomerRpcs } from "../../contract/customer.ts"
import type { BeaconView } from "../../contract/views.ts"
import { refuse } from "../../domain/refusal.ts"
import { Beacon, type BeaconSnapshot } from "../../services/beacon.ts"
import { Payments } from "../../services/payments.ts"
import { currentCustomer, participantOf } from "../auth/caller.ts"
import { paymentView, tierView } from "../views/payment-view.ts"
import { answering, streaming } from "./answering.ts"
import { command, viewOwnSession } from "./own-session.ts"
import { orderPayment, sessionOfPayment } from "./payment-orders.ts"

const beaconView = ({ available, count }: BeaconSnapshot): BeaconView => ({ available, count })

const askBeacon = Effect.gen(function*() {
  yield* currentCustomer
  return beaconView(yield* (yield* Beacon).current)
})

const watchBeacon = Effect.gen(function*() {
  yield* currentCustomer
  const { changes } = yield* Beacon
  return Stream.map(changes, beaconView)
})

const paymentStatus = Effect.fnUntraced(function*(paymentId: string) {
  const me = yield* currentCustomer
  const payment = yield* (yield* Payments).find(paymentId)
  if (payment === null || payment.customer_id !== me.id) {
    return yield* refuse("PAYMENT_NOT_FOUND", "There is no such payment.", { payment_id: paymentId })
  }
  return paymentView(payment, yield* sessionOfPayment(payment))
})

const createPayment = Effect.fnUntraced(function*(
  payload: { readonly command_id: string; readonly tier_id: string; readonly topic: "regular" | "sensitive" }
) {
  const me = yield* currentCustomer
  const payment = yield* orderPayment({ ...payload, customer_id: me.id })
  return paymentView(payment, yield* sessionOfPayment(payment))
})

const cancel = Effect.fnUntraced(function*(commandId: string, sessionId: string) {
  const me = yield* currentCustomer
  yield* command(me, sessionId, commandId, { _tag: "Cancel", by: participantOf(me) })
  return yield* viewOwnSession(me, sessionId)
})

const pricing = Effect.gen(function*() {
  yield* currentCustomer
  const tiers = yield* (yield* Payments).tiers
  return { tiers: tiers.map(tierView) }
})

export const layer = CustomerRpcs.toLayer({
  "customer.pricing": () => answering(pricing),
  "customer.create_payment": (payload) => answering(createPayment(payload)),
  "customer.payment_status": ({ payment_id }) => answering(paymentStatus(payment_id)),
  "customer.availability": () => answering(askBeacon),
  "customer.watch_availability": () => streaming(Stream.unwrap(watchBeacon)),
  "customer.request_status": ({ session_id }) =>
    answering(Effect.flatMap(currentCustomer, (me) => viewOwnSession(me, session_id))),
  "customer.cancel": ({ command_id, session_id }) => answering(cancel(command_id, session_id))
})
