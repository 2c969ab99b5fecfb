// Pairing: who is asked, when the next look is, and what a late or lost accept is told. Runs inside
// the session's turn, so one mailbox decides the first accept; a database constraint stands behind it.
import { type Refusal, refuse } from "./refusal.ts"
import type { SessionEvent } from "./session/events.ts"
import type { Offer, SessionState } from "./session/state.ts"
import type { Settings } from "./settings.ts"

/** An available mitra, in the order she should be asked. */
export interface Candidate {
  readonly mitra_id: string
  readonly mitra_name: string
  readonly sessions: number
}

/** How many to ask in this look: everybody, or one wave; never more than the bound in total. */
export const waveLimit = (state: SessionState, settings: Settings): number => {
  const left = settings.pairing_offers_max - state.offers.length
  return Math.max(0, settings.pairing_wave_size === 0 ? left : Math.min(left, settings.pairing_wave_size))
}

/** True when this turn must bring candidates: the search is open and the next look is due. */
export const wantsCandidates = (state: SessionState, now: number): boolean =>
  (state.status === "searching" || state.status === "pending_acceptance") &&
  now < state.search_ends_at && state.next_wave_at !== null && state.next_wave_at <= now

/**
 * The next look: after a wave the next wave's turn, otherwise soon, for mitras who came online
 * meanwhile. A look in vain is no wave: nobody must wait a wave's length because nobody was there.
 */
const nextLook = (state: SessionState, settings: Settings, now: number, asked: boolean): number | null => {
  const seconds = asked && settings.pairing_wave_size > 0
    ? settings.pairing_wave_seconds
    : settings.pairing_search_again_seconds
  const at = now + seconds * 1000
  return at < state.search_ends_at ? at : null
}

/**
 * One look for mitras: a wave of offers to those not asked yet, or nothing but a later look. When all
 * who were asked have declined and nobody is left to ask, the request is over.
 */
export const search = (
  state: SessionState,
  candidates: ReadonlyArray<Candidate>,
  settings: Settings,
  now: number
): SessionEvent => {
  const asked = new Set(state.offers.map((offer) => offer.mitra_id))
  const chosen = candidates
    .filter((candidate) => !asked.has(candidate.mitra_id))
    .filter((candidate) => state.kind === "blast" || candidate.mitra_id === state.target_mitra_id)
    .slice(0, waveLimit(state, settings))
  const next_wave_at = nextLook(state, settings, now, chosen.length > 0)
  if (chosen.length === 0 && allDeclined(state)) {
    return { _tag: "RequestExpired", at: now, cause: "all_declined" }
  }
  if (chosen.length === 0) return { _tag: "SearchedInVain", at: now, next_wave_at }
  const wave = state.wave + 1
  const offers = chosen.map((candidate): Offer => ({
    mitra_id: candidate.mitra_id,
    mitra_name: candidate.mitra_name,
    status: "pending",
    ending: null,
    wave,
    sent_at: now,
    deadline_at: state.search_ends_at,
    responded_at: null,
    sessions_at_offer: candidate.sessions
  }))
  return { _tag: "OffersSent", at: now, wave, offers, next_wave_at }
}

/** Why a request found nobody, in the words staff and the customer see. */
export const expiryCause = (
  state: SessionState
): Extract<SessionEvent, { _tag: "RequestExpired" }>["cause"] => {
  if (allDeclined(state)) return "all_declined"
  if (state.kind === "targeted") return "returning_chat_timeout"
  return state.offers.length === 0 ? "no_mitra_available" : "window_over"
}

/** Everybody who was asked has said no. */
export const allDeclined = (state: SessionState): boolean =>
  state.offers.length > 0 && state.offers.every((offer) => offer.status === "declined")

/** What a mitra is told whose accept or decline came too late. */
export const lateAnswer = (state: SessionState, offer: Offer): Refusal => {
  const details = { session_id: state.id, ending: offer.ending }
  switch (offer.ending) {
    case "taken":
      return refuse("OFFER_TAKEN", "Another bestie answered first.", details)
    case "cancelled":
      return refuse("OFFER_CANCELLED", "The customer cancelled this request.", details)
    case "expired":
      return refuse("OFFER_EXPIRED", "The time to answer this request is over.", details)
    default:
      return refuse("OFFER_CLOSED", "This offer is no longer open to you.", details)
  }
}
