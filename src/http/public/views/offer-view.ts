// An offer as its mitra sees it: enough to decide, nothing of the customer but the call name.
import { instant, instantOrNull } from "../../../contract/fields.ts"
import type { OfferView } from "../../../contract/views.ts"
import type { OfferedRequest } from "../../../domain/session/offered-request.ts"

export const offerView = (request: OfferedRequest, now: number): OfferView => ({
  session_id: request.session_id,
  status: request.offer.status,
  ending: request.offer.ending,
  customer_name: request.customer_name,
  topic: request.topic,
  ...(request.language === undefined || request.language === null ? {} : { language: request.language }),
  mode: request.mode,
  kind: request.kind,
  duration_seconds: Math.floor(request.duration_ms / 1000),
  sent_at: instant(request.offer.sent_at),
  deadline_at: instant(request.offer.deadline_at),
  remaining_ms: request.offer.status === "pending" ? Math.max(0, request.offer.deadline_at - now) : 0,
  winner_at: instantOrNull(request.winner_at)
})
