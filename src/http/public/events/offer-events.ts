// Offers in the feed of a mitra's phone: an announcement carries the offer and is shown without a read, so
// that a blast to many costs no reads. Only one that does not fit, or was long under way, is read.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { instantOrNull } from "../../../contract/fields.ts"
import type { OfferedRequest } from "../../../domain/session/offered-request.ts"
import type { BusEvent } from "../../../services/bus/bus.ts"
import { observe } from "../../../services/operations/figures.ts"
import type { SessionViews } from "../../../services/sessions/session-views.ts"
import type { Unavailable } from "../../../services/platform/unavailable.ts"
import { offerView } from "../views/offer-view.ts"
import { type Feed, forget, patiently } from "./feed-state.ts"
import { offersMax, openOffers } from "./snapshot.ts"

type OfferChanged = Extract<BusEvent, { _tag: "OfferChanged" }>

/** An announcement older than this may have been overtaken by the end of its offer: Postgres is asked. */
export const announcedWithinMs = 2000

export const showOffer = (feed: Feed, offer: OfferedRequest, now: number): void => {
  if (!feed.offers.open(offer.session_id)) return
  observe("offer_to_screen_ms", now - offer.offer.sent_at)
  feed.ready.push({ _tag: "offer", offer: offerView(offer, now) })
}

/** Shows what is open and not shown yet. One read answers every offer announced before it. */
const readOffers = Effect.fnUntraced(function*(feed: Feed) {
  const offers = yield* patiently(openOffers(feed.caller))
  forget(feed, (event) => event._tag === "OfferChanged" && event.ending === null)
  const now = yield* Clock.currentTimeMillis
  for (const offer of offers) showOffer(feed, offer, now)
})

const isFresh = ({ offer }: OfferedRequest, now: number): boolean =>
  Math.abs(now - offer.sent_at) <= announcedWithinMs && offer.deadline_at > now

/** Its end was taken from the bus with it: a phone that was slow is not shown what is over. */
const isEndedInInbox = (feed: Feed, sessionId: string): boolean =>
  feed.inbox.some((event) =>
    event._tag === "OfferChanged" && event.session_id === sessionId && event.ending !== null
  )

/** Into `ready`, or what has to be read for it. */
export const onOffer = (
  feed: Feed,
  { ending, offer, session_id, winner_at }: OfferChanged,
  now: number
): Effect.Effect<void, Unavailable, SessionViews> | null => {
  if (ending !== null) {
    if (feed.offers.end(session_id)) {
      feed.ready.push({ _tag: "offer_closed", session_id, ending, winner_at: instantOrNull(winner_at) })
    }
    return null
  }
  // Announced again when the session was loaded: this phone has it.
  if (feed.offers.has(session_id) || isEndedInInbox(feed, session_id)) return null
  if (offer === null || !isFresh(offer, now) || feed.offers.size >= offersMax) return readOffers(feed)
  showOffer(feed, offer, now)
  return null
}
