// Looks at every open connection a few times per second: one fiber for all of them instead of timers for
// each. Decides what is due for one connection; the decision itself is a plain function.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { type CloseCode, closeCodes } from "../../contract/close-codes.ts"
import { Limits, type SocketLimits, WireClock } from "./limits.ts"
import type { LiveConnection } from "./live-connection.ts"

type WatchLimits = Pick<
  SocketLimits,
  | "ping_every_ms"
  | "silence_max_ms"
  | "event_ping_ms"
  | "close_flush_ms"
  | "nobody_idle_max_ms"
  | "nobody_max_ms"
>

export interface Watched {
  readonly heard_at: number
  readonly pinged_at: number
  /** When the first event was sent of those that nothing has been heard after. */
  readonly unheard_since: number | null
  readonly closing_since: number | null
  readonly token_expires_at: number | null
  /** When it was opened and when it last asked for something, while nobody is signed in; else null. */
  readonly nobody: { readonly since: number; readonly asked_at: number } | null
  /** More is unsent than we are willing to read past. */
  readonly is_behind: boolean
}

export type Due =
  | { readonly _tag: "Nothing" }
  | { readonly _tag: "Ping" }
  | { readonly _tag: "Close"; readonly code: CloseCode }
  | { readonly _tag: "Cut" }

const nothing: Due = { _tag: "Nothing" }

/** `wireNow` measures silence; `now`, the product's time, measures tokens. */
export const dueOf = (watched: Watched, wireNow: number, now: number, limits: WatchLimits): Due => {
  if (watched.closing_since !== null) {
    return wireNow - watched.closing_since >= limits.close_flush_ms ? { _tag: "Cut" } : nothing
  }
  if (watched.token_expires_at !== null && now >= watched.token_expires_at) {
    return { _tag: "Close", code: closeCodes.tokenExpired }
  }
  if (watched.nobody !== null) {
    const { asked_at, since } = watched.nobody
    const isOver = wireNow - asked_at >= limits.nobody_idle_max_ms || wireNow - since >= limits.nobody_max_ms
    if (isOver) return { _tag: "Close", code: closeCodes.nobody }
  }
  if (wireNow - watched.heard_at >= limits.silence_max_ms) {
    // A client that is too slow to read our pings cannot answer them: slowness is then the reason to give.
    return { _tag: "Close", code: watched.is_behind ? closeCodes.slowConsumer : closeCodes.idle }
  }
  const { unheard_since } = watched
  if (unheard_since !== null && watched.pinged_at < unheard_since) {
    // Events on credit are acknowledged late: a pong is as good.
    if (wireNow - unheard_since >= limits.event_ping_ms) return { _tag: "Ping" }
  }
  // A client that sends is alive, and gets answers: only a silent one is pinged.
  const quietSince = Math.max(watched.heard_at, watched.pinged_at)
  return wireNow - quietSince >= limits.ping_every_ms ? { _tag: "Ping" } : nothing
}

const watchOne = (connection: LiveConnection, wireNow: number, now: number, limits: WatchLimits): void => {
  const due = dueOf(connection, wireNow, now, limits)
  if (due._tag === "Cut") connection.cut()
  if (due._tag === "Close") connection.close(due.code)
  if (due._tag === "Ping") connection.ping()
  if (connection.closing !== null) return
  connection.stopOverdue(wireNow)
  connection.noticeSilence(wireNow)
}

const failuresOf = (
  connections: Iterable<LiveConnection>,
  wireNow: number,
  now: number,
  limits: WatchLimits
): ReadonlyArray<unknown> => {
  const failures: Array<unknown> = []
  for (const connection of connections) {
    try {
      watchOne(connection, wireNow, now, limits)
    } catch (cause) {
      // One odd socket must not leave all others unwatched.
      failures.push(cause)
      connection.cut()
    }
  }
  return failures
}

/** Watches the connections in `open`, until the scope closes. */
export const watchAll = Effect.fnUntraced(function*(open: ReadonlyMap<number, LiveConnection>) {
  const limits = yield* Limits
  const wireClock = yield* WireClock
  const clock = yield* Clock.Clock
  const pass = Effect.suspend(() => {
    const wireNow = wireClock.currentTimeMillisUnsafe()
    const failures = failuresOf(open.values(), wireNow, clock.currentTimeMillisUnsafe(), limits)
    return failures.length === 0 ? Effect.void : Effect.logError("watching a connection failed", failures[0])
  })
  yield* pass.pipe(
    Effect.andThen(Effect.sleep(limits.watch_every_ms)),
    Effect.forever,
    Effect.provideService(Clock.Clock, wireClock),
    Effect.forkScoped
  )
})
