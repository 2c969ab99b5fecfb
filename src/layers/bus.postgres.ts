// Bus, over Postgres LISTEN/NOTIFY: the fallback between runners when there is no Valkey. This
// process's own subscribers are served directly; only the other runners need the database.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SecureRandom } from "effect/crypto/SecureRandom"
import { Bus } from "../services/bus.ts"
import { makeListener } from "./bus/listener.ts"
import { makePublisher } from "./bus/publisher.ts"
import { makeSubscriptions } from "./bus/subscriptions.ts"
import { type BusTimings, busTimings } from "./bus/timings.ts"

export const layerWith = (timings: BusTimings) =>
  Layer.effect(Bus)(Effect.gen(function*() {
    // Not the runner's address: a runner that restarts at once must not take its own past for itself.
    const runner = yield* (yield* SecureRandom).uuidV4()
    const subscriptions = makeSubscriptions()
    const publisher = yield* makePublisher(runner, timings)
    const listener = yield* makeListener(runner, subscriptions, timings)
    yield* Effect.sleep(timings.probe_every_ms).pipe(
      Effect.andThen(Effect.sync(() => publisher.probe())),
      Effect.andThen(listener.missPeers),
      Effect.forever,
      Effect.forkScoped
    )
    return {
      publish: (messages) =>
        Effect.sync(() => {
          subscriptions.deliver(messages)
          publisher.publish(messages)
        }),
      subscribe: subscriptions.subscribe,
      state: Effect.sync(() => ({
        connected_since: listener.connectedSince(),
        dropped: subscriptions.dropped() + publisher.dropped()
      }))
    }
  }))

export const layer = layerWith(busTimings)
