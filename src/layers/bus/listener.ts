// Hears the other runners: LISTEN on a connection of its own, replaced whenever it ends or falls
// silent. Notifications sent while nobody listened are gone, so every new connection means Resync.
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import { PgClient, PgConnection } from "@effect/sql-pg"
import { decode } from "./notification.ts"
import { channel, logTrouble } from "./publisher.ts"
import type { Subscriptions } from "./subscriptions.ts"
import type { BusTimings } from "./timings.ts"

const batchLimit = 64

export interface Listener {
  readonly connectedSince: () => number | null
  /** Forgets runners that fell silent without a goodbye; what they published last may be lost. */
  readonly missPeers: Effect.Effect<void>
}

// Closing says UNLISTEN, and a connection that went silent never answers that: not waited for.
const closeSoon = Effect.fnUntraced(function*(scope: Scope.Closeable) {
  const closing = yield* Effect.forkDetach(Scope.close(scope, Exit.void))
  yield* Effect.ignore(Effect.timeout(Fiber.await(closing), 1_000))
})

/** The pool's own settings, but one connection that an operator recognises and no server ends for idling. */
const connect = (config: PgClient.PgClientConfig) =>
  PgConnection.make({
    ...config,
    applicationName: `${config.applicationName ?? "halobestie"}-bus`,
    startupParameters: { ...config.startupParameters, idle_session_timeout: "0" }
  })

export const makeListener = Effect.fnUntraced(function*(
  runner: string,
  subscriptions: Subscriptions,
  timings: BusTimings
) {
  const { config } = yield* PgClient.PgClient
  const attempted = yield* Deferred.make<void>()
  const peers = new Map<string, number>()
  let connectedSince: number | null = null
  let retryAfter = timings.retry_after_ms

  const receive = (payload: string, now: number): void => {
    const heard = decode(payload)
    if (heard === null) return subscriptions.resyncAll()
    // Our own subscribers were served when we published.
    if (heard.runner === runner) return
    if (heard.leaving) peers.delete(heard.runner)
    else peers.set(heard.runner, now)
    if (heard.missed) subscriptions.resyncAll()
    subscriptions.deliver(heard.messages)
  }

  const listening = Effect.fnUntraced(function*(scope: Scope.Scope) {
    const connection = yield* connect(config).pipe(Scope.provide(scope))
    const queue = yield* connection.listen(channel).pipe(
      Scope.provide(scope),
      Effect.timeout(timings.answer_within_ms)
    )
    connectedSince = yield* Clock.currentTimeMillis
    retryAfter = timings.retry_after_ms
    peers.clear()
    subscriptions.resyncAll()
    yield* Deferred.succeed(attempted, undefined)
    while (true) {
      // Our own probes come back here, so silence means that the connection is dead.
      const batch = yield* Effect.timeout(Queue.takeBetween(queue, 1, batchLimit), timings.silence_ms)
      const now = yield* Clock.currentTimeMillis
      for (const notification of batch) {
        receive(notification.payload, now)
        // Let subscribers take theirs before the next one: a burst is no reason to overflow.
        yield* Effect.yieldNow
      }
    }
  })

  const listenOnce = Effect.gen(function*() {
    const exit = yield* Effect.exit(Effect.acquireUseRelease(Scope.make(), listening, closeSoon))
    const firstOfOutage = retryAfter === timings.retry_after_ms
    connectedSince = null
    yield* Deferred.succeed(attempted, undefined)
    if (firstOfOutage && Exit.isFailure(exit)) {
      yield* logTrouble("bus: not hearing the other runners, connecting again", exit.cause)
    }
    yield* Effect.sleep(retryAfter)
    retryAfter = Math.min(retryAfter * 2, timings.retry_after_max_ms)
  })

  yield* Effect.forkScoped(Effect.forever(listenOnce))
  // A healthy start has no gap; one without Postgres goes on, and its subscribers resync later.
  yield* Effect.ignore(Effect.timeout(Deferred.await(attempted), timings.answer_within_ms))

  const listener: Listener = {
    connectedSince: () => connectedSince,
    missPeers: Effect.map(Clock.currentTimeMillis, (now) => {
      const silent = [...peers].filter(([, heardAt]) => now - heardAt > timings.silence_ms)
      for (const [peer] of silent) peers.delete(peer)
      if (silent.length > 0) subscriptions.resyncAll()
    })
  }
  return listener
})
