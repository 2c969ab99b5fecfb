// Handlers of what only customers may ask.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { CustomerRpcs } from "../../contract/customer.ts"
import { freshness } from "../../domain/freshness.ts"
import { refuse } from "../../domain/refusal.ts"
import { Availability } from "../../services/availability.ts"
import { Payments } from "../../services/payments.ts"
import { Settings } from "../../services/settings.ts"
import { currentCustomer, participantOf } from "../auth/caller.ts"
import { paymentView, tierView } from "../views/payment-view.ts"
import { answering } from "./answering.ts"
import { command, viewOwnSession } from "./own-session.ts"
import { orderPayment, sessionOfPayment } from "./payment-orders.ts"

/** Many phones ask every few seconds; one answer serves them all for this long. */
const beaconLifetime = "2 seconds"

const countAvailable = Effect.gen(function*() {
  const settings = yield* (yield* Settings).current
  const fresh = freshness(settings, yield* Clock.currentTimeMillis)
  const { available } = yield* (yield* Availability).counts(fresh)
  return { available: available > 0, count: available }
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

export const layer = CustomerRpcs.toLayer(Effect.gen(function*() {
  const beacon = yield* Effect.cachedWithTTL(
    countAvailable,
    (exit) => Exit.isSuccess(exit) ? beaconLifetime : 0
  )
  return CustomerRpcs.of({
    "customer.pricing": () => answering(pricing),
    "customer.create_payment": (payload) => answering(createPayment(payload)),
    "customer.payment_status": ({ payment_id }) => answering(paymentStatus(payment_id)),
    "customer.availability": () => answering(Effect.andThen(currentCustomer, beacon)),
    "customer.request_status": ({ session_id }) =>
      answering(Effect.flatMap(currentCustomer, (me) => viewOwnSession(me, session_id))),
    "customer.cancel": ({ command_id, session_id }) => answering(cancel(command_id, session_id))
  })
}))
