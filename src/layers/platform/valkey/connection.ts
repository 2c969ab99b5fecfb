// One Valkey connection per runner. It fails fast: no queue while offline, a short limit per command.
// Reconnecting is its own business, with back-off and jitter, for as long as the scope is open.
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import { Redis, type RedisOptions } from "ioredis"
import { growingPause } from "../../../domain/growing-pause.ts"
import { track } from "../../../services/manual-clock/work-tracker.ts"
import { Faults } from "../../../services/manual-clock/faults.ts"
import { Unavailable } from "../../../services/platform/unavailable.ts"
import type { Script } from "./script.ts"
import { type Eviction, evictionOf } from "./eviction.ts"
import { isDemoted, isRefusal } from "./refusals.ts"
import { parseValkeyUrl, type ValkeyAddress } from "./url.ts"
import * as RealTime from "../../../services/platform/real-time.ts"

export interface ValkeyTimings {
  readonly connect_within_ms: number
  /** One read, or one short write. */
  readonly answer_within_ms: number
  /** A batch of a reseed. */
  readonly batch_within_ms: number
  readonly reconnect_after_ms: number
  readonly reconnect_after_max_ms: number
  /** A connection that has been silent this long while something was asked is replaced. */
  readonly silence_ms: number
}

export const valkeyTimings: ValkeyTimings = {
  connect_within_ms: 1_000,
  answer_within_ms: 250,
  batch_within_ms: 3_000,
  reconnect_after_ms: 50,
  reconnect_after_max_ms: 2_000,
  silence_ms: 3_000
}

/** A policy may be changed while a connection stays. */
const lookEvery = "2 seconds"

export interface ConnectionState {
  readonly connected_since: number | null
  readonly latency_ms: number | null
  readonly last_error: string | null
  /** Null: it throws away nothing that has no end of its own. */
  readonly eviction: Eviction | null
}

/** A connection was made or lost; or the one that stays leads to a Valkey that throws keys away by now. */
export type ConnectionEvent = "ready" | "lost" | "evicts"

type Argument = string | number

export class Valkey extends Context.Service<Valkey, {
  readonly call: (command: string, ...args: ReadonlyArray<Argument>) => Effect.Effect<unknown, Unavailable>
  /** Runs a script by its digest. `within_ms`: the limit, when it is not a short one. */
  readonly run: (
    script: Script,
    args: ReadonlyArray<Argument>,
    within_ms?: number
  ) => Effect.Effect<unknown, Unavailable>
  readonly state: Effect.Effect<ConnectionState>
  /** Told from the driver's own callbacks; returns its undoing. */
  readonly watch: (listener: (event: ConnectionEvent) => void) => () => void
  /** A second connection with the same settings, for subscriptions; closed with the caller's scope. */
  readonly duplicate: (options: RedisOptions) => Redis
  readonly timings: ValkeyTimings
}>()("halobestie/layers/Valkey") {}

export const unavailable = new Unavailable({ what: "valkey", retryable: true })

type Reply = ReadonlyArray<string | number | null>

/** A reply that is a list, as all of ours are but a few; anything else is a Valkey that lies. */
export const listed = (ask: Effect.Effect<unknown, Unavailable>): Effect.Effect<Reply, Unavailable> =>
  Effect.flatMap(
    ask,
    (reply) => Array.isArray(reply) ? Effect.succeed(reply as Reply) : Effect.fail(unavailable)
  )

/** Grows to the maximum; a random half keeps runners from coming back in step. */
export const reconnectDelay = (timings: ValkeyTimings, times: number, random: number): number => {
  const full = growingPause(times - 1, timings.reconnect_after_ms, timings.reconnect_after_max_ms)
  return Math.ceil(full * (0.5 + random / 2))
}

const optionsOf = (address: ValkeyAddress, timings: ValkeyTimings, random: () => number) => ({
  host: address.host,
  port: address.port,
  db: address.database,
  ...(address.username === null ? {} : { username: address.username }),
  ...(address.password === null ? {} : { password: address.password }),
  ...(address.tls ? { tls: {} } : {}),
  protocol: 2 as const,
  lazyConnect: true,
  connectionName: "halobestie",
  connectTimeout: timings.connect_within_ms,
  reconnectOnError: (error: Error) => isDemoted(error.message),
  retryStrategy: (times: number) => reconnectDelay(timings, times, random()),
  // Nothing waits for a connection: meanwhile callers get the Postgres answer.
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  enableAutoPipelining: true,
  keepAlive: 10_000,
  socketTimeout: timings.silence_ms,
  // The clean-up of a silent server's answers; the caller has long gone by its own limit.
  commandTimeout: timings.batch_within_ms
})

const reasonOf = (error: unknown): string => error instanceof Error ? error.message : String(error)

const opened = (redis: Redis, within_ms: number) =>
  Effect.callback<void>((resume) => {
    const done = () => resume(Effect.void)
    redis.once("ready", done)
    redis.connect().then(done, done)
  }).pipe(RealTime.timeoutOrElse({ duration: within_ms, orElse: () => Effect.void }))

/** Never fails to build: a Valkey that is not there yet is a Valkey that is down. */
const make = Effect.fnUntraced(function*(address: ValkeyAddress, timings: ValkeyTimings) {
  const clock = yield* Clock.Clock
  const random = yield* Random.Random
  const now = () => clock.currentTimeMillisUnsafe()
  let state: ConnectionState = { connected_since: null, latency_ms: null, last_error: null, eviction: null }
  const listeners = new Set<(event: ConnectionEvent) => void>()
  const tell = (event: ConnectionEvent) => listeners.forEach((listener) => listener(event))
  const note = (change: Partial<ConnectionState>) => {
    state = { ...state, ...change }
  }

  const redis = yield* Effect.acquireRelease(
    Effect.sync(() => new Redis(optionsOf(address, timings, () => random.nextDoubleUnsafe()))),
    (open) => Effect.sync(() => open.disconnect())
  )
  /** What Valkey itself said last, until it answers again: what the driver says afterwards hides it. */
  let refused: string | null = null
  let told: string | null = null
  const failed = (reason: string) => {
    if (isRefusal(reason)) refused = reason
    note({ last_error: refused ?? reason })
  }
  const tellRefusal = Effect.suspend(() => {
    if (refused === null || refused === told) return Effect.void
    told = refused
    return Effect.logWarning(`Valkey refuses: ${refused}`)
  })
  const askMemory = () =>
    redis.info().then(
      (info) => {
        const before = state.eviction
        note({ eviction: evictionOf(info) })
        if (before === null && state.eviction !== null) tell("evicts")
      },
      // An ACL may keep it from us: then nothing speaks against it.
      () => {}
    )
  let warned: string | null = null
  const lookAtMemory = Effect.promise(askMemory).pipe(
    RealTime.timeout(timings.connect_within_ms),
    Effect.ignore,
    Effect.andThen(Effect.suspend(() => {
      const warning = state.eviction?.warning ?? null
      if (warning === warned) return Effect.void
      warned = warning
      return warning === null ? Effect.void : Effect.logWarning(`Valkey: ${warning}`)
    }))
  )

  redis.on("error", (error) => failed(reasonOf(error)))
  redis.on("ready", () => {
    void askMemory().then(() => {
      note({ connected_since: now() })
      tell("ready")
    })
  })
  redis.on("close", () => {
    if (state.connected_since === null) return
    note({ connected_since: null })
    tell("lost")
  })
  yield* opened(redis, timings.connect_within_ms)
  const lookIfReady = Effect.suspend(() => redis.status === "ready" ? lookAtMemory : Effect.void)
  yield* lookIfReady
  yield* Effect.forkScoped(
    RealTime.onRealTime(Effect.repeat(Effect.delay(lookIfReady, lookEvery), Schedule.forever))
  )

  const asked = (what: string, ask: () => Promise<unknown>, within_ms: number) =>
    Effect.flatMap(Faults, (faults) => {
      if (faults?.valkeyIsLost() === true) return Effect.fail(unavailable)
      const start = clock.currentTimeNanosUnsafe()
      return Effect.tryPromise({ try: ask, catch: reasonOf }).pipe(
        RealTime.timeoutOrElse({
          duration: within_ms,
          orElse: () => Effect.fail(`no answer within ${within_ms} ms`)
        }),
        Effect.tap(() =>
          Effect.sync(() => {
            refused = null
            note({ latency_ms: Number(clock.currentTimeNanosUnsafe() - start) / 1e6 })
          })
        ),
        Effect.catch((reason) => {
          failed(`${what}: ${reason}`)
          return Effect.andThen(tellRefusal, Effect.fail(unavailable))
        }),
        track("valkey")
      )
    })

  const evaluate = (script: Script, args: ReadonlyArray<Argument>): Promise<unknown> =>
    redis.evalsha(script.sha, 0, ...args).catch((error: unknown) =>
      reasonOf(error).startsWith("NOSCRIPT") ? redis.eval(script.lua, 0, ...args) : Promise.reject(error)
    )

  return Valkey.of({
    call: (command, ...args) => asked(command, () => redis.call(command, ...args), timings.answer_within_ms),
    run: (script, args, within_ms = timings.answer_within_ms) =>
      asked(script.name, () => evaluate(script, args), within_ms),
    state: Effect.sync(() => state),
    watch: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    duplicate: (options) => redis.duplicate(options),
    timings
  })
})

export interface ValkeyOptions {
  readonly url: Redacted.Redacted
  readonly timings?: Partial<ValkeyTimings>
}

export const layer = (options: ValkeyOptions) =>
  Layer.effect(Valkey)(
    Effect.flatMap(
      Effect.suspend(() => Effect.fromResult(parseValkeyUrl(Redacted.value(options.url)))),
      (address) => make(address, { ...valkeyTimings, ...options.timings })
    )
  )
