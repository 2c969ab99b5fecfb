// An offer as its mitra sees it: enough to decide, nothing of the customer but the call name.
import { instant, instantOrNull } from "../../../contract/fields.ts"
import type { OfferView } from "../../../contract/views.ts"
import { offerOf, type SessionState } from "../../../domain/session/state.ts"
import type { OfferedRequest } from "../../../services/sessions/session-views.ts"

export const offerView = (request: OfferedRequest, now: number): OfferView => ({
  session_id: request.session_id,
  status: request.offer.status,
  ending: request.offer.ending,
  customer_name: request.customer_name,
  topic: request.topic,
  mode: request.mode,
  kind: request.kind,
  duration_seconds: Math.floor(request.duration_ms / 1000),
  sent_at: instant(request.offer.sent_at),
  deadline_at: instant(request.offer.deadline_at),
  remaining_ms: request.offer.status === "pending" ? Math.max(0, request.offer.deadline_at - now) : 0,
  winner_at: instantOrNull(request.winner_at)
})

/** The same, from a session read as a whole; null when it was never offered to her. */
export const offeredRequest = (state: SessionState, mitraId: string): OfferedRequest | null => {
  const offer = offerOf(state, mitraId)
  if (offer === undefined) return null
  return {
    session_id: state.id,
    customer_name: state.customer_name,
    topic: state.topic,
    mode: state.mode,
    kind: state.kind,
    duration_ms: state.ledger.purchased_ms,
    offer,
    winner_at: offer.ending === "taken" ? state.started_at : null
  }
}
