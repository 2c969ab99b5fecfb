// The payment machine. Only the provider's word confirms; money that arrives late still counts, because it
// has left the customer's pocket. After the customer gave the order up it is a failure that staff see, and
// opens no chat that nobody asked for. Amounts are whole rupiah.
import * as Result from "effect/Result"
import type { Decision } from "./decision.ts"
import { type Refusal, refuse } from "./refusal.ts"

export const paymentStatuses = [
  "pending",
  "confirmed",
  "consumed",
  "expired",
  "abandoned",
  "failed_pairing"
] as const
export type PaymentStatus = (typeof paymentStatuses)[number]

/** Who takes the money: our own stand-in (development, tests, simulations), or Xendit. */
export const paymentProviders = ["builtin", "xendit"] as const
export type PaymentProvider = (typeof paymentProviders)[number]

/**
 * How many rupiah a provider says have come: none when it was another currency, which then is another amount
 * than was asked for. One that names no currency means rupiah.
 */
export const rupiahOf = (amount: number, currency: string | null | undefined): number =>
  currency === undefined || currency === null || currency === "IDR" ? amount : 0

/** Money that came and is not what we asked for. It confirms nothing; staff see it. */
export const paymentAnomalies = ["amount_mismatch", "paid_twice"] as const
export type PaymentAnomaly = (typeof paymentAnomalies)[number]

/** What staff made of a failure: the money went back, or there is nothing to do. */
export const resolutions = ["refunded", "dismissed"] as const
export type Resolution = (typeof resolutions)[number]

export interface PaymentState {
  readonly id: string
  readonly status: PaymentStatus
  readonly product: "chat_session" | "extension"
  readonly amount_idr: number
  readonly expires_at: number
  /** When the money came. It stays set whatever becomes of the payment: it came once. */
  readonly confirmed_at: number | null
}

export type PaymentCommand =
  /** `discount_is_taken`: it has the first session's discount, and so has another that was paid. */
  | { readonly _tag: "Confirm"; readonly amount_idr: number; readonly discount_is_taken?: boolean }
  | { readonly _tag: "Expire" }
  | { readonly _tag: "Consume" }
  /** Not under a request that still looks, or a chat that runs, on it. */
  | { readonly _tag: "Abandon"; readonly has_open_request: boolean }
  | { readonly _tag: "FailPairing"; readonly cause: string }

export type PaymentEvent =
  | { readonly _tag: "PaymentConfirmed"; readonly at: number; readonly late: boolean }
  | { readonly _tag: "PaymentExpired"; readonly at: number }
  /** Money for an order that was given up: it stays given up, and must go back. */
  | { readonly _tag: "AbandonedPaymentPaid"; readonly at: number }
  /** Money for a second order with the discount of the first session: it opens nothing, and must go back. */
  | { readonly _tag: "SecondDiscountPaid"; readonly at: number }
  | { readonly _tag: "PaymentConsumed"; readonly at: number }
  | { readonly _tag: "PaymentAbandoned"; readonly at: number }
  | { readonly _tag: "PairingFailed"; readonly at: number; readonly cause: string }

export type PaymentReply = "changed" | "unchanged"

const settled: Decision<PaymentEvent, PaymentReply> = { events: [], reply: Result.succeed("unchanged") }

const changed = (event: PaymentEvent): Decision<PaymentEvent, PaymentReply> => ({
  events: [event],
  reply: Result.succeed("changed")
})

const refused = (state: PaymentState, wanted: string): Decision<PaymentEvent, PaymentReply> => ({
  events: [],
  reply: Result.fail(refuse(
    "PAYMENT_NOT_PENDING",
    `A payment that is ${state.status} cannot be ${wanted}.`,
    { payment_id: state.id, status: state.status }
  ))
})

export const notFound = (paymentId: string): Refusal =>
  refuse("PAYMENT_NOT_FOUND", "There is no such payment.", { payment_id: paymentId })

const abandon = (
  state: PaymentState,
  hasOpenRequest: boolean,
  at: number
): Decision<PaymentEvent, PaymentReply> => {
  if (state.status === "abandoned") return settled
  // A paid extension is decided by its session within seconds: it cannot be given up meanwhile.
  const isGivable = state.status === "pending" ||
    (state.status === "confirmed" && state.product === "chat_session")
  if (!isGivable) return refused(state, "abandoned")
  if (hasOpenRequest) {
    return {
      events: [],
      reply: Result.fail(refuse("ALREADY_ACTIVE", "Cancel the request first; it still looks for a bestie.", {
        payment_id: state.id
      }))
    }
  }
  return changed({ _tag: "PaymentAbandoned", at })
}

const confirm = (
  state: PaymentState,
  { amount_idr: amountIdr, discount_is_taken = false }: Extract<PaymentCommand, { _tag: "Confirm" }>,
  at: number
): Decision<PaymentEvent, PaymentReply> => {
  // A repeat of the same word, also after the customer gave the paid request up: never twice.
  if (state.confirmed_at !== null) return settled
  if (amountIdr !== state.amount_idr) {
    return {
      events: [],
      reply: Result.fail(refuse("BAD_REQUEST", "The provider reported another amount than was asked for.", {
        payment_id: state.id,
        expected: state.amount_idr,
        given: amountIdr
      }))
    }
  }
  if (state.status === "abandoned") return changed({ _tag: "AbandonedPaymentPaid", at })
  if (discount_is_taken) return changed({ _tag: "SecondDiscountPaid", at })
  return changed({ _tag: "PaymentConfirmed", at, late: at >= state.expires_at || state.status !== "pending" })
}

/** Repeats are harmless: a second delivery of the same word changes nothing and is no error. */
export const decide = (
  state: PaymentState,
  command: PaymentCommand,
  now: number
): Decision<PaymentEvent, PaymentReply> => {
  switch (command._tag) {
    case "Confirm":
      return confirm(state, command, now)
    case "Expire":
      if (state.status === "pending" && now >= state.expires_at) {
        return changed({ _tag: "PaymentExpired", at: now })
      }
      return settled
    case "Consume":
      if (state.status === "consumed") return settled
      if (state.status !== "confirmed") return refused(state, "consumed")
      return changed({ _tag: "PaymentConsumed", at: now })
    case "Abandon":
      return abandon(state, command.has_open_request, now)
    case "FailPairing":
      if (state.status === "failed_pairing") return settled
      if (state.status !== "confirmed") return refused(state, "marked as a failed pairing")
      return changed({ _tag: "PairingFailed", at: now, cause: command.cause })
  }
}

const statusAfter = {
  PaymentConfirmed: "confirmed",
  AbandonedPaymentPaid: "abandoned",
  SecondDiscountPaid: "abandoned",
  PaymentExpired: "expired",
  PaymentConsumed: "consumed",
  PaymentAbandoned: "abandoned",
  PairingFailed: "failed_pairing"
} as const

const paying = new Set<PaymentEvent["_tag"]>([
  "PaymentConfirmed",
  "AbandonedPaymentPaid",
  "SecondDiscountPaid"
])

export const evolve = (state: PaymentState, event: PaymentEvent): PaymentState => ({
  ...state,
  status: statusAfter[event._tag],
  confirmed_at: paying.has(event._tag) ? event.at : state.confirmed_at
})

/** Why staff see a payment that was given up and whose money came, in whichever order. */
export const abandonedCause = "abandoned"
/** The same for one whose discount another order has used up. */
export const discountTakenCause = "discount_taken"

/** Why money that came with this event must go back; null when it need not. */
export const givenBackCause = (events: ReadonlyArray<PaymentEvent>): string | null => {
  switch (events[0]?._tag) {
    case "AbandonedPaymentPaid":
      return abandonedCause
    case "SecondDiscountPaid":
      return discountTakenCause
    default:
      return null
  }
}

export const deadlineOf = (state: PaymentState): number | null =>
  state.status === "pending" ? state.expires_at : null

const firstCheckMs = 2 * 60_000
const lookEveryMs = 60_000
/** How long after its time a payment waits for a provider that says nothing. */
const silenceMaxMs = 60 * 60_000

/** Only a provider that keeps books of its own can be asked. */
export const firstCheckAt = (provider: PaymentProvider, createdAt: number): number | null =>
  provider === "builtin" ? null : createdAt + firstCheckMs

/**
 * When to ask the provider again about a payment whose webhook has not come; null: never again. `open`: it
 * can still be paid there. `over`: it cannot. `silent`: no answer, or none that can be read. A payment's
 * looks are ever farther apart until its time is over, and then a minute, for at most an hour.
 */
export const nextCheckAt = (
  payment: { readonly created_at: number; readonly expires_at: number },
  heard: "open" | "over" | "silent",
  now: number
): number | null => {
  const { created_at, expires_at } = payment
  if (now >= expires_at) {
    return heard === "over" || now >= expires_at + silenceMaxMs ? null : now + lookEveryMs
  }
  if (heard === "over") return expires_at
  const wait = heard === "silent" ? lookEveryMs : Math.max(lookEveryMs, now - created_at)
  return Math.min(now + wait, expires_at)
}

const nothingToResolve = (state: PaymentState): Refusal =>
  refuse("NOTHING_TO_RESOLVE", "This payment has no failure that waits for staff.", {
    payment_id: state.id,
    status: state.status
  })

/** What staff know of a payment's trouble when they decide about it. */
export interface Trouble {
  /** When the last failure or anomaly was recorded. */
  readonly trouble_at: number | null
  readonly has_open_request: boolean
  readonly resolution: Resolution | null
  readonly resolved_at: number | null
  readonly resolved_by: string | null
}

export type Resolving =
  /** `status` is the payment's afterwards: what was refunded opens no request any more. */
  | { readonly _tag: "Resolve"; readonly status: PaymentStatus }
  /** The same person decided the same before: its answer was lost. */
  | { readonly _tag: "Repeated" }
  | { readonly _tag: "Refused"; readonly refusal: Refusal }

const refuseResolving = (refusal: Refusal): Resolving => ({ _tag: "Refused", refusal })

/** Staff settle a failure, once: a second colleague is told who was first. */
export const resolve = (
  state: PaymentState,
  trouble: Trouble,
  wanted: { readonly resolution: Resolution; readonly staff_id: string }
): Resolving => {
  const { resolution, resolved_at, resolved_by, trouble_at } = trouble
  const isResolved = resolved_at !== null && (trouble_at === null || trouble_at <= resolved_at)
  // Only a refund may follow a dismissal: money that went back must be on record.
  if (isResolved && !(resolution === "dismissed" && wanted.resolution === "refunded")) {
    if (resolution === wanted.resolution && resolved_by === wanted.staff_id) return { _tag: "Repeated" }
    return refuseResolving(refuse("ALREADY_RESOLVED", "A colleague has decided about this failure already.", {
      payment_id: state.id,
      resolution,
      resolved_by
    }))
  }
  // A pending one may still be paid rightly.
  if (trouble_at === null || state.status === "pending") return refuseResolving(nothingToResolve(state))
  const isOpen = state.status === "confirmed"
  if (isOpen && trouble.has_open_request) {
    return refuseResolving(refuse("ALREADY_ACTIVE", "A request on this payment looks for a bestie again.", {
      payment_id: state.id
    }))
  }
  const status = isOpen && wanted.resolution === "refunded" ? "failed_pairing" : state.status
  return { _tag: "Resolve", status }
}
