// The whole matrix: every command in every status either happens or is refused with its code.
// One cell per test, so that a new command or status without its answer does not compile.
import { it } from "@effect/vitest"
import type { RefusalCode } from "../../../src/domain/refusal.ts"
import type { SessionCommand } from "../../../src/domain/session/commands.ts"
import type { SessionEvent } from "../../../src/domain/session/events.ts"
import * as given from "./given.ts"
import { assertHappened, customer, inStatus, mitra, type ReachableStatus } from "./given.ts"

const commands = {
  Tick: { _tag: "Tick" },
  Accept: { _tag: "Accept", by: mitra(2) },
  Decline: { _tag: "Decline", by: mitra(2) },
  WithdrawOffer: { _tag: "WithdrawOffer", mitra_id: mitra(2).id },
  Cancel: { _tag: "Cancel", by: customer },
  SendMessage: { _tag: "SendMessage", by: customer, message_id: "m-1", client_message_id: "c-1", body: "hi" },
  MarkDelivered: { _tag: "MarkDelivered", by: customer, seq: 1 },
  MarkRead: { _tag: "MarkRead", by: customer, seq: 1 },
  SetTopic: { _tag: "SetTopic", by: mitra(1), topic: "sensitive" },
  Requeue: { _tag: "Requeue" },
  RequestExtension: {
    _tag: "RequestExtension",
    payment_id: "payment-9",
    amount_idr: 5000,
    purchased_ms: 60_000
  },
  AnswerExtension: { _tag: "AnswerExtension", by: mitra(1), extension_seq: 3, approve: true },
  Reroute: {
    _tag: "Reroute",
    staff_id: "staff-1",
    from_mitra_id: mitra(1).id,
    mitra_id: mitra(2).id,
    reason: "ill"
  },
  CheckMitra: { _tag: "CheckMitra" },
  End: { _tag: "End", by: customer },
  Goodbye: { _tag: "Goodbye", by: customer, text: "bye" },
  ForceClose: { _tag: "ForceClose", staff_id: "staff-1", reason: "abuse" }
} satisfies { readonly [Tag in SessionCommand["_tag"]]: Extract<SessionCommand, { _tag: Tag }> }

type Outcome = RefusalCode | ReadonlyArray<SessionEvent["_tag"]>
type Outcomes = { readonly [Tag in SessionCommand["_tag"]]: Outcome }

/** The seconds at which each status is asked: nothing is due by then. */
const matrix: {
  readonly [Status in ReachableStatus]: { readonly second: number; readonly outcomes: Outcomes }
} = {
  searching: {
    second: 1,
    outcomes: {
      Tick: [],
      Accept: "OFFER_NOT_FOUND",
      Decline: "OFFER_NOT_FOUND",
      WithdrawOffer: [],
      Cancel: ["RequestCancelled"],
      SendMessage: "SESSION_NOT_ACTIVE",
      MarkDelivered: [],
      MarkRead: [],
      SetTopic: "NOT_A_PARTICIPANT",
      Requeue: [],
      RequestExtension: "SESSION_NOT_ACTIVE",
      AnswerExtension: "NOT_A_PARTICIPANT",
      Reroute: "SESSION_NOT_ACTIVE",
      CheckMitra: [],
      End: "SESSION_NOT_ACTIVE",
      Goodbye: "SESSION_NOT_ACTIVE",
      ForceClose: ["RequestCancelled"]
    }
  },
  pending_acceptance: {
    second: 1,
    outcomes: {
      Tick: [],
      Accept: ["Paired"],
      Decline: ["OfferDeclined"],
      WithdrawOffer: ["OfferWithdrawn"],
      Cancel: ["RequestCancelled"],
      SendMessage: "SESSION_NOT_ACTIVE",
      MarkDelivered: ["ReceiptMoved"],
      MarkRead: ["ReceiptMoved"],
      SetTopic: "NOT_A_PARTICIPANT",
      Requeue: [],
      RequestExtension: "SESSION_NOT_ACTIVE",
      AnswerExtension: "NOT_A_PARTICIPANT",
      Reroute: "SESSION_NOT_ACTIVE",
      CheckMitra: [],
      End: "SESSION_NOT_ACTIVE",
      Goodbye: "SESSION_NOT_ACTIVE",
      ForceClose: ["RequestCancelled"]
    }
  },
  active: {
    second: 11,
    outcomes: {
      Tick: [],
      Accept: "OFFER_TAKEN",
      Decline: "OFFER_TAKEN",
      WithdrawOffer: [],
      Cancel: "REQUEST_NOT_OPEN",
      SendMessage: ["MessageSent"],
      MarkDelivered: ["ReceiptMoved"],
      MarkRead: ["ReceiptMoved"],
      SetTopic: ["TopicChanged"],
      Requeue: [],
      RequestExtension: ["ExtensionRequested"],
      AnswerExtension: "EXTENSION_RESOLVED",
      Reroute: ["Rerouted"],
      CheckMitra: [],
      End: ["ClosingStarted"],
      Goodbye: "SESSION_NOT_ACTIVE",
      ForceClose: ["ClosingStarted", "SessionCompleted"]
    }
  },
  extending: {
    second: given.EXTENDING_SINCE + 1,
    outcomes: {
      Tick: [],
      Accept: "OFFER_TAKEN",
      Decline: "OFFER_TAKEN",
      WithdrawOffer: [],
      Cancel: "REQUEST_NOT_OPEN",
      SendMessage: ["MessageSent"],
      MarkDelivered: ["ReceiptMoved"],
      MarkRead: ["ReceiptMoved"],
      SetTopic: ["TopicChanged"],
      Requeue: [],
      RequestExtension: "EXTENSION_PENDING",
      AnswerExtension: ["SessionResumed"],
      Reroute: "EXTENSION_PENDING",
      CheckMitra: [],
      End: ["ClosingStarted"],
      Goodbye: "SESSION_NOT_ACTIVE",
      ForceClose: ["ClosingStarted", "SessionCompleted"]
    }
  },
  closing: {
    second: given.ACTIVE_ENDS + 1,
    outcomes: {
      Tick: [],
      Accept: "OFFER_TAKEN",
      Decline: "OFFER_TAKEN",
      WithdrawOffer: [],
      Cancel: "REQUEST_NOT_OPEN",
      SendMessage: "SESSION_CLOSING",
      MarkDelivered: ["ReceiptMoved"],
      MarkRead: ["ReceiptMoved"],
      SetTopic: "SESSION_CLOSING",
      Requeue: [],
      RequestExtension: "SESSION_CLOSING",
      AnswerExtension: "EXTENSION_RESOLVED",
      Reroute: "SESSION_CLOSING",
      CheckMitra: [],
      End: "SESSION_CLOSING",
      Goodbye: ["GoodbyeLeft", "SessionCompleted"],
      ForceClose: ["SessionCompleted"]
    }
  },
  completed: {
    second: given.CLOSING_ENDS + 1,
    outcomes: {
      Tick: [],
      Accept: "OFFER_TAKEN",
      Decline: "OFFER_TAKEN",
      WithdrawOffer: [],
      Cancel: "REQUEST_NOT_OPEN",
      SendMessage: "SESSION_OVER",
      MarkDelivered: "SESSION_OVER",
      MarkRead: "SESSION_OVER",
      SetTopic: "SESSION_OVER",
      Requeue: [],
      RequestExtension: "SESSION_OVER",
      AnswerExtension: "EXTENSION_RESOLVED",
      Reroute: "SESSION_OVER",
      CheckMitra: [],
      End: "SESSION_OVER",
      Goodbye: "SESSION_OVER",
      ForceClose: []
    }
  },
  cancelled: {
    second: 21,
    outcomes: {
      Tick: [],
      Accept: "OFFER_CANCELLED",
      Decline: "OFFER_CANCELLED",
      WithdrawOffer: [],
      Cancel: [],
      SendMessage: "SESSION_OVER",
      MarkDelivered: "SESSION_OVER",
      MarkRead: "SESSION_OVER",
      SetTopic: "NOT_A_PARTICIPANT",
      Requeue: [],
      RequestExtension: "SESSION_OVER",
      AnswerExtension: "NOT_A_PARTICIPANT",
      Reroute: "SESSION_OVER",
      CheckMitra: [],
      End: "SESSION_OVER",
      Goodbye: "SESSION_OVER",
      ForceClose: []
    }
  },
  expired: {
    second: 61,
    outcomes: {
      Tick: [],
      Accept: "OFFER_EXPIRED",
      Decline: "OFFER_EXPIRED",
      WithdrawOffer: [],
      Cancel: "REQUEST_NOT_OPEN",
      SendMessage: "SESSION_OVER",
      MarkDelivered: "SESSION_OVER",
      MarkRead: "SESSION_OVER",
      SetTopic: "NOT_A_PARTICIPANT",
      Requeue: [],
      RequestExtension: "SESSION_OVER",
      AnswerExtension: "NOT_A_PARTICIPANT",
      Reroute: "SESSION_OVER",
      CheckMitra: [],
      End: "SESSION_OVER",
      Goodbye: "SESSION_OVER",
      ForceClose: []
    }
  }
}

const cells = (Object.keys(matrix) as ReadonlyArray<ReachableStatus>).flatMap((status) =>
  (Object.keys(commands) as ReadonlyArray<SessionCommand["_tag"]>).map((tag) => {
    const outcome = matrix[status].outcomes[tag]
    const said = typeof outcome === "string"
      ? `is refused with ${outcome}`
      : outcome.length === 0
      ? "changes nothing"
      : `makes ${outcome.join(" and ")}`
    return { status, tag, outcome, said }
  })
)

it.each(cells)("$tag while $status $said", ({ outcome, status, tag }) => {
  const told = given.tell(inStatus[status], matrix[status].second, commands[tag])
  if (typeof outcome === "string") given.assertRefused(told, outcome)
  else assertHappened(told, outcome)
})
