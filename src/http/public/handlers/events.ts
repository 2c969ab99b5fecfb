// Handler of the one event stream a socket may have. The stream lives as long as the phone reads it;
// an outage that outlasts our patience ends it with "try again", and the phone resumes.
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Semaphore from "effect/Semaphore"
import { EventRpcs } from "../../../contract/public/events.ts"
import { refuse } from "../../../domain/refusal.ts"
import { watchPhone } from "../../../services/manual-clock/work-tracker.ts"
import { scopedTake } from "../../../services/platform/scoped-take.ts"
import { Bus } from "../../../services/bus/bus.ts"
import { currentCaller } from "../auth/caller.ts"
import { currentConnection } from "../../socket/connection.ts"
import { FeedLimitsInForce } from "../events/feed-limits.ts"
import type { Feed } from "../events/feed-state.ts"
import { prepare } from "../events/feed.ts"
import { openFeed } from "../events/open-feed.ts"
import { takePage } from "../events/pages.ts"
import { makeResync, resyncsAtOnce } from "../events/resync.ts"
import type { Since } from "../events/snapshot.ts"
import { streamOfPages } from "../../socket/pages.ts"
import { paging } from "./answering.ts"

const alreadyOpen = refuse("BAD_REQUEST", "This connection is already subscribed: one stream per socket.")

/** Held while a connection's stream is open. */
const makeStreamPlaces = () => {
  const taken = new Set<string>()
  return (connectionId: string) =>
    scopedTake(
      Effect.suspend(() => {
        if (taken.has(connectionId)) return Effect.fail(alreadyOpen)
        taken.add(connectionId)
        return Effect.void
      }),
      () => Effect.sync(() => taken.delete(connectionId))
    )
}

/** Where time is held, it moves on when phones have what happened, and the feed waits for more. */
const followed = Effect.fnUntraced(function*<E, R>(feed: Feed, prepared: Effect.Effect<void, E, R>) {
  let isPulled = false
  yield* watchPhone(() => {
    const has = feed.ready.length + feed.inbox.length + Queue.sizeUnsafe(feed.queue)
    return isPulled && has === 0 ? null : `events to ${feed.caller.topic}`
  })
  return Effect.suspend(() => {
    isPulled = true
    return prepared
  }).pipe(Effect.map(() => {
    // Until the phone has acknowledged this page, the next is not pulled.
    isPulled = false
    return takePage(feed.ready, feed.limits)
  }))
})

export const layer = (options: { readonly heartbeat_every_seconds: number }) =>
  EventRpcs.toLayer(Effect.gen(function*() {
    const limits = yield* FeedLimitsInForce
    const placeFor = makeStreamPlaces()
    const resync = makeResync(yield* Semaphore.make(resyncsAtOnce))

    const subscribe = Effect.fnUntraced(function*(since: ReadonlyArray<Since>, epoch: string | null) {
      const caller = yield* currentCaller
      const connection_id = (yield* currentConnection).id
      yield* placeFor(connection_id)
      const queue = yield* (yield* Bus).subscribe([caller.topic])
      const feed = yield* openFeed({ ...options, limits, caller, connection_id, since, epoch }, queue)
      return yield* followed(feed, prepare(feed, resync))
    })

    return EventRpcs.of({
      "events.subscribe": ({ epoch, since }) => streamOfPages(paging(subscribe(since, epoch ?? null)))
    })
  }))
