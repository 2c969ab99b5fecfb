// A bus over links: this process's own subscribers are served directly, the other runners over the first
// link that reaches them all; this runner listens on every link.
import * as Effect from "effect/Effect"
import { SecureRandom } from "effect/crypto/SecureRandom"
import { Bus } from "../../services/bus/bus.ts"
import { makeAudience } from "./audience.ts"
import { makeReceiver } from "./receiver.ts"
import { type BusLimits, busLimits } from "./limits.ts"
import type { Link } from "./link.ts"
import { makeListener } from "./listener.ts"
import { makePublisher } from "./publisher.ts"
import { makeSender } from "./sender.ts"
import { makeSubscriptions } from "./subscriptions.ts"
import type { BusTimings } from "./timings.ts"

/** `links` in the order of preference; the last one is the one that must work. */
export const makeLinkedBus = Effect.fnUntraced(function*(
  links: ReadonlyArray<Link>,
  timings: BusTimings,
  limits: BusLimits = busLimits
) {
  // Not the runner's address: a runner that restarts at once must not take its own past for itself.
  const runner = yield* (yield* SecureRandom).uuidV4()
  const subscriptions = makeSubscriptions(limits)
  const receiver = makeReceiver(runner, subscriptions, timings.silence_ms)
  const listeners = yield* Effect.forEach(links, (link) => makeListener(link, receiver, timings))
  const transports = links.map((link, index) => ({
    link,
    expected: () => receiver.peers() + (listeners[index]?.connectedSince() === null ? 0 : 1)
  }))
  // A healthy start has no gap; one without a link goes on, and its subscribers resync later.
  yield* Effect.forEach(listeners, ({ attempted }) => attempted, { concurrency: "unbounded" })
  let isAlone = (): boolean => false
  const sender = makeSender(transports, timings)
  const publisher = yield* makePublisher(runner, sender, () => isAlone(), timings, limits)
  const audience = yield* makeAudience({
    link: links[0],
    isListening: () => (listeners[0]?.connectedSince() ?? null) !== null,
    peers: receiver.peers,
    onArrival: publisher.rejoin
  }, timings)
  isAlone = audience.isEmpty
  yield* Effect.sleep(timings.probe_every_ms).pipe(
    Effect.andThen(Effect.sync(() => publisher.probe())),
    Effect.andThen(receiver.missPeers),
    Effect.forever,
    Effect.forkScoped
  )

  /** While any link is heard, messages arrive: a sender sees how many runners hear each link. */
  const connectedSince = (): number | null => {
    const since = listeners.flatMap((listener) => listener.connectedSince() ?? [])
    return since.length === 0 ? null : Math.min(...since)
  }

  return Bus.of({
    publish: (messages) =>
      Effect.sync(() => {
        subscriptions.deliver(messages)
        publisher.publish(messages)
      }),
    subscribe: subscriptions.subscribe,
    state: Effect.sync(() => ({
      connected_since: connectedSince(),
      dropped: subscriptions.dropped() + publisher.dropped()
    }))
  })
})
