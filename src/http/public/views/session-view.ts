// A session as one of its two people may see it. A mitra is never shown the customer's payment.
import { instant, instantOrNull } from "../../../contract/fields.ts"
import type { ExtensionView, SessionView } from "../../../contract/views.ts"
import { leftAt } from "../../../domain/ledger.ts"
import { seenFrom, type SeenSession } from "../../../domain/session/seen-session.ts"
import type { SessionState, Side } from "../../../domain/session/state.ts"

export interface Reading {
  readonly unread: number
  readonly now: number
}

export interface Seen extends Reading {
  readonly side: Side
}

const extensionView = (extension: NonNullable<SeenSession["extension"]>, now: number): ExtensionView => ({
  extension_seq: extension.seq,
  duration_seconds: Math.floor(extension.purchased_ms / 1000),
  requested_at: instant(extension.requested_at),
  deadline_at: instant(extension.deadline_at),
  remaining_ms: Math.max(0, extension.deadline_at - now)
})

const awayView = ({ cause, paused_until, since }: NonNullable<SeenSession["absence"]>) => ({
  cause,
  since: instant(since),
  ...(paused_until === undefined ? {} : { paused_until: instant(paused_until) })
})

export const viewOfSeen = (seen: SeenSession, { now, unread }: Reading): SessionView => ({
  session_id: seen.id,
  payment_id: seen.payment_id,
  status: seen.status,
  kind: seen.kind,
  mode: seen.mode,
  topic: seen.topic,
  ...(seen.language === undefined || seen.language === null ? {} : { language: seen.language }),
  duration_seconds: Math.floor(seen.purchased_ms / 1000),
  customer_name: seen.customer_name,
  mitra_id: seen.mitra_id,
  mitra_name: seen.mitra_name,
  requested_at: instant(seen.requested_at),
  search_ends_at: instant(seen.search_ends_at),
  started_at: instantOrNull(seen.started_at),
  ends_at: instantOrNull(seen.ends_at),
  remaining_ms: seen.left === null ? null : leftAt(seen.left, now),
  extension: seen.extension === null ? null : extensionView(seen.extension, now),
  ...(seen.absence === undefined || seen.absence === null
    ? {}
    : { mitra_away: awayView(seen.absence) }),
  closing_ends_at: instantOrNull(seen.closing_ends_at),
  ended_at: instantOrNull(seen.ended_at),
  ended_by: seen.ended_by,
  end_reason: seen.end_reason,
  last_seq: seen.last_seq,
  unread,
  cursors: seen.cursors,
  goodbyes: { customer: seen.customer_goodbye, mitra: seen.mitra_goodbye }
})

export const sessionView = (state: SessionState, { side, ...reading }: Seen): SessionView =>
  viewOfSeen(seenFrom(state, side), reading)
