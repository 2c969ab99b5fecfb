// The server's limits, drawn small: a world that stands at an edge which production reaches once a year. Each
// limit is small in some of these worlds only, so that what it finds can be told from what others find.
import { type ActorLimits, actorLimits } from "../../src/actors/actor-limits.ts"
import { type FeedLimits, feedLimits } from "../../src/http/public/events/feed-limits.ts"
import { publicLimits, type SocketLimits } from "../../src/http/socket/limits.ts"
import { type BusLimits, busLimits } from "../../src/layers/bus/limits.ts"
import { defaultLimits, type GroupLimits } from "../../src/layers/journal/group-commit.ts"
import type { Prng } from "../kernel/prng.ts"

export interface SmallLimits {
  readonly actors: ActorLimits
  readonly bus: BusLimits
  readonly feed: FeedLimits
  readonly journal: GroupLimits
  readonly sockets: SocketLimits
}

export const shippedLimits: SmallLimits = {
  actors: actorLimits,
  bus: busLimits,
  feed: feedLimits,
  journal: defaultLimits,
  sockets: publicLimits
}

/** Of the limits so many are small in one world. */
const smallShare = 0.4

export const smallLimits = (prng: Prng): SmallLimits => {
  const small = (name: string, shipped: number, least: number, most: number): number => {
    const own = prng.split(name)
    return own.chance(smallShare) ? own.integer(least, most) : shipped
  }
  const idle_ms = small("idle", actorLimits.idle_ms, 2_000, 30_000)
  return {
    actors: {
      mailbox_calls: small("mailbox", actorLimits.mailbox_calls, 1, 6),
      replies_kept: small("replies", actorLimits.replies_kept, 1, 3),
      idle_ms,
      through_cluster_every_ms: Math.min(actorLimits.through_cluster_every_ms, idle_ms / 2),
      sweep_rows_max: small("sweep rows", actorLimits.sweep_rows_max, 1, 8)
    },
    bus: {
      // What is said in one instant fits: typing is not said again after a Resync, and is not owed then.
      subscription_messages: small("subscription", busLimits.subscription_messages, 12, 24),
      subscription_of_all_messages: small("all", busLimits.subscription_of_all_messages, 1, 20),
      queue_messages: small("bus queue", busLimits.queue_messages, 1, 20),
      batch_messages: small("bus batch", busLimits.batch_messages, 1, 4)
    },
    feed: {
      missed_max: small("gap", feedLimits.missed_max, 0, 20),
      // A page takes a phone's journey there and back: what was missed must still come in two seconds.
      page_events_max: small("page", feedLimits.page_events_max, 16, 32),
      read_max: small("read", feedLimits.read_max, 16, 32)
    },
    journal: {
      ...defaultLimits,
      queue_turns: small("turns", defaultLimits.queue_turns, 2, 12),
      commits_at_once: small("commits", defaultLimits.commits_at_once, 1, 4),
      alone_at_once: small("alone", defaultLimits.alone_at_once, 1, 2)
    },
    sockets: {
      ...publicLimits,
      in_flight_max: small("in flight", publicLimits.in_flight_max, 2, 8),
      in_flight_per_person_max: small("in flight of one", publicLimits.in_flight_per_person_max, 3, 10),
      returns_per_second: small("returns", publicLimits.returns_per_second, 1, 10)
    }
  }
}
