// A session as one of its two people may see it: what the view needs and nothing else. A mitra never sees
// the customer's payment. It travels between runners in the answer to a command.
import * as Schema from "effect/Schema"
import { Language } from "../matching.ts"
import { leftOf } from "../ledger.ts"
import {
  absenceCauses,
  enders,
  holdingStatuses,
  modes,
  requestKinds,
  sessionStatuses,
  type SessionState,
  type Side,
  topics
} from "./state.ts"

const OptionalText = Schema.NullOr(Schema.String)
const OptionalInstant = Schema.NullOr(Schema.Int)
const Cursor = Schema.Struct({ delivered_seq: Schema.Int, read_seq: Schema.Int })

export const SeenSession = Schema.Struct({
  id: Schema.String,
  /** Null for the mitra's side. */
  payment_id: OptionalText,
  status: Schema.Literals(sessionStatuses),
  kind: Schema.Literals(requestKinds),
  mode: Schema.Literals(modes),
  topic: Schema.Literals(topics),
  /** Missing in what a runner of the previous version sends. */
  language: Schema.optionalKey(Schema.NullOr(Language)),
  purchased_ms: Schema.Int,
  customer_name: Schema.String,
  mitra_id: OptionalText,
  mitra_name: OptionalText,
  requested_at: Schema.Int,
  search_ends_at: Schema.Int,
  started_at: OptionalInstant,
  ends_at: OptionalInstant,
  /** Paid time that is not used up, and since when it runs; null while no chat holds it. */
  left: Schema.NullOr(Schema.Struct({ ms: Schema.Int, running_since: OptionalInstant })),
  extension: Schema.NullOr(Schema.Struct({
    seq: Schema.Int,
    purchased_ms: Schema.Int,
    requested_at: Schema.Int,
    deadline_at: Schema.Int
  })),
  /** For the customer's side; missing in the answer of an actor of the previous version. */
  absence: Schema.optionalKey(
    Schema.NullOr(Schema.Struct({
      cause: Schema.Literals(absenceCauses),
      since: Schema.Int,
      paused_until: Schema.optionalKey(Schema.Int)
    }))
  ),
  closing_ends_at: OptionalInstant,
  ended_at: OptionalInstant,
  ended_by: Schema.NullOr(Schema.Literals(enders)),
  end_reason: OptionalText,
  last_seq: Schema.Int,
  cursors: Schema.Struct({ customer: Cursor, mitra: Cursor }),
  customer_goodbye: OptionalText,
  mitra_goodbye: OptionalText
})
export type SeenSession = typeof SeenSession.Type

const seenExtension = (state: SessionState): SeenSession["extension"] => {
  if (state.extension === null) return null
  const { deadline_at, purchased_ms, requested_at, seq } = state.extension
  return { seq, purchased_ms, requested_at, deadline_at }
}

/** The facts for one side; who may see the session at all is transcript.ts's to say. */
export const seenFrom = (state: SessionState, side: Side): SeenSession => ({
  id: state.id,
  payment_id: side === "customer" ? state.payment_id : null,
  status: state.status,
  kind: state.kind,
  mode: state.mode,
  topic: state.topic,
  language: state.language,
  purchased_ms: state.ledger.purchased_ms,
  customer_name: state.customer_name,
  mitra_id: state.mitra_id,
  mitra_name: state.mitra_name,
  requested_at: state.requested_at,
  search_ends_at: state.search_ends_at,
  started_at: state.started_at,
  ends_at: state.ends_at,
  left: holdingStatuses.includes(state.status) ? leftOf(state.ledger) : null,
  extension: seenExtension(state),
  absence: side === "customer" ? state.absence : null,
  closing_ends_at: state.closing_ends_at,
  ended_at: state.ended_at,
  ended_by: state.ended_by,
  end_reason: state.end_reason,
  last_seq: state.last_seq,
  cursors: state.cursors,
  customer_goodbye: state.customer_goodbye,
  mitra_goodbye: state.mitra_goodbye
})
