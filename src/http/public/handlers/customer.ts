// Handlers of what only customers may ask.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { CustomerRpcs } from "../../../contract/public/customer.ts"
import type { BeaconView } from "../../../contract/views.ts"
import type { Language } from "../../../domain/matching.ts"
import { notFound } from "../../../domain/payment.ts"
import { refuse } from "../../../domain/refusal.ts"
import { Requests } from "../../../actors/session/requests.ts"
import { Beacon, type BeaconSnapshot } from "../../../services/availability/beacon.ts"
import { Checkout } from "../../../services/payments/checkout.ts"
import { passStep } from "../../../services/manual-clock/failpoints.ts"
import { type Payment, Payments } from "../../../services/payments/payments.ts"
import { Pricing } from "../../../services/payments/pricing.ts"
import { Sessions } from "../../../services/sessions/sessions.ts"
import { type Caller, currentCustomer, participantOf } from "../auth/caller.ts"
import { paymentView, tierView } from "../views/payment-view.ts"
import { within } from "../quotas.ts"
import { answering, streaming, whenThereIsRoom } from "./answering.ts"
import { changeSession, viewOwnRequest } from "./own-session.ts"
import {
  alreadyActive,
  firstSessionDiscount,
  notPaused,
  orderPayment,
  sessionOfPayment
} from "./payment-orders.ts"
import * as RealTime from "../../../services/platform/real-time.ts"
import { inShare } from "../../../services/platform/pool-shares.ts"

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

const ownPayment = Effect.fnUntraced(function*(me: Caller, paymentId: string) {
  const payment = yield* (yield* Payments).find(paymentId)
  if (payment === null || payment.customer_id !== me.id) return yield* notFound(paymentId)
  return payment
})

const paymentStatus = Effect.fnUntraced(function*(paymentId: string) {
  const payment = yield* ownPayment(yield* currentCustomer, paymentId)
  return paymentView(payment, yield* sessionOfPayment(payment))
})

const notOpen = (payment: Payment) =>
  refuse("PAYMENT_NOT_PENDING", `A payment that is ${payment.status} cannot be searched with.`, {
    payment_id: payment.id,
    status: payment.status
  })

const retry = Effect.fnUntraced(function*({ command_id, language, payment_id }: {
  readonly command_id: string
  readonly payment_id: string
  readonly language?: Language | null
}) {
  const me = yield* currentCustomer
  const payment = yield* ownPayment(me, payment_id)
  if (payment.product !== "chat_session" || payment.confirmed_at === null) return yield* notOpen(payment)
  yield* notPaused(me.id)
  yield* within("requests_again_minute", me.id)
  yield* within("requests_again_hour", me.id)
  const opened = yield* (yield* Requests).openAgain(payment, {
    command_id,
    language: language === undefined ? payment.language : language
  })
  switch (opened._tag) {
    case "AlreadyActive":
      return yield* alreadyActive(opened.session_id)
    case "NotPaid":
      return yield* notOpen(yield* ownPayment(me, payment_id))
    default:
      return yield* viewOwnRequest(me, opened.session_id)
  }
})

/** Giving up does not wait longer for a provider. */
const closePatience = "3 seconds"

/**
 * So that no customer pays by mistake for what was given up, and its discount is free again. Whatever goes
 * wrong here, and money that came in this moment, is found when the provider is next asked about it.
 */
const closeCheckout = Effect.fnUntraced(function*({ id, next_check_at }: Payment) {
  if (next_check_at === null) return
  const closing = (yield* Checkout).close(id).pipe(RealTime.timeout(closePatience))
  const standing = yield* Effect.result(closing)
  if (standing._tag === "Failure" || standing.success._tag !== "Over") return
  yield* (yield* Payments).checked(id, null, yield* Clock.currentTimeMillis)
})

/** Giving up what is given up already is no error, so a repeat needs no memory of its command. */
const abandon = Effect.fnUntraced(function*(paymentId: string) {
  const me = yield* currentCustomer
  const given = yield* (yield* Payments).abandon(
    yield* ownPayment(me, paymentId),
    yield* Clock.currentTimeMillis
  )
  const payment = yield* Effect.fromResult(given)
  yield* passStep("payment_abandoned")
  yield* closeCheckout(payment)
  return paymentView(payment, yield* sessionOfPayment(payment))
})

const createPayment = Effect.fnUntraced(function*(
  payload: Omit<Parameters<typeof orderPayment>[0], "customer_id">
) {
  const me = yield* currentCustomer
  const payment = yield* orderPayment({ ...payload, customer_id: me.id })
  return paymentView(payment, yield* sessionOfPayment(payment))
})

const cancel = Effect.fnUntraced(function*(commandId: string, sessionId: string) {
  const me = yield* currentCustomer
  return yield* changeSession(me, sessionId, commandId, { _tag: "Cancel", by: participantOf(me) })
})

const pricing = Effect.gen(function*() {
  const me = yield* currentCustomer
  const tiers = yield* (yield* Pricing).tiers
  const discount = yield* firstSessionDiscount(me.id)
  return { tiers: tiers.map((tier) => tierView(tier, discount)) }
})

const pendingPayments = Effect.gen(function*() {
  const me = yield* currentCustomer
  const payments = yield* (yield* Payments).openOf(me.id)
  const sessions = yield* (yield* Sessions).ofPayments(payments.map((payment) => payment.id))
  return {
    payments: payments.map((payment) =>
      paymentView(payment, payment.extends_session_id ?? sessions.get(payment.id) ?? null)
    )
  }
})

/** What every free account may ask stands in front of nobody's paid chat. */
const asStranger = inShare("strangers")

export const layer = CustomerRpcs.toLayer({
  "customer.pricing": () => answering(asStranger(pricing)),
  "customer.create_payment": (payload) => answering(whenThereIsRoom(asStranger(createPayment(payload)))),
  "customer.payment_status": ({ payment_id }) => answering(asStranger(paymentStatus(payment_id))),
  "customer.pending_payments": () => answering(asStranger(pendingPayments)),
  "customer.retry_request": (payload) => answering(asStranger(retry(payload))),
  "customer.abandon_payment": ({ payment_id }) => answering(asStranger(abandon(payment_id))),
  "customer.availability": () => answering(askBeacon),
  "customer.watch_availability": () => streaming(Stream.unwrap(watchBeacon)),
  "customer.request_status": ({ session_id }) =>
    answering(asStranger(Effect.flatMap(currentCustomer, (me) => viewOwnRequest(me, session_id)))),
  "customer.cancel": ({ command_id, session_id }) => answering(cancel(command_id, session_id))
})
