// What phones see of the server's state. Views never carry more of a person than the other side may
// know: a mitra sees a call name, a customer sees a display name.
import * as Schema from "effect/Schema"
import { Language } from "../domain/matching.ts"
import { absenceCauses, sessionStatuses, sides, topics } from "../domain/session/state.ts"
import { paymentStatuses } from "../domain/payment.ts"
import { Id, Instant, Seq } from "./fields.ts"

const Nullable = Schema.NullOr

export const CursorView = Schema.Struct({ delivered_seq: Seq, read_seq: Seq })

/** An extension that waits for the mitra's answer; the paid clock stands still meanwhile. */
export const ExtensionView = Schema.Struct({
  /** What `mitra.answer_extension` names. */
  extension_seq: Seq,
  duration_seconds: Schema.Int,
  requested_at: Instant,
  deadline_at: Instant,
  /** Time left to answer when this was sent. */
  remaining_ms: Schema.Int
})
export type ExtensionView = typeof ExtensionView.Type

export const SessionView = Schema.Struct({
  session_id: Id,
  payment_id: Nullable(Id),
  status: Schema.Literals(sessionStatuses),
  kind: Schema.Literals(["blast", "targeted"]),
  mode: Schema.Literals(["chat", "call"]),
  topic: Schema.Literals(topics),
  /** What the customer asked the mitra to speak; missing otherwise. */
  language: Schema.optionalKey(Language),
  duration_seconds: Schema.Int,
  customer_name: Schema.String,
  mitra_id: Nullable(Id),
  mitra_name: Nullable(Schema.String),
  requested_at: Instant,
  search_ends_at: Instant,
  started_at: Nullable(Instant),
  ends_at: Nullable(Instant),
  remaining_ms: Nullable(Schema.Int),
  extension: Nullable(ExtensionView),
  /** For the customer, while the mitra cannot be reached; missing otherwise. */
  mitra_away: Schema.optionalKey(Schema.Struct({
    cause: Schema.Literals(absenceCauses),
    since: Instant,
    /** The paid clock stands until then; missing while it runs. */
    paused_until: Schema.optionalKey(Instant)
  })),
  closing_ends_at: Nullable(Instant),
  ended_at: Nullable(Instant),
  ended_by: Nullable(Schema.String),
  end_reason: Nullable(Schema.String),
  last_seq: Seq,
  unread: Schema.Int,
  cursors: Schema.Struct({ customer: CursorView, mitra: CursorView }),
  goodbyes: Schema.Struct({ customer: Nullable(Schema.String), mitra: Nullable(Schema.String) })
})
export type SessionView = typeof SessionView.Type

/** Where a request stands in the line while no mitra could be asked yet. */
export const QueueView = Schema.Struct({
  /** 1 is the next one. */
  position: Schema.Int,
  /** By the chats that run now; null when that says nothing. */
  estimated_wait_seconds: Nullable(Schema.Int)
})
export type QueueView = typeof QueueView.Type

/** A request of its customer: the session, and its place in the line. */
export const RequestView = Schema.Struct({ ...SessionView.fields, queue: Nullable(QueueView) })
export type RequestView = typeof RequestView.Type

export const MessageView = Schema.Struct({
  session_id: Id,
  seq: Seq,
  message_id: Id,
  client_message_id: Schema.String,
  side: Schema.Literals(sides),
  body: Schema.String,
  sent_at: Instant
})
export type MessageView = typeof MessageView.Type

/** Where in a chat's numbers another mitra took over. */
export const HandoverView = Schema.Struct({
  seq: Seq,
  at: Instant,
  mitra_id: Id,
  mitra_name: Schema.String
})
export type HandoverView = typeof HandoverView.Type

export const OfferView = Schema.Struct({
  session_id: Id,
  status: Schema.Literals(["pending", "accepted", "declined", "missed", "ignored"]),
  ending: Nullable(Schema.Literals(["taken", "cancelled", "expired", "declined", "withdrawn"])),
  customer_name: Schema.String,
  topic: Schema.Literals(topics),
  /** What the customer asked the mitra to speak; missing otherwise. */
  language: Schema.optionalKey(Language),
  mode: Schema.Literals(["chat", "call"]),
  kind: Schema.Literals(["blast", "targeted"]),
  duration_seconds: Schema.Int,
  sent_at: Instant,
  deadline_at: Instant,
  /** Time left to answer when this was sent: safe against a phone's wrong clock. */
  remaining_ms: Schema.Int,
  winner_at: Nullable(Instant)
})
export type OfferView = typeof OfferView.Type

export const PaymentView = Schema.Struct({
  payment_id: Id,
  product: Schema.Literals(["chat_session", "extension"]),
  status: Schema.Literals(paymentStatuses),
  amount_idr: Schema.Int,
  duration_seconds: Schema.Int,
  /** Taken off the price for the first session; 0 for none. */
  discount_idr: Schema.Int,
  checkout_url: Schema.String,
  created_at: Instant,
  expires_at: Instant,
  session_id: Nullable(Id),
  failure_cause: Nullable(Schema.String)
})
export type PaymentView = typeof PaymentView.Type

export const TierView = Schema.Struct({
  tier_id: Schema.String,
  label: Schema.String,
  mode: Schema.Literals(["chat", "call"]),
  duration_seconds: Schema.Int,
  price_idr: Schema.Int,
  /** What this customer pays for it as the first session; null when there is no such discount (any more). */
  first_session_price_idr: Nullable(Schema.Int)
})
export type TierView = typeof TierView.Type

export const BeaconView = Schema.Struct({ available: Schema.Boolean, count: Schema.Int })
export type BeaconView = typeof BeaconView.Type
