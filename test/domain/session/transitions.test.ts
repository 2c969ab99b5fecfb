// The session's life as domain.md tells it, row by row, and then the whole matrix: every command in
// every status either happens or is refused with its code. Reroute is a later issue.
import { assert, it } from "@effect/vitest"
import type { RefusalCode } from "../../../src/domain/refusal.ts"
import type { SessionCommand } from "../../../src/domain/session/commands.ts"
import type { SessionEvent } from "../../../src/domain/session/events.ts"
import * as given from "./given.ts"
import { assertHappened, customer, inStatus, mitra, type ReachableStatus, type Told } from "./given.ts"

interface Row {
  readonly title: string
  readonly told: () => Told
  readonly events: ReadonlyArray<SessionEvent["_tag"]>
  readonly status: ReachableStatus
}

const rows: ReadonlyArray<Row> = [
  {
    title: "searching becomes pending_acceptance when offers are sent",
    told: () => given.tick(given.searching(), 0, { candidates: given.candidates(2) }),
    events: ["OffersSent"],
    status: "pending_acceptance"
  },
  {
    title: "pending_acceptance becomes active on the first accept",
    told: () => given.accept(given.offered(), 10, mitra(2)),
    events: ["Paired"],
    status: "active"
  },
  {
    title: "searching becomes cancelled when the customer cancels",
    told: () => given.cancel(given.searching(), 1),
    events: ["RequestCancelled"],
    status: "cancelled"
  },
  {
    title: "pending_acceptance becomes cancelled when the customer cancels",
    told: () => given.cancel(given.offered(), 20),
    events: ["RequestCancelled"],
    status: "cancelled"
  },
  {
    title: "pending_acceptance becomes expired when the blast window is over",
    told: () => given.tick(given.offered(), 60),
    events: ["RequestExpired"],
    status: "expired"
  },
  {
    title: "searching becomes expired when nobody was found in the window",
    told: () => given.tick(given.searching(), 60),
    events: ["RequestExpired"],
    status: "expired"
  },
  {
    title: "pending_acceptance becomes expired when all declined and nobody is left to ask",
    told: () => given.tick(given.decline(given.offered(1), 5, mitra(1)).state, 5, { candidates: [] }),
    events: ["RequestExpired"],
    status: "expired"
  },
  {
    title: "active becomes closing when the clock reaches zero",
    told: () => given.tick(given.tick(given.active(), 700).state, given.ACTIVE_ENDS),
    events: ["ClosingStarted"],
    status: "closing"
  },
  {
    title: "active becomes closing when the customer ends early",
    told: () => given.end(given.active(), 100, customer),
    events: ["ClosingStarted"],
    status: "closing"
  },
  {
    title: "active becomes closing when the mitra ends early and is allowed to",
    told: () => given.end(given.active(), 100, mitra(1), { settings: { mitra_may_end_session: true } }),
    events: ["ClosingStarted"],
    status: "closing"
  },
  {
    title: "active becomes extending when an extension is paid for",
    told: () => given.extend(given.active(), 100),
    events: ["ExtensionRequested"],
    status: "extending"
  },
  {
    title: "extending becomes active when the mitra approves",
    told: () => given.answerExtension(given.extending(), 105, true),
    events: ["SessionResumed"],
    status: "active"
  },
  {
    title: "extending becomes active when nobody answers, auto-approve is on and the mitra is reachable",
    told: () => given.tick(given.extending(), 110),
    events: ["SessionResumed"],
    status: "active"
  },
  {
    title: "extending becomes closing when nobody answers and the mitra is not reachable",
    told: () => given.tick(given.extending(), 110, { mitra_is_reachable: false }),
    events: ["ClosingStarted"],
    status: "closing"
  },
  {
    title: "extending becomes closing when nobody answers and auto-approve is off",
    told: () =>
      given.tick(given.extending(), 110, { settings: { extension_default_action_on_timeout: "auto_reject" } }),
    events: ["ClosingStarted"],
    status: "closing"
  },
  {
    title: "extending becomes closing when the mitra rejects",
    told: () => given.answerExtension(given.extending(), 105, false),
    events: ["ClosingStarted"],
    status: "closing"
  },
  {
    title: "extending becomes closing when the customer ends early",
    told: () => given.end(given.extending(), 105, customer),
    events: ["ClosingStarted"],
    status: "closing"
  },
  {
    title: "closing becomes completed on the customer's goodbye",
    told: () => given.goodbye(given.closing(), 800, customer),
    events: ["GoodbyeLeft", "SessionCompleted"],
    status: "completed"
  },
  {
    title: "closing becomes completed when both goodbyes are in",
    told: () => given.goodbye(given.goodbye(given.closing(), 790, mitra(1)).state, 800, customer),
    events: ["GoodbyeLeft", "SessionCompleted"],
    status: "completed"
  },
  {
    title: "closing stays closing on the mitra's goodbye alone",
    told: () => given.goodbye(given.closing(), 800, mitra(1)),
    events: ["GoodbyeLeft"],
    status: "closing"
  },
  {
    title: "closing becomes completed when the grace is over",
    told: () => given.tick(given.closing(), given.CLOSING_ENDS),
    events: ["SessionCompleted"],
    status: "completed"
  }
]

it.each(rows)("$title", ({ events, status, told }) => {
  const result = told()
  assertHappened(result, events)
  assert.strictEqual(result.state.status, status)
})

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
  LookAgain: { _tag: "LookAgain" },
  RequestExtension: { _tag: "RequestExtension", payment_id: "payment-9", amount_idr: 5000, purchased_ms: 60_000 },
  AnswerExtension: { _tag: "AnswerExtension", by: mitra(1), extension_seq: 3, approve: true },
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
      LookAgain: [],
      RequestExtension: "SESSION_NOT_ACTIVE",
      AnswerExtension: "NOT_A_PARTICIPANT",
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
      LookAgain: [],
      RequestExtension: "SESSION_NOT_ACTIVE",
      AnswerExtension: "NOT_A_PARTICIPANT",
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
      LookAgain: [],
      RequestExtension: ["ExtensionRequested"],
      AnswerExtension: "EXTENSION_RESOLVED",
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
      LookAgain: [],
      RequestExtension: "EXTENSION_PENDING",
      AnswerExtension: ["SessionResumed"],
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
      LookAgain: [],
      RequestExtension: "SESSION_CLOSING",
      AnswerExtension: "EXTENSION_RESOLVED",
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
      LookAgain: [],
      RequestExtension: "SESSION_OVER",
      AnswerExtension: "EXTENSION_RESOLVED",
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
      LookAgain: [],
      RequestExtension: "SESSION_OVER",
      AnswerExtension: "NOT_A_PARTICIPANT",
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
      LookAgain: [],
      RequestExtension: "SESSION_OVER",
      AnswerExtension: "NOT_A_PARTICIPANT",
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
