// A new request: the first state of a session, made once per confirmed payment and once more per
// command of its customer to try again.
import { emptyLedger } from "../ledger.ts"
import type { Language } from "../matching.ts"
import type { Settings } from "../settings.ts"
import { noCursor, type SessionState, type Topic } from "./state.ts"

export interface NewRequest {
  readonly id: string
  readonly customer_id: string
  readonly customer_name: string
  readonly payment_id: string
  readonly amount_idr: number
  readonly kind: "blast" | "targeted"
  readonly target_mitra_id: string | null
  readonly mode: "chat" | "call"
  readonly topic: Topic
  readonly language: Language | null
  readonly purchased_ms: number
  /** Set when the customer asks again on a payment whose request found no bestie. */
  readonly opened_by?: string
}

/** The window a request may look for a mitra, in ms. */
export const searchWindowMs = (kind: NewRequest["kind"], settings: Settings): number =>
  1000 * (kind === "targeted"
    ? settings.returning_chat_confirmation_timeout_seconds
    : settings.pairing_blast_timeout_seconds)

export const openRequest = (request: NewRequest, settings: Settings, now: number): SessionState => {
  const { opened_by = null, purchased_ms, ...facts } = request
  return {
    ...facts,
    opened_by,
    status: "searching",
    mitra_id: null,
    mitra_name: null,
    assignments: [],
    absence: null,
    requested_at: now,
    search_ends_at: now + searchWindowMs(request.kind, settings),
    next_wave_at: now,
    wave: 0,
    started_at: null,
    ends_at: null,
    warned_seconds: null,
    extension: null,
    closing_ends_at: null,
    ended_at: null,
    ended_by: null,
    end_reason: null,
    offers: [],
    ledger: emptyLedger(purchased_ms),
    customer_goodbye: null,
    mitra_goodbye: null,
    cursors: { customer: noCursor, mitra: noCursor },
    last_seq: 0
  }
}
