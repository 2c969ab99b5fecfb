// A request as the mitra sees it to whom it was offered: enough to decide, nothing of the customer but the
// call name. It travels in her answer and on the bus, so that showing an offer reads nothing.
import * as Schema from "effect/Schema"
import { Language } from "../matching.ts"
import {
  modes,
  type Offer,
  offerEndings,
  offerOf,
  offerStatuses,
  requestKinds,
  type SessionState,
  topics
} from "./state.ts"

export const OfferedRequest = Schema.Struct({
  session_id: Schema.String,
  customer_name: Schema.String,
  topic: Schema.Literals(topics),
  /** Missing in what a runner of the previous version sends. */
  language: Schema.optionalKey(Schema.NullOr(Language)),
  mode: Schema.Literals(modes),
  kind: Schema.Literals(requestKinds),
  duration_ms: Schema.Int,
  offer: Schema.Struct({
    status: Schema.Literals(offerStatuses),
    ending: Schema.NullOr(Schema.Literals(offerEndings)),
    sent_at: Schema.Int,
    deadline_at: Schema.Int
  }),
  /** When another mitra was faster. */
  winner_at: Schema.NullOr(Schema.Int)
})
export type OfferedRequest = typeof OfferedRequest.Type

/** The session's request with one of its offers. */
export const requestWith = (state: SessionState, offer: Offer): OfferedRequest => {
  const { deadline_at, ending, sent_at, status } = offer
  return {
    session_id: state.id,
    customer_name: state.customer_name,
    topic: state.topic,
    language: state.language,
    mode: state.mode,
    kind: state.kind,
    duration_ms: state.ledger.purchased_ms,
    offer: { status, ending, sent_at, deadline_at },
    winner_at: ending === "taken" ? state.started_at : null
  }
}

/** Null when it was never offered to her. */
export const offeredRequest = (state: SessionState, mitraId: string): OfferedRequest | null => {
  const offer = offerOf(state, mitraId)
  return offer === undefined ? null : requestWith(state, offer)
}
