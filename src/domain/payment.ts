// The payment machine. Only the provider's word confirms; money that arrives late still counts,
// because it has left the customer's pocket. Amounts are whole rupiah.
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
  | { readonly _tag: "Confirm"; readonly amount_idr: number }
  | { readonly _tag: "Expire" }
  | { readonly _tag: "Consume" }
  /** Not under a request that still looks, or a chat that runs, on it. */
  | { readonly _tag: "Abandon"; readonly has_open_request: boolean }
  | { readonly _tag: "FailPairing"; readonly cause: string }

export type PaymentEvent =
  | { readonly _tag: "PaymentConfirmed"; readonly at: number; readonly late: boolean }
  | { readonly _tag: "PaymentExpired"; readonly at: number }
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
  // A paid extension is decided by its session within seconds: nobody can give it up meanwhile.
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
  amountIdr: number,
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
      return confirm(state, command.amount_idr, now)
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
  PaymentExpired: "expired",
  PaymentConsumed: "consumed",
  PaymentAbandoned: "abandoned",
  PairingFailed: "failed_pairing"
} as const

export const evolve = (state: PaymentState, event: PaymentEvent): PaymentState => ({
  ...state,
  status: statusAfter[event._tag],
  confirmed_at: event._tag === "PaymentConfirmed" ? event.at : state.confirmed_at
})

export const deadlineOf = (state: PaymentState): number | null =>
  state.status === "pending" ? state.expires_at : null
