// What the feed of one socket holds: what its phone was given, what is ready for it, and what is still to be
// looked at or read.
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { PhoneEvent } from "../../../contract/public/events.ts"
import type { BusEvent, Subscription } from "../../../services/bus/bus.ts"
import * as RealTime from "../../../services/platform/real-time.ts"
import type { Unavailable } from "../../../services/platform/unavailable.ts"
import type { Caller } from "../auth/caller.ts"
import type { FeedLimits } from "./feed-limits.ts"
import type { KnownOffers } from "./known-offers.ts"
import type { KnownSessions } from "./known-sessions.ts"

export interface Gap {
  readonly session_id: string
  /** The phone must get everything up to here. */
  readonly to: number
}

export interface Feed {
  readonly caller: Caller
  readonly connection_id: string
  readonly epoch: string
  readonly heartbeat_every_seconds: number
  readonly limits: FeedLimits
  readonly queue: Subscription
  readonly known: KnownSessions
  readonly offers: KnownOffers
  /** What a mitra's phone was last told she is. */
  is_online: boolean
  /** Ready to go out, in order. */
  readonly ready: Array<PhoneEvent>
  /** To be filled before the inbox is looked at again. */
  readonly gaps: Array<Gap>
  /** Taken from the bus, not looked at yet. */
  readonly inbox: Array<BusEvent>
}

/** Short troubles are waited out; longer ones end the stream and the phone comes back. */
export const patiently = <A, R>(read: Effect.Effect<A, Unavailable, R>): Effect.Effect<A, Unavailable, R> =>
  RealTime.withRealPauses(read, (keeping) =>
    Effect.retry(keeping, {
      schedule: Schedule.exponential("100 millis").pipe(Schedule.jittered),
      times: 4,
      while: (error) => error.retryable
    }))

/** Removes from the inbox what a read made after it was announced has already answered. */
export const forget = (feed: Feed, isAnswered: (event: BusEvent) => boolean): void => {
  const rest = feed.inbox.filter((event) => !isAnswered(event))
  feed.inbox.splice(0, feed.inbox.length, ...rest)
}
