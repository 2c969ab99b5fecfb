// Opening a feed: listen first, then read, so that nothing falls between the two; then say what the
// phone will get of what it missed.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Subscription } from "../../../services/bus/bus.ts"
import { inShare } from "../../../services/platform/pool-shares.ts"
import { SessionViews } from "../../../services/sessions/session-views.ts"
import type { Caller } from "../auth/caller.ts"
import type { FeedLimits } from "./feed-limits.ts"
import { type Feed, type Gap, patiently } from "./feed-state.ts"
import { KnownOffers } from "./known-offers.ts"
import { KnownSessions } from "./known-sessions.ts"
import { lastOnline } from "./resync.ts"
import { canRecover, openOffers, type Recovered, sessionsOf, type Since, snapshotEvent } from "./snapshot.ts"

export interface FeedOptions {
  readonly caller: Caller
  readonly connection_id: string
  readonly since: ReadonlyArray<Since>
  /** The one `since` is of; null: the phone did not say. */
  readonly epoch: string | null
  readonly heartbeat_every_seconds: number
  readonly limits: FeedLimits
}

const readEverything = Effect.fnUntraced(function*(options: FeedOptions, queue: Subscription) {
  const { caller } = options
  const views = yield* SessionViews
  const epoch = yield* views.epoch
  // Numbers of another history may name events that this one has not, or has as others.
  const isOfThis = options.epoch === null || options.epoch === epoch
  const live = yield* views.liveOf(caller.side, caller.id)
  const held = new Map(options.since.map((one) => [one.session_id, one.seq]))
  const alive = new Set(live.map((state) => state.id))
  const others = yield* sessionsOf(caller, [...held.keys()].filter((id) => !alive.has(id)))
  const mine = new Map([...live, ...others].map((state) => [state.id, state]))
  const now = yield* Clock.currentTimeMillis

  const known = new KnownSessions(caller.id)
  const gaps: Array<Gap> = []
  const recovered: Array<Recovered> = []
  for (const state of live) if (!held.has(state.id)) known.put(state, state.last_seq, now)
  for (const [session_id, seq] of held) {
    const state = mine.get(session_id)
    const recovers = isOfThis && canRecover(state, seq, options.limits)
    recovered.push({ session_id, recovered: recovers })
    if (state === undefined) continue
    known.put(state, recovers ? seq : state.last_seq, now)
    if (recovers && state.last_seq > seq) gaps.push({ session_id, to: state.last_seq })
  }

  const offers = yield* openOffers(caller)
  const is_online = (yield* lastOnline(caller))?.is_online ?? false
  const heartbeat_every_seconds = options.heartbeat_every_seconds
  const snapshot = yield* snapshotEvent({ caller, live, offers, recovered, epoch, heartbeat_every_seconds })
  const feed: Feed = {
    caller,
    epoch,
    connection_id: options.connection_id,
    heartbeat_every_seconds,
    limits: options.limits,
    queue,
    known,
    offers: new KnownOffers(offers.map((offer) => offer.session_id)),
    is_online,
    ready: [snapshot],
    gaps,
    inbox: []
  }
  return feed
})

/** `queue` must already hear the caller's topic. */
export const openFeed = (options: FeedOptions, queue: Subscription) =>
  patiently(inShare("connecting")(readEverything(options, queue)))
