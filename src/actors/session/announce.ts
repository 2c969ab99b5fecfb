// Who is told what a session turn did. Committed facts only; losing one of these messages costs
// latency, never an event.
import { numbered, type SessionEvent } from "../../domain/session/events.ts"
import type { SessionState } from "../../domain/session/state.ts"
import type { BusMessage, Topic } from "../../services/bus.ts"
import { closedOffers, type SessionTurn } from "./rows.ts"

const participants = (state: SessionState): ReadonlyArray<Topic> => [
  `customer:${state.customer_id}`,
  ...(state.mitra_id === null ? [] : [`mitra:${state.mitra_id}` as const])
]

// Machine-internal bookkeeping that no phone is shown.
const silent = new Set<SessionEvent["_tag"]>([
  "SearchedInVain",
  "OfferDeclined",
  "OfferWithdrawn",
  "MitraWentAway",
  "MitraCameBack"
])

/** Who handed the chat over hears of it, and of what came before it, but of nothing after it. */
const handedOver = (turn: SessionTurn): { readonly topic: Topic; readonly last: number } | null => {
  const last = turn.events.findIndex((event) => event._tag === "Rerouted")
  const event = turn.events[last]
  return event?._tag === "Rerouted" ? { topic: `mitra:${event.from_mitra_id}`, last } : null
}

export const announceSession = (turn: SessionTurn): ReadonlyArray<BusMessage> => {
  const { after } = turn
  const topics = participants(after)
  const former = handedOver(turn)
  const facts = numbered(turn.events, turn.before.last_seq).flatMap(({ event, seq }, index) =>
    silent.has(event._tag)
      ? []
      : [...topics, ...(former !== null && index <= former.last ? [former.topic] : [])].map((
        topic
      ): BusMessage => ({
        topic,
        event: { _tag: "SessionMoved", session_id: after.id, seq, event }
      }))
  )
  const offered = turn.events.flatMap((event) =>
    event._tag === "OffersSent"
      ? event.offers.map((offer): BusMessage => ({
        topic: `mitra:${offer.mitra_id}`,
        event: { _tag: "OfferMoved", session_id: after.id, ending: null, winner_at: null }
      }))
      : []
  )
  const closed = closedOffers(turn).flatMap((offer): ReadonlyArray<BusMessage> =>
    offer.ending === null ? [] : [{
      topic: `mitra:${offer.mitra_id}`,
      event: {
        _tag: "OfferMoved",
        session_id: after.id,
        ending: offer.ending,
        winner_at: offer.ending === "taken" ? after.started_at : null
      }
    }]
  )
  return [...facts, ...offered, ...closed]
}
