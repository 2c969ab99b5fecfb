// Who is told what a session turn did. Committed facts only; losing one of these messages costs
// latency, never an event.
import { numbered, type SessionEvent } from "../../domain/session/events.ts"
import { requestWith } from "../../domain/session/offered-request.ts"
import { isTerminal, type Offer, type SessionState, type Side } from "../../domain/session/state.ts"
import type { BusMessage, Topic } from "../../services/bus/bus.ts"
import { closedOffers, movedOffers, type SessionTurn } from "./rows.ts"

const participants = (state: SessionState): ReadonlyArray<Topic> => [
  `customer:${state.customer_id}`,
  ...(state.mitra_id === null ? [] : [`mitra:${state.mitra_id}` as const])
]

// Machine-internal bookkeeping that no phone is shown.
const silent = new Set<SessionEvent["_tag"]>([
  "SearchedInVain",
  "OfferDeclined",
  "OfferWithdrawn",
  "OffersLapsed"
])

/** That the mitra cannot be reached is said to the one who waits; that the clock runs again, to both. */
const isForCustomer = (event: SessionEvent): boolean =>
  event._tag === "MitraWentAway" || (event._tag === "MitraCameBack" && event.ends_at === undefined)

/** The mitra who handed the chat over hears of that and of what came before it, but of nothing after it. */
const handedOver = (turn: SessionTurn): { readonly topic: Topic; readonly last: number } | null => {
  const last = turn.events.findIndex((event) => event._tag === "Rerouted")
  const event = turn.events[last]
  return event?._tag === "Rerouted" ? { topic: `mitra:${event.from_mitra_id}`, last } : null
}

/** Offers are said again for so long after their deadline: until then some phone may still show one. */
const shownAfterMs = 60_000

const positionMessage = (topic: Topic, session_id: string, seq: number, is_over: boolean): BusMessage => ({
  topic,
  event: { _tag: "SessionPosition", session_id, seq, is_over }
})

/** An open offer comes along with all that its mitra is shown of it, so that no feed has to read it. */
const offerMessage = (state: SessionState, offer: Offer): BusMessage => {
  const request = requestWith(state, offer)
  const { ending } = offer
  return {
    topic: `mitra:${offer.mitra_id}`,
    event: {
      _tag: "OfferChanged",
      session_id: state.id,
      ending,
      winner_at: request.winner_at,
      offer: ending === null ? request : null
    }
  }
}

/** What each side has received and read, for the other one: receipts have no number a phone could miss. */
const receiptMessages = (state: SessionState, at: number): ReadonlyArray<BusMessage> => {
  const { cursors, customer_id, id, mitra_id, status } = state
  if (mitra_id === null || isTerminal(status)) return []
  const message = (topic: Topic, side: Side): ReadonlyArray<BusMessage> =>
    cursors[side].delivered_seq === 0 ? [] : [{
      topic,
      event: {
        _tag: "SessionEvent",
        session_id: id,
        seq: null,
        event: { _tag: "ReceiptMoved", at, side, ...cursors[side] }
      }
    }]
  return [...message(`customer:${customer_id}`, "mitra"), ...message(`mitra:${mitra_id}`, "customer")]
}

/** What phones may have missed of a session that was just loaded; feeds that have it all ignore this. */
export const republishPosition = (state: SessionState, now: number): ReadonlyArray<BusMessage> => {
  const { assignments, id, last_seq, mitra_id, offers, status } = state
  if (last_seq === 0) return []
  const shown = offers.filter(({ deadline_at, status }) =>
    status !== "accepted" && now - deadline_at < shownAfterMs
  )
  return [
    ...participants(state).map((topic) => positionMessage(topic, id, last_seq, isTerminal(status))),
    // For a mitra who handed the chat over it ends with that event.
    ...assignments.flatMap(({ left, mitra_id: former }) =>
      left === null || former === mitra_id ? [] : [positionMessage(`mitra:${former}`, id, left.seq, true)]
    ),
    ...shown.map((offer) => offerMessage(state, offer)),
    ...receiptMessages(state, now)
  ]
}

export const publishSession = (turn: SessionTurn): ReadonlyArray<BusMessage> => {
  const { after } = turn
  const topics = participants(after)
  const former = handedOver(turn)
  const origin_connection_id = turn.call.connection
  const facts = numbered(turn.events, turn.before.last_seq).flatMap(({ event, seq }, index) =>
    silent.has(event._tag)
      ? []
      : (isForCustomer(event)
        ? [`customer:${after.customer_id}` as const]
        : [...topics, ...(former !== null && index <= former.last ? [former.topic] : [])]).map((
          topic
        ): BusMessage => ({
          topic,
          event: {
            _tag: "SessionEvent",
            session_id: after.id,
            seq,
            event,
            // The answer already tells its caller of an event without a number: no need to send it again.
            ...(seq === null && origin_connection_id !== undefined ? { origin_connection_id } : {})
          }
        }))
  )
  // An offer that one turn both made and took back was shown to no phone.
  const offered = movedOffers(turn).filter((offer) => offer.status === "pending")
  const closed = closedOffers(turn).filter((offer) => offer.ending !== null)
  return [...facts, ...[...offered, ...closed].map((offer) => offerMessage(after, offer))]
}
