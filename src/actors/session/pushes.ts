// Which pushes a session turn writes down, in its own transaction. Every person concerned gets a row, with
// an open app or without: whether a socket is open is asked when the push is sent, because it may close in
// between, and a turn must not wait for the answer.
import { messagePushDelayMs, messagePushLifeMs, type SessionPushKind } from "../../domain/push.ts"
import type { SessionEvent } from "../../domain/session/events.ts"
import type { Side } from "../../domain/session/state.ts"
import type { PushEntry } from "../../services/journal/journal.ts"
import type { SessionTurn } from "./rows.ts"

export type PushDraft = Omit<PushEntry, "id">

export const pushesOf = ({ after, at, events }: SessionTurn): ReadonlyArray<PushDraft> => {
  const session_id = after.id
  const to = (user_type: Side, kind: SessionPushKind, expires_at: number): ReadonlyArray<PushDraft> => {
    const user_id = user_type === "customer" ? after.customer_id : after.mitra_id
    return user_id === null ? [] : [{ session_id, kind, user_type, user_id, due_at: at, expires_at }]
  }
  const of = (event: SessionEvent): ReadonlyArray<PushDraft> => {
    switch (event._tag) {
      case "OffersSent":
        return event.offers.map(({ deadline_at, mitra_id }) => ({
          session_id,
          kind: "offer",
          user_type: "mitra",
          user_id: mitra_id,
          due_at: at,
          expires_at: deadline_at
        }))
      case "Paired":
        return to("customer", "paired", event.ends_at)
      // For the customer another bestie is there, for her a chat has begun.
      case "Rerouted":
        return [...to("customer", "paired", event.ends_at), ...to("mitra", "paired", event.ends_at)]
      case "MessageSent":
        return to(event.side === "customer" ? "mitra" : "customer", "message", at + messagePushLifeMs).map(
          (draft) => ({ ...draft, due_at: at + messagePushDelayMs })
        )
      case "ExtensionRequested":
        return to("mitra", "extension", event.deadline_at)
      case "ClosingStarted":
        return [
          ...to("customer", "closing", event.closing_ends_at),
          ...to("mitra", "closing", event.closing_ends_at)
        ]
      default:
        return []
    }
  }
  return events.flatMap(of)
}
