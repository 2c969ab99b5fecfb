// A session as one of its two people may see it. A mitra is never shown the customer's payment.
import { instant, instantOrNull } from "../../../contract/fields.ts"
import type { ExtensionView, SessionView } from "../../../contract/views.ts"
import { remainingMs } from "../../../domain/ledger.ts"
import {
  holdingStatuses,
  type PendingExtension,
  type SessionState,
  type Side
} from "../../../domain/session/state.ts"

export interface Seen {
  readonly side: Side
  readonly unread: number
  readonly now: number
}

const extensionView = (extension: PendingExtension, now: number): ExtensionView => ({
  extension_seq: extension.seq,
  duration_seconds: Math.floor(extension.purchased_ms / 1000),
  requested_at: instant(extension.requested_at),
  deadline_at: instant(extension.deadline_at),
  remaining_ms: Math.max(0, extension.deadline_at - now)
})

export const sessionView = (state: SessionState, seen: Seen): SessionView => ({
  session_id: state.id,
  payment_id: seen.side === "customer" ? state.payment_id : null,
  status: state.status,
  kind: state.kind,
  mode: state.mode,
  topic: state.topic,
  duration_seconds: Math.floor(state.ledger.purchased_ms / 1000),
  customer_name: state.customer_name,
  mitra_id: state.mitra_id,
  mitra_name: state.mitra_name,
  requested_at: instant(state.requested_at),
  search_ends_at: instant(state.search_ends_at),
  started_at: instantOrNull(state.started_at),
  ends_at: instantOrNull(state.ends_at),
  remaining_ms: holdingStatuses.includes(state.status) ? remainingMs(state.ledger, seen.now) : null,
  extension: state.extension === null ? null : extensionView(state.extension, seen.now),
  closing_ends_at: instantOrNull(state.closing_ends_at),
  ended_at: instantOrNull(state.ended_at),
  ended_by: state.ended_by,
  end_reason: state.end_reason,
  last_seq: state.last_seq,
  unread: seen.unread,
  cursors: state.cursors,
  goodbyes: { customer: state.customer_goodbye, mitra: state.mitra_goodbye }
})
