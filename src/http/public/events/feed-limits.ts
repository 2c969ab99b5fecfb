// The numbers that bound a feed: how long a gap it fills, and how much it reads and sends at a time. A
// reference, so that a simulated world can stand at their edges; the server has the defaults.
import * as Context from "effect/Context"

export interface FeedLimits {
  /** A longer gap is not streamed: the phone fetches history instead. */
  readonly missed_max: number
  /** Events of one frame, and so those a feed prepares before it is pulled again. */
  readonly page_events_max: number
  /** Events read from Postgres at a time. */
  readonly read_max: number
}

export const feedLimits: FeedLimits = { missed_max: 500, page_events_max: 64, read_max: 64 }

export const FeedLimitsInForce = Context.Reference<FeedLimits>("halobestie/http/FeedLimits", {
  defaultValue: () => feedLimits
})
