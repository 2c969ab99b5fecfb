// Pairing: whose turn it is to ask, who is asked, when the next look is, and what a late accept is told.
// Runs inside the session's turn, so one mailbox decides the first accept; a database constraint stands
// behind it.
import { fits, type Profile, type Wanted } from "./matching.ts"
import { type Refusal, refuse } from "./refusal.ts"
import type { SessionEvent } from "./session/events.ts"
import type { Offer, SessionState } from "./session/state.ts"
import type { Settings } from "./settings.ts"

/** An available mitra, in the order she should be asked. */
export interface Candidate extends Profile {
  readonly mitra_id: string
  readonly mitra_name: string
  readonly sessions: number
}

/**
 * How many mitras to ask in this look: all, or one wave, wider than the last one where the settings say so;
 * never more than the bound in total.
 */
export const waveLimit = (state: SessionState, settings: Settings): number => {
  const left = settings.pairing_offers_max - state.offers.length
  const width = settings.pairing_wave_size * settings.pairing_wave_growth ** Math.min(state.wave, 8)
  return Math.max(0, settings.pairing_wave_size === 0 ? left : Math.min(left, width))
}

/** True when this turn must bring candidates: the search is open and the next look is due. */
export const wantsCandidates = (state: SessionState, now: number): boolean =>
  (state.status === "searching" || state.status === "pending_acceptance") &&
  now < state.search_ends_at && state.next_wave_at !== null && state.next_wave_at <= now

/** The same request, looking at once: a place may have become free. One with open offers goes on waiting. */
export const lookingNow = (state: SessionState, now: number): SessionState =>
  state.status === "searching" ? { ...state, next_wave_at: now } : state

/** What the request wants of a mitra. */
export const wantedBy = ({ language, topic }: SessionState): Wanted => ({ language, topic })

/**
 * True when this turn must know whether mitras are free who are not what the request wants: it found none,
 * and its window is over.
 */
export const wantsOthers = (state: SessionState, now: number): boolean =>
  state.status === "searching" && now >= state.search_ends_at

/** The bound of both counts: requests ahead in the line, and candidates for them. */
export const queueCountMax = 200

/** How many candidates a look must see: enough to ask, and to know whether there is room for all older. */
export const candidateLimit = (state: SessionState, settings: Settings, ahead: number): number => {
  const wave = waveLimit(state, settings)
  return wave === 0 ? 0 : Math.max(wave, Math.min(queueCountMax, ahead + 1))
}

/** Only requests that any mitra may answer stand in line; a targeted one waits for one mitra. */
export const queues = (state: SessionState, settings: Settings): boolean =>
  settings.pairing_queue_enabled && state.kind === "blast"

export interface Seen {
  readonly candidates: ReadonlyArray<Candidate>
  /** Older requests that look for a mitra or wait for an answer, and could take the same places. */
  readonly ahead: number
  /** Mitras are free who are not what the request wants. */
  readonly others_are_free: boolean
}

/**
 * Oldest first: a younger request asks only when the free places are more than the older requests that
 * may take them. A full list of candidates counts as enough.
 */
const mustWait = (state: SessionState, seen: Seen, settings: Settings): boolean => {
  if (!queues(state, settings) || seen.candidates.length >= queueCountMax) return false
  const room = seen.candidates.reduce(
    (sum, candidate) => sum + Math.max(0, settings.max_customers_per_mitra - candidate.sessions),
    0
  )
  return room > 0 && room <= seen.ahead
}

/**
 * The next look: after a wave the next wave's turn, otherwise soon, for mitras who came online
 * meanwhile. A look in vain is no wave, so the request does not wait a wave's length after it.
 * Null when no look can find a further mitra; a decline makes one due in any case.
 */
const nextLook = (state: SessionState, settings: Settings, now: number, asked: number): number | null => {
  const total = state.offers.length + asked
  if (total >= settings.pairing_offers_max || (state.kind === "targeted" && total > 0)) return null
  const seconds = asked > 0 && settings.pairing_wave_size > 0
    ? settings.pairing_wave_seconds
    : settings.pairing_search_again_seconds
  const at = now + seconds * 1000
  return at < state.search_ends_at ? at : null
}

const nobodyCause = (othersAreFree: boolean) => othersAreFree ? "no_mitra_fits" : "no_mitra_available"

/** No mitra to ask now: over, if that is final, else another look later. */
const askedNobody = (state: SessionState, seen: Seen, settings: Settings, now: number): SessionEvent => {
  if (allDeclined(state)) return { _tag: "RequestExpired", at: now, cause: "all_declined" }
  if (state.kind === "blast" && state.offers.length === 0 && !settings.pairing_queue_enabled) {
    return { _tag: "RequestExpired", at: now, cause: nobodyCause(seen.others_are_free) }
  }
  return { _tag: "SearchedInVain", at: now, next_wave_at: nextLook(state, settings, now, 0) }
}

/** When an offer that is sent now ends unanswered. A targeted request has no time beside its own window. */
const offerEnds = (state: SessionState, settings: Settings, now: number): number =>
  settings.pairing_acceptance_seconds === 0 || state.kind === "targeted"
    ? state.search_ends_at
    : Math.min(state.search_ends_at, now + settings.pairing_acceptance_seconds * 1000)

/** The first instant at which an open offer ends before its request does; null when none will. */
export const nextLapse = (state: SessionState): number | null => {
  if (state.status !== "pending_acceptance") return null
  const first = state.offers.reduce(
    (least, { deadline_at, status }) => status === "pending" ? Math.min(least, deadline_at) : least,
    state.search_ends_at
  )
  return first < state.search_ends_at ? first : null
}

/** Who let their time to answer pass: their offers end, the request goes on. */
export const lapsed = (state: SessionState, now: number): SessionEvent | null => {
  const at = nextLapse(state)
  if (at === null || at > now) return null
  const mitra_ids = state.offers
    .filter((offer) => offer.status === "pending" && offer.deadline_at === at)
    .map((offer) => offer.mitra_id)
  return { _tag: "OffersLapsed", at, mitra_ids }
}

/**
 * One look for mitras: a wave of offers to those not asked yet, or nothing but a later look. When all
 * who were asked have declined and no mitra is left to ask, the request is over.
 */
export const search = (state: SessionState, seen: Seen, settings: Settings, now: number): SessionEvent => {
  if (mustWait(state, seen, settings)) {
    return { _tag: "SearchedInVain", at: now, next_wave_at: nextLook(state, settings, now, 0) }
  }
  const asked = new Set(state.offers.map((offer) => offer.mitra_id))
  const chosen = seen.candidates
    .filter((candidate) => !asked.has(candidate.mitra_id))
    .filter((candidate) => fits(candidate, wantedBy(state)))
    .filter((candidate) => state.kind === "blast" || candidate.mitra_id === state.target_mitra_id)
    .slice(0, waveLimit(state, settings))
  if (chosen.length === 0) return askedNobody(state, seen, settings, now)
  const wave = state.wave + 1
  const deadline_at = offerEnds(state, settings, now)
  const offers = chosen.map((candidate): Offer => ({
    mitra_id: candidate.mitra_id,
    mitra_name: candidate.mitra_name,
    status: "pending",
    ending: null,
    wave,
    sent_at: now,
    deadline_at,
    responded_at: null,
    sessions_at_offer: candidate.sessions
  }))
  const next_wave_at = nextLook(state, settings, now, chosen.length)
  return { _tag: "OffersSent", at: now, wave, offers, next_wave_at }
}

/** Why a request found no bestie, in the words staff and the customer see. */
export const expiryCause = (
  state: SessionState,
  othersAreFree: boolean
): Extract<SessionEvent, { _tag: "RequestExpired" }>["cause"] => {
  if (allDeclined(state)) return "all_declined"
  const isAlone = state.offers.length === 0
  if (state.kind === "targeted") return isAlone && othersAreFree ? "no_mitra_fits" : "returning_chat_timeout"
  return isAlone ? nobodyCause(othersAreFree) : "window_over"
}

/** Every mitra who was asked has declined. */
export const allDeclined = (state: SessionState): boolean =>
  state.offers.length > 0 && state.offers.every((offer) => offer.status === "declined")

/** What a mitra is told whose accept or decline came too late. */
export const lateAnswer = (state: SessionState, offer: Offer): Refusal => {
  const details = { session_id: state.id, ending: offer.ending }
  switch (offer.ending) {
    case "taken":
      // When it was taken travels with offer_closed; an instant has no wire form in here.
      return refuse("OFFER_TAKEN", "Another bestie answered first.", details)
    case "cancelled":
      return refuse("OFFER_CANCELLED", "The customer cancelled this request.", details)
    case "expired":
      return refuse("OFFER_EXPIRED", "The time to answer this request is over.", details)
    default:
      return refuse("OFFER_CLOSED", "This offer is no longer open to you.", details)
  }
}
