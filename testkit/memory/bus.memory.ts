// Bus, in memory: all subscribers are in this process, so publishing is delivering. Several simulated
// runners may share one; nothing is ever lost between them, only to a subscriber that falls behind.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Bus } from "../../src/services/bus/bus.ts"
import { makeSubscriptions } from "../../src/layers/bus/subscriptions.ts"

export const layer = Layer.effect(Bus)(Effect.gen(function*() {
  const subscriptions = makeSubscriptions()
  const connectedSince = yield* Clock.currentTimeMillis
  return {
    publish: (messages) => Effect.sync(() => subscriptions.deliver(messages)),
    subscribe: subscriptions.subscribe,
    state: Effect.sync(() => ({ connected_since: connectedSince, dropped: subscriptions.dropped() }))
  }
}))
