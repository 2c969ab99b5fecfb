// The feed of one socket: what the bus says, completed from Postgres, in the order each session's
// numbers demand. Pulled by the phone's acknowledgements, so a slow phone holds nothing here but the
// bounded bus queue; when that overflows the feed is told to resync and catches up.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import { instant } from "../../../contract/fields.ts"
import type { SessionEvent } from "../../../domain/session/events.ts"
import type { Absence, Side } from "../../../domain/session/state.ts"
import type { BusEvent } from "../../../services/bus/bus.ts"
import { count, observe } from "../../../services/operations/figures.ts"
import { SessionViews } from "../../../services/sessions/session-views.ts"
import type { Unavailable } from "../../../services/platform/unavailable.ts"
import { spanned } from "../../../services/operations/spans.ts"
import { setBound } from "../../../services/platform/bounds.ts"
import { sessionFact } from "../views/session-fact.ts"
import { type Feed, type Gap, patiently } from "./feed-state.ts"
import { onOffer } from "./offer-events.ts"
import { openOffers, snapshotEvent } from "./snapshot.ts"

interface Numbered {
  readonly session_id: string
  readonly seq: number
  readonly event: SessionEvent
}

const emit = (feed: Feed, { event, seq, session_id }: Numbered, now: number): void => {
  feed.known.heard(session_id, seq, event, now)
  // The mitra who was paired holds no open offer of that request any more.
  if (event._tag === "Paired") feed.offers.end(session_id)
  const fact = sessionFact(session_id, seq, event)
  if (fact !== null) {
    feed.ready.push({ _tag: "session", session_id, seq, at: instant(event.at), fact })
  }
}

/** The gap is longer than we stream: a new snapshot says so, and the story goes on from `gap.to`. */
const startOver = Effect.fnUntraced(function*(feed: Feed, gap: Gap) {
  const views = yield* SessionViews
  const live = yield* views.liveOf(feed.caller.side, feed.caller.id)
  const offers = yield* openOffers(feed.caller)
  const event = yield* snapshotEvent({
    caller: feed.caller,
    live,
    offers,
    recovered: [{ session_id: gap.session_id, recovered: false }],
    epoch: feed.epoch,
    heartbeat_every_seconds: feed.heartbeat_every_seconds
  })
  const state = live.find((one) => one.id === gap.session_id)
  if (state === undefined) feed.known.skipTo(gap.session_id, gap.to)
  else feed.known.put(state, state.last_seq, yield* Clock.currentTimeMillis)
  feed.offers.replace(offers.map((offer) => offer.session_id))
  feed.ready.push(event)
})

/** One page of the first gap; the gap stays until the phone has all of it. */
const fillGap = Effect.fnUntraced(function*(feed: Feed) {
  const [gap] = feed.gaps
  if (gap === undefined) return
  const last = feed.known.lastSeq(gap.session_id)
  if (last >= gap.to) return void feed.gaps.shift()
  if (gap.to - last > feed.limits.missed_max) {
    yield* patiently(startOver(feed, gap))
    return void feed.gaps.shift()
  }
  const views = yield* SessionViews
  const missed = yield* patiently(views.eventsAfter(gap.session_id, last, feed.limits.read_max))
  if (missed.length === 0) {
    yield* Effect.logError("a session's events are announced but not stored", { ...gap, last })
    return void feed.gaps.shift()
  }
  const now = yield* Clock.currentTimeMillis
  // Never beyond what was announced to this phone: a mitra who handed the chat over reads no further.
  for (const one of missed) {
    if (one.seq <= gap.to) emit(feed, one, now)
  }
})

/** How long it took from the turn to this phone; what is read again after a gap does not count. */
const noteDelivery = (event: SessionEvent, side: Side, now: number): void => {
  if (event._tag === "MessageSent") observe("event_delivery_lag_ms", now - event.at)
  if (event._tag === "Paired") observe("accept_to_both_ms", now - event.at, [side])
}

/** The customer is told: she is the one who waits. The mitra only until when her own clock runs again. */
export const sayAway = (
  feed: Feed,
  session_id: string,
  absence: Absence | null,
  back: { readonly at: number; readonly ends_at?: number } = { at: 0 }
): void => {
  const { paused_until } = absence ?? {}
  const { ends_at } = absence === null ? back : {}
  if (feed.caller.side === "mitra" && ends_at === undefined) return
  if (!feed.known.away(session_id, absence)) return
  if (paused_until !== undefined) feed.known.clock(session_id, null)
  if (ends_at !== undefined) feed.known.clock(session_id, ends_at)
  feed.ready.push({
    _tag: "mitra_away",
    session_id,
    cause: absence?.cause ?? null,
    since: instant(absence?.since ?? back.at),
    ...(paused_until === undefined ? {} : { paused_until: instant(paused_until) }),
    ...(ends_at === undefined ? {} : { ends_at: instant(ends_at) })
  })
}

const onEvent = (
  feed: Feed,
  { event, origin_connection_id, seq, session_id }: Extract<BusEvent, { _tag: "SessionEvent" }>,
  now: number
): void => {
  if (seq === null) {
    if (event?._tag === "MitraWentAway") return sayAway(feed, session_id, event)
    if (event?._tag === "MitraCameBack") return sayAway(feed, session_id, null, event)
    if (event?._tag !== "ReceiptMoved") return
    const { delivered_seq, read_seq, side } = event
    const isNews = feed.known.receipt(session_id, side, { delivered_seq, read_seq })
    if (!isNews || origin_connection_id === feed.connection_id) return
    return void feed.ready.push({ _tag: "receipt", session_id, side, delivered_seq, read_seq })
  }
  const last = feed.known.lastSeq(session_id)
  if (seq <= last) return
  if (event !== null) noteDelivery(event, feed.caller.side, now)
  if (seq === last + 1 && event !== null) return emit(feed, { session_id, seq, event }, now)
  feed.gaps.push({ session_id, to: seq })
}

const onPosition = (feed: Feed, event: Extract<BusEvent, { _tag: "SessionPosition" }>): void => {
  const { is_over, seq, session_id } = event
  // Over and not followed: this phone was told long ago, or never; it has it from the history.
  if (is_over && (!feed.known.has(session_id) || feed.known.isOver(session_id))) return
  if (seq > feed.known.lastSeq(session_id)) feed.gaps.push({ session_id, to: seq })
}

const onTyping = (feed: Feed, event: Extract<BusEvent, { _tag: "Typing" }>, now: number): void => {
  const expires_in_ms = event.until - now
  // The typing side may not know yet that the chat was handed over or has ended.
  if (expires_in_ms <= 0 || feed.known.isOver(event.session_id)) return
  feed.ready.push({ _tag: "typing", session_id: event.session_id, side: event.side, expires_in_ms })
}

/** One bus event: into `ready`, or a gap to fill first. What has to be read for it, if anything has to. */
const takeIn = <E, R>(
  feed: Feed,
  event: BusEvent,
  now: number,
  resync: (feed: Feed) => Effect.Effect<void, E, R>
): Effect.Effect<void, E | Unavailable, R | SessionViews> | null => {
  switch (event._tag) {
    case "SessionEvent":
      onEvent(feed, event, now)
      return null
    case "SessionPosition":
      onPosition(feed, event)
      return null
    case "OfferChanged":
      return onOffer(feed, event, now)
    case "Typing":
      onTyping(feed, event, now)
      return null
    case "MitraStatusChanged":
      // Called silent, while her socket is here to tell it to.
      if (event.cause === "stale_heartbeat") count("false_offlines_total")
      feed.is_online = event.is_online
      feed.ready.push({ _tag: "mitra_status", is_online: event.is_online, cause: event.cause })
      return null
    case "SignedIn":
      feed.ready.push({ _tag: "signed_in", sign_in_id: event.auth_session_id, at: instant(event.at) })
      return null
    case "DeviceMoved":
      feed.ready.push({ _tag: "device_moved", at: instant(event.at) })
      return null
    case "Resync":
      return resync(feed)
    // Closing sockets is the socket's business, and settings have their own subscribers.
    case "Revoked":
    case "SettingsChanged":
      return null
  }
}

const receive = (feed: Feed): Effect.Effect<void> =>
  Effect.flatMap(Queue.takeAll(feed.queue), (messages) => {
    let traced: Effect.Effect<void> | null = null
    for (const { event, topic, trace } of messages) {
      feed.inbox.push(event)
      if (trace !== undefined) {
        const span = spanned("deliver", { topic, event: event._tag }, trace)(Effect.void)
        traced = traced === null ? span : Effect.andThen(traced, span)
      }
    }
    return traced ?? Effect.void
  })

/** True as soon as something is there to be taken, false when the time is up: the product's, for a tick. */
const arrivalWithin = (feed: Feed, clock: Clock.Clock, lengthMs: number): Effect.Effect<boolean> =>
  Effect.withFiber((fiber) =>
    Effect.callback((resume) => {
      if (Queue.sizeUnsafe(feed.queue) > 0) return resume(Effect.succeed(true))
      const end = () => {
        lift()
        feed.queue.onArrival = null
      }
      const lift = setBound(clock, lengthMs, fiber.context, () => {
        end()
        resume(Effect.succeed(false))
      })
      feed.queue.onArrival = () => {
        end()
        // Not inside the publisher's step.
        fiber.currentDispatcher.scheduleTask(() => resume(Effect.succeed(true)), 0)
      }
      return Effect.sync(end)
    })
  )

/** Waits for the bus or the next tick, whichever comes first. */
const wait = (feed: Feed, clock: Clock.Clock): Effect.Effect<void> => {
  const now = clock.currentTimeMillisUnsafe()
  const tickAt = feed.known.nextTickAt()
  if (tickAt !== null && tickAt <= now) {
    feed.ready.push(...feed.known.ticks(now))
    return Effect.void
  }
  if (tickAt === null) return receive(feed)
  return Effect.flatMap(
    arrivalWithin(feed, clock, tickAt - now),
    (hasArrived) => hasArrived ? receive(feed) : Effect.void
  )
}

/** Works until something is ready, and goes on while that costs no read. */
export const prepare = Effect.fnUntraced(function*<E, R>(
  feed: Feed,
  resync: (feed: Feed) => Effect.Effect<void, E, R>
) {
  const clock = yield* Clock.Clock
  const { page_events_max } = feed.limits
  while (feed.ready.length === 0 || (feed.ready.length < page_events_max && isReadable(feed))) {
    const next = feed.gaps.length > 0 ? undefined : feed.inbox.shift()
    if (feed.gaps.length > 0) yield* fillGap(feed)
    else if (next === undefined) yield* wait(feed, clock)
    else {
      const reading = takeIn(feed, next, clock.currentTimeMillisUnsafe(), resync)
      if (reading !== null) yield* reading
    }
  }
})

const isReadable = (feed: Feed): boolean => feed.gaps.length === 0 && feed.inbox.length > 0
