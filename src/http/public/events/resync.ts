// Catching up after the bus may have lost something: the phone's sessions, receipts, offers and online
// state are compared with Postgres, and only what differs is sent.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Semaphore from "effect/Semaphore"
import type { PhoneEvent } from "../../../contract/public/events.ts"
import { instantOrNull } from "../../../contract/fields.ts"
import { offeredRequest } from "../../../domain/session/offered-request.ts"
import { type SessionState, sides } from "../../../domain/session/state.ts"
import { Mitras } from "../../../services/accounts/mitras.ts"
import { SessionViews } from "../../../services/sessions/session-views.ts"
import { Sessions } from "../../../services/sessions/sessions.ts"
import type { Caller } from "../auth/caller.ts"
import { type Feed, forget, patiently } from "./feed-state.ts"
import { sayAway } from "./feed.ts"
import { showOffer } from "./offer-events.ts"
import { openOffers, sessionsOf } from "./snapshot.ts"

/** All feeds resync at once after an interruption: this many at a time ask Postgres. */
export const resyncsAtOnce = 8

/** Her last declared state; a customer has none. */
export const lastOnline = Effect.fnUntraced(function*(caller: Caller) {
  if (caller.side === "customer") return null
  const [entry] = yield* (yield* Mitras).onlineLog(caller.id, 1)
  return entry ?? null
})

const compareSession = (feed: Feed, state: SessionState, now: number): void => {
  if (!feed.known.has(state.id)) feed.known.put(state, 0, now)
  if (state.last_seq > feed.known.lastSeq(state.id)) {
    feed.gaps.push({ session_id: state.id, to: state.last_seq })
  }
  sayAway(feed, state.id, state.absence, {
    at: now,
    ...(state.ends_at === null ? {} : { ends_at: state.ends_at })
  })
  for (const side of sides) {
    const cursor = state.cursors[side]
    if (feed.known.receipt(state.id, side, cursor)) {
      feed.ready.push({ _tag: "receipt", session_id: state.id, side, ...cursor })
    }
  }
}

const sessionsAgain = Effect.fnUntraced(function*(feed: Feed) {
  const views = yield* SessionViews
  const live = yield* views.liveOf(feed.caller.side, feed.caller.id)
  const now = yield* Clock.currentTimeMillis
  for (const state of live) compareSession(feed, state, now)
  const alive = new Set(live.map((state) => state.id))
  // Known as open and not live any more: they ended meanwhile, or were given to another mitra.
  const ended = feed.known.openIds().filter((id) => !alive.has(id))
  for (const { id, last_seq } of yield* sessionsOf(feed.caller, ended)) {
    if (last_seq > feed.known.lastSeq(id)) feed.gaps.push({ session_id: id, to: last_seq })
  }
})

/** How an offer that is not open any more ended; null when it ended in her favour. */
const closed = Effect.fnUntraced(function*(caller: Caller, sessionId: string) {
  const state = yield* (yield* Sessions).find(sessionId)
  const request = state === null ? null : offeredRequest(state, caller.id)
  if (request?.offer.status === "accepted") return null
  const event: PhoneEvent = {
    _tag: "offer_closed",
    session_id: sessionId,
    // Its deadline passed, though that is not written yet.
    ending: request?.offer.ending ?? "expired",
    winner_at: instantOrNull(request?.winner_at ?? null)
  }
  return event
})

const offersAgain = Effect.fnUntraced(function*(feed: Feed) {
  if (feed.caller.side === "customer") return
  const offers = yield* openOffers(feed.caller)
  const open = new Set(offers.map((offer) => offer.session_id))
  const gone = feed.offers.ids().filter((id) => !open.has(id))
  const endings = yield* Effect.forEach(gone, (id) => closed(feed.caller, id))
  const now = yield* Clock.currentTimeMillis
  for (const id of gone) feed.offers.end(id)
  for (const ending of endings) if (ending !== null) feed.ready.push(ending)
  for (const offer of offers) showOffer(feed, offer, now)
})

const onlineAgain = Effect.fnUntraced(function*(feed: Feed) {
  const entry = yield* lastOnline(feed.caller)
  if (entry === null || entry.is_online === feed.is_online) return
  feed.is_online = entry.is_online
  feed.ready.push({ _tag: "mitra_status", is_online: entry.is_online, cause: entry.cause })
})

export const makeResync = (turns: Semaphore.Semaphore) =>
  Effect.fnUntraced(function*(feed: Feed) {
    // Each step can be repeated: it compares with what was already given.
    yield* turns.withPermit(Effect.gen(function*() {
      yield* patiently(sessionsAgain(feed))
      yield* patiently(offersAgain(feed))
      yield* patiently(onlineAgain(feed))
    }))
    forget(feed, (event) => event._tag === "Resync")
  })
