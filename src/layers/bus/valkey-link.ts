// The bus over Valkey pub/sub: PUBLISH on the shared connection, SUBSCRIBE on one of its own. One
// channel for all topics (docs/decisions/0008): nothing to subscribe to when a phone connects, and a
// batch of messages for many people is one command.
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type { Redis } from "ioredis"
import { count } from "../../services/operations/figures.ts"
import { listed, Valkey } from "../platform/valkey/connection.ts"
import { batchLimit, type Link } from "./link.ts"
import { type BusKeys, signedPayloads } from "./signed-payloads.ts"

/**
 * Pub/sub knows no database numbers: the name must, or two fleets on one server would hear each other. It
 * differs from that of the version that signed nothing: runners of both reach each other over Postgres.
 */
const channelOf = (subscriber: Redis): string => `halobestie:bus:signed:${subscriber.options.db ?? 0}`

// Beyond this the subscriber's queue drops, which the numbers of the payloads show.
const heldMax = 4_096

const lost = Cause.fail(new Error("the connection to Valkey ended"))

/** Not connected yet; gone with the scope. */
const scoped = (subscriber: Redis) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      // Without a listener the driver prints its errors; what matters reaches us as a close.
      subscriber.on("error", () => {})
      return subscriber
    }),
    (open) => Effect.sync(() => open.disconnect())
  )

const promised = (ask: () => Promise<unknown>) => Effect.tryPromise({ try: ask, catch: (error) => error })

/** A line a minute says it; a stranger may publish as much as they like. */
const tellForgedEveryMs = 60_000

/** Tells of payloads that no runner signed: each is dropped. */
const makeForged = Effect.gen(function*() {
  const run = Effect.runForkWith(yield* Effect.context<never>())
  const clock = yield* Clock.Clock
  let told = Number.NEGATIVE_INFINITY
  return () => {
    count("bus_forged_payloads_total")
    if (clock.currentTimeMillisUnsafe() - told < tellForgedEveryMs) return
    told = clock.currentTimeMillisUnsafe()
    run(Effect.logError("bus: a payload in Valkey is signed by no runner of ours, and dropped"))
  }
})

export const makeValkeyLink = Effect.fnUntraced(function*(keys: BusKeys) {
  const { open, sign } = signedPayloads(keys)
  const noteForged = yield* makeForged
  const valkey = yield* Valkey
  const duplicate = () =>
    valkey.duplicate({
      connectionName: "halobestie-bus",
      // Our listener makes a new connection when this one ends, and all subscribers resync.
      retryStrategy: () => null,
      autoResubscribe: false,
      lazyConnect: true
    })
  const channel = channelOf(duplicate())

  const link: Link = {
    name: "valkey",
    // Sent together, so they share a pipeline and stay in order. The fewest listeners count.
    send: (payloads) =>
      Effect.map(
        Effect.forEach(payloads, (payload) => valkey.call("PUBLISH", channel, sign(payload)), {
          concurrency: "unbounded"
        }),
        (listeners) => Math.min(...listeners.map(Number))
      ),
    listeners: Effect.map(
      listed(valkey.call("PUBSUB", "NUMSUB", channel)),
      ([, subscribers]) => Number(subscribers ?? Number.NaN)
    ),
    listen: Effect.gen(function*() {
      const subscriber = yield* scoped(duplicate())
      const heard = yield* Queue.dropping<string, Error>(heldMax)
      subscriber.on("message", (_channel: string, signed: string) => {
        const payload = open(signed)
        if (payload === null) noteForged()
        else Queue.offerUnsafe(heard, payload)
      })
      subscriber.on("close", () => Queue.failCauseUnsafe(heard, lost))
      yield* promised(() => subscriber.connect())
      yield* promised(() => subscriber.subscribe(channel))
      return Queue.takeBetween(heard, 1, batchLimit)
    })
  }
  return link
})
