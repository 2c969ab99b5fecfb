// A session's numbered events as phones see them. What the machine only needs for itself has no fact.
import { instant } from "../../../contract/fields.ts"
import type { SessionFact } from "../../../contract/public/events.ts"
import type { MessageView } from "../../../contract/views.ts"
import type { EventOf, SessionEvent } from "../../../domain/session/events.ts"
import type { StoredMessage } from "../../../services/sessions/sessions.ts"

export const messageView = (message: Omit<StoredMessage, "sender_id">): MessageView => ({
  session_id: message.session_id,
  seq: message.seq,
  message_id: message.message_id,
  client_message_id: message.client_message_id,
  side: message.side,
  body: message.body,
  sent_at: instant(message.sent_at)
})

const messageFact = (sessionId: string, seq: number, event: EventOf<"MessageSent">): SessionFact => ({
  kind: "message",
  message: messageView({ ...event, session_id: sessionId, seq, sent_at: event.at })
})

/** Null for events that are not part of the numbered story. */
export const sessionFact = (sessionId: string, seq: number, event: SessionEvent): SessionFact | null => {
  switch (event._tag) {
    case "OffersSent":
      return { kind: "offers_sent", asked: event.offers.length, wave: event.wave }
    case "Paired":
      return {
        kind: "paired",
        mitra_id: event.mitra_id,
        mitra_name: event.mitra_name,
        ends_at: instant(event.ends_at)
      }
    case "Rerouted":
      // Who of the staff decided it, and why, is no phone's business.
      return {
        kind: "rerouted",
        from_mitra_id: event.from_mitra_id,
        mitra_id: event.mitra_id,
        mitra_name: event.mitra_name,
        ends_at: instant(event.ends_at)
      }
    case "RequestCancelled":
      return { kind: "request_cancelled", by: event.by }
    case "RequestExpired":
      // The payment stays confirmed: the customer may look again with it.
      return { kind: "pairing_failed", cause: event.cause, is_terminal: false }
    case "MessageSent":
      return messageFact(sessionId, seq, event)
    case "WarningGiven":
      return { kind: "warning", remaining_seconds: event.remaining_seconds }
    case "TopicChanged":
      return { kind: "topic_changed", topic: event.topic }
    case "ExtensionRequested":
      return {
        kind: "extension_requested",
        duration_seconds: Math.floor(event.purchased_ms / 1000),
        deadline_at: instant(event.deadline_at)
      }
    case "SessionResumed":
      return {
        kind: "session_resumed",
        by: event.by,
        added_seconds: Math.floor(event.purchased_ms / 1000),
        ends_at: instant(event.ends_at)
      }
    case "ClosingStarted":
      return { kind: "closing", reason: event.reason, closing_ends_at: instant(event.closing_ends_at) }
    case "GoodbyeLeft":
      return { kind: "goodbye", side: event.side, text: event.text }
    case "SessionCompleted":
      return { kind: "completed", reason: event.reason, ended_by: event.ended_by }
    case "SearchedInVain":
    case "OfferDeclined":
    case "OfferWithdrawn":
    case "OffersLapsed":
    case "ReceiptMoved":
    case "MitraWentAway":
    case "MitraCameBack":
      return null
  }
}
