// The provider's word that a payment was paid, whether its webhook brought it or we asked: confirms the
// payment and opens its session, once, however often the word comes.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { passStep } from "../../services/manual-clock/failpoints.ts"
import { count } from "../../services/operations/figures.ts"
import { type Confirmation, type Payment, Payments } from "../../services/payments/payments.ts"
import { Sessions } from "../../services/sessions/sessions.ts"
import type { Unavailable } from "../../services/platform/unavailable.ts"
import type { RequestOutcome } from "./requests.ts"

export interface PaidNotice {
  /** As the provider says it: it may be no id of ours at all. */
  readonly payment_id: string
  readonly amount_idr: number
  readonly provider_ref: string
}

export type ConfirmationOutcome = "accepted" | "ignored" | "amount_mismatch" | "paid_twice"

type Open = (payment: Payment) => Effect.Effect<RequestOutcome, Unavailable>

export const makeConfirmPaid = Effect.fnUntraced(function*(open: Open) {
  const payments = yield* Payments
  const sessions = yield* Sessions

  /** A repeat opens a session only where a crash left none, so it never starts a second search. */
  const openSession = Effect.fnUntraced(
    function*(confirmation: Extract<Confirmation, { readonly payment: unknown }>) {
      const { payment } = confirmation
      if (payment.status === "abandoned" && confirmation._tag === "Confirmed") {
        yield* Effect.logWarning("an order was paid after its customer gave it up: staff give it back", {
          payment_id: payment.id
        })
      }
      if (payment.status !== "confirmed") return
      const isRepeat = confirmation._tag !== "Confirmed" && payment.product === "chat_session"
      if (isRepeat && (yield* sessions.ofPayments([payment.id])).has(payment.id)) return
      const opened = yield* open(payment)
      if (opened._tag === "Blocked") {
        yield* Effect.logWarning("a payment was confirmed while its customer has another session", {
          payment_id: payment.id,
          session_id: opened.by
        })
      }
      if (opened._tag === "Failed") {
        yield* Effect.logWarning("a payment was confirmed that can lead nowhere", {
          payment_id: payment.id,
          cause: opened.cause
        })
      }
    }
  )

  return Effect.fn("Requests.confirmPaid")(function*(word: PaidNotice, seen: Payment | null = null) {
    const confirmation = yield* payments.confirm({ ...word, seen, now: yield* Clock.currentTimeMillis })
    count("payments_total", [confirmation._tag])
    switch (confirmation._tag) {
      case "UnknownPayment":
        return "ignored"
      case "AmountMismatch":
        // Recorded on the payment, where staff see it; the payment stays as it was.
        yield* Effect.logError("the provider reported another amount than was asked for", {
          payment_id: word.payment_id,
          expected: confirmation.expected_idr,
          given: word.amount_idr
        })
        return "amount_mismatch"
      case "PaidTwice":
        yield* Effect.logError("the provider reported other money for a payment that is paid", {
          payment_id: word.payment_id,
          given: word.amount_idr
        })
        yield* openSession(confirmation)
        return "paid_twice"
      case "Confirmed":
      case "AlreadyConfirmed":
        if (confirmation._tag === "Confirmed") {
          const { amount_idr, id, product } = confirmation.payment
          yield* Effect.logInfo("payment confirmed").pipe(
            Effect.annotateLogs({ payment_id: id, product, amount_idr })
          )
        }
        yield* passStep("payment_confirmed")
        yield* openSession(confirmation)
        return "accepted"
    }
  }) satisfies (
    word: PaidNotice,
    seen?: Payment | null
  ) => Effect.Effect<ConfirmationOutcome, Unavailable>
})
