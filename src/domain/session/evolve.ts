// How facts change a session. Total: any event on any state gives a state, so replaying stored
// history can never fail. Whether an event was allowed is decide's business.
import * as Ledger from "../ledger.ts"
import { isSequenced, type EventOf, type SessionEvent } from "./events.ts"
import { isOwed, isPaused } from "./state.ts"
import type { Assignment, Offer, OfferEnding, OfferStatus, SessionState } from "./state.ts"

/** Only a decline is her answer: an offer that ended otherwise has no response time. */
const endPending = (
  offers: ReadonlyArray<Offer>,
  status: OfferStatus,
  ending: OfferEnding,
  at: number,
  only: (offer: Offer) => boolean = () => true
): ReadonlyArray<Offer> =>
  offers.map((offer) =>
    offer.status === "pending" && only(offer)
      ? { ...offer, status, ending, responded_at: status === "declined" ? at : null }
      : offer
  )

/** Offers end without a yes. When none is left pending, the next look is due at once. */
const offersLost = (
  state: SessionState,
  at: number,
  mitraIds: ReadonlyArray<string>,
  status: OfferStatus,
  ending: OfferEnding
): SessionState => {
  const offers = endPending(state.offers, status, ending, at, (offer) => mitraIds.includes(offer.mitra_id))
  const nobodyLeft = !offers.some((offer) => offer.status === "pending")
  return { ...state, offers, next_wave_at: nobodyLeft ? at : state.next_wave_at }
}

const assigned = (
  event: EventOf<"Paired"> | EventOf<"Rerouted">,
  by: Pick<Assignment, "by_staff_id" | "reason">
): Assignment => ({
  mitra_id: event.mitra_id,
  mitra_name: event.mitra_name,
  started_at: event.at,
  ended_at: null,
  ...by,
  left: null
})

/** Ends the running assignment; all others keep their identity, so that only this one is written. */
const unassigned = (
  state: SessionState,
  ended_at: number,
  left: Assignment["left"]
): ReadonlyArray<Assignment> =>
  state.assignments.map((assignment) =>
    assignment.ended_at === null ? { ...assignment, ended_at, left } : assignment
  )

/** The clock runs on, for another mitra: what was served before stays under its own reason. */
const rerouted = (state: SessionState, event: EventOf<"Rerouted">): SessionState => {
  const left = { seq: state.last_seq + 1, topic: state.topic, purchased_ms: state.ledger.purchased_ms }
  return {
    ...state,
    mitra_id: event.mitra_id,
    mitra_name: event.mitra_name,
    ends_at: event.ends_at,
    absence: null,
    assignments: [
      ...unassigned(state, event.at, left),
      assigned(event, { by_staff_id: event.staff_id, reason: event.reason })
    ],
    ledger: Ledger.serve(state.ledger, event.at, "rerouted")
  }
}

const paired = (state: SessionState, event: EventOf<"Paired">): SessionState => ({
  ...state,
  status: "active",
  mitra_id: event.mitra_id,
  mitra_name: event.mitra_name,
  started_at: event.at,
  ends_at: event.ends_at,
  next_wave_at: null,
  assignments: [assigned(event, { by_staff_id: null, reason: null })],
  ledger: Ledger.serve(state.ledger, event.at, "paired"),
  offers: endPending(
    state.offers.map((offer) =>
      offer.mitra_id === event.mitra_id
        ? { ...offer, status: "accepted" as const, responded_at: event.at }
        : offer
    ),
    "missed",
    "taken",
    event.at
  )
})

const ended = (
  state: SessionState,
  status: "cancelled" | "expired",
  event: EventOf<"RequestCancelled"> | EventOf<"RequestExpired">
): SessionState => ({
  ...state,
  status,
  next_wave_at: null,
  ended_at: event.at,
  ended_by: event._tag === "RequestCancelled" ? event.by : "clock",
  end_reason: event._tag === "RequestCancelled" ? "cancelled" : event.cause,
  offers: endPending(state.offers, "ignored", status, event.at)
})

const extending = (state: SessionState, event: EventOf<"ExtensionRequested">): SessionState => ({
  ...state,
  status: "extending",
  ends_at: null,
  extension: {
    seq: state.last_seq + 1,
    payment_id: event.payment_id,
    amount_idr: event.amount_idr,
    purchased_ms: event.purchased_ms,
    requested_at: event.at,
    deadline_at: event.deadline_at
  },
  ledger: Ledger.pause(state.ledger, event.at, "extension_requested")
})

/** Both are warned again before the new end. */
const resumed = (state: SessionState, event: EventOf<"SessionResumed">): SessionState => ({
  ...state,
  status: "active",
  ends_at: event.ends_at,
  warned_seconds: null,
  extension: null,
  ledger: Ledger.serve(
    Ledger.purchase(state.ledger, event.purchased_ms),
    event.at,
    state.absence?.cause ?? "extended"
  )
})

/** The clock stands while another mitra is looked for, where staff want that; else its time has a reason. */
const wentAway = (state: SessionState, event: EventOf<"MitraWentAway">): SessionState => {
  const { cause, since } = event
  const paused_until = event.paused_until ?? state.absence?.paused_until
  if (paused_until === undefined) {
    return { ...state, absence: { cause, since }, ledger: Ledger.rename(state.ledger, since, cause) }
  }
  const ledger = isPaused(state) ? state.ledger : Ledger.pause(state.ledger, since, cause)
  return { ...state, absence: { cause, since, paused_until }, ends_at: null, ledger }
}

const cameBack = (state: SessionState, event: EventOf<"MitraCameBack">): SessionState => {
  if (!isPaused(state)) {
    return { ...state, absence: null, ledger: Ledger.rename(state.ledger, event.at, "mitra_back") }
  }
  const ledger = Ledger.serve(state.ledger, event.at, "mitra_back")
  return { ...state, absence: null, ends_at: Ledger.endsAt(ledger), ledger }
}

const receipt = (state: SessionState, event: EventOf<"ReceiptMoved">): SessionState => ({
  ...state,
  cursors: {
    ...state.cursors,
    [event.side]: { delivered_seq: event.delivered_seq, read_seq: event.read_seq }
  }
})

const apply = (state: SessionState, event: SessionEvent): SessionState => {
  switch (event._tag) {
    case "OffersSent":
      return {
        ...state,
        status: "pending_acceptance",
        wave: event.wave,
        next_wave_at: event.next_wave_at,
        offers: [...state.offers, ...event.offers]
      }
    case "SearchedInVain":
      return { ...state, next_wave_at: event.next_wave_at }
    case "OfferDeclined":
      return offersLost(state, event.at, [event.mitra_id], "declined", "declined")
    case "OfferWithdrawn":
      return offersLost(state, event.at, [event.mitra_id], "ignored", "withdrawn")
    case "OffersLapsed":
      return offersLost(state, event.at, event.mitra_ids, "ignored", "expired")
    case "Paired":
      return paired(state, event)
    case "RequestCancelled":
      return ended(state, "cancelled", event)
    case "RequestExpired":
      return ended(state, "expired", event)
    case "MessageSent":
      return state
    case "ReceiptMoved":
      return receipt(state, event)
    case "WarningGiven":
      return { ...state, warned_seconds: event.remaining_seconds }
    case "TopicChanged":
      return { ...state, topic: event.topic }
    case "Rerouted":
      return rerouted(state, event)
    case "MitraWentAway":
      return wentAway(state, event)
    case "MitraCameBack":
      return cameBack(state, event)
    case "ExtensionRequested":
      return extending(state, event)
    case "SessionResumed":
      return resumed(state, event)
    case "ClosingStarted":
      return {
        ...state,
        status: "closing",
        ends_at: null,
        extension: null,
        absence: null,
        closing_ends_at: event.closing_ends_at,
        end_reason: event.reason,
        ledger: Ledger.settle(state.ledger, event.at, isOwed(state) ? Ledger.owedReason : event.reason)
      }
    case "GoodbyeLeft":
      return event.side === "customer"
        ? { ...state, customer_goodbye: event.text }
        : { ...state, mitra_goodbye: event.text }
    case "SessionCompleted":
      return {
        ...state,
        status: "completed",
        assignments: unassigned(state, event.at, null),
        closing_ends_at: null,
        ended_at: event.at,
        ended_by: event.ended_by
      }
  }
}

export const evolve = (state: SessionState, event: SessionEvent): SessionState => {
  const next = apply(state, event)
  return isSequenced(event) ? { ...next, last_seq: state.last_seq + 1 } : next
}

export const evolveAll = (state: SessionState, events: ReadonlyArray<SessionEvent>): SessionState =>
  events.reduce(evolve, state)
