// What a simulated process gives its fibers: a clock that may be wrong, a scheduler that stops with the
// process, seeded randomness, and a log that is part of the run instead of the terminal.
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import { emptyFailureLog, FailureLog } from "../../src/services/operations/failures.ts"
import * as Scheduler from "effect/Scheduler"
import type { SecureRandom } from "effect/crypto"
import type { Process } from "./process.ts"
import { type Prng, randomServices } from "./prng.ts"
import type { VirtualTime } from "./virtual-time.ts"

export interface LogLine {
  readonly at_ms: number
  readonly process: string
  readonly level: string
  readonly text: string
}

/**
 * Microtasks would run between two timers in an order that the seed does not decide: nothing here may use
 * them.
 */
const makeScheduler = (time: VirtualTime, process: Process): Scheduler.Scheduler => {
  // All fibers of the world stand in one queue, so one dispatcher serves them all.
  const dispatcher: Scheduler.SchedulerDispatcher = {
    scheduleTask: (task, priority) => time.ready(process, task, priority),
    flush: () => time.drain()
  }
  return {
    executionMode: "async",
    shouldYield: (fiber) => fiber.currentOpCount >= fiber.cache.maxOpsBeforeYield,
    makeDispatcher: () => dispatcher
  }
}

const millionNs = BigInt(1_000_000)
const thousandNs = BigInt(1_000)

/** `skew.ms` may change while the process runs: its clock is set, its timers keep their length. */
const makeClock = (time: VirtualTime, process: Process, skew: { readonly ms: number }): Clock.Clock => {
  const millis = () => time.now_ms + skew.ms
  const monotonic = () => BigInt(time.now_us) * thousandNs
  const nanos = () => monotonic() + BigInt(skew.ms) * millionNs
  return {
    currentTimeMillisUnsafe: millis,
    currentTimeMillis: Effect.sync(millis),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos),
    monotonicTimeNanosUnsafe: monotonic,
    monotonicTimeNanos: Effect.sync(monotonic),
    sleep: (duration) => {
      const ms = Duration.toMillis(duration)
      if (ms <= 0) return Effect.yieldNow
      if (!Number.isFinite(ms)) return Effect.never
      return Effect.callback<void>((resume) => {
        const timer = time.after(ms, process, () => resume(Effect.void))
        return Effect.sync(() => time.cancel(timer))
      })
    }
  }
}

const textOf = (message: unknown, cause: Cause.Cause<unknown>): string => {
  const parts = (Array.isArray(message) ? message : [message]).map((part) =>
    typeof part === "string" ? part : JSON.stringify(part)
  )
  if (cause.reasons.length > 0) parts.push(Cause.pretty(cause))
  return parts.join(" ")
}

const makeLogger = (time: VirtualTime, process: Process, write: (line: LogLine) => void) =>
  Logger.make(({ cause, logLevel, message }) =>
    write({ at_ms: time.now_ms, process: process.name, level: logLevel, text: textOf(message, cause) })
  )

export interface RuntimeOptions {
  readonly prng: Prng
  readonly log: (line: LogLine) => void
  readonly skew?: { readonly ms: number }
}

/** Where fibers of this process run. */
export const runtimeOf = (
  time: VirtualTime,
  process: Process,
  options: RuntimeOptions
): Context.Context<SecureRandom.SecureRandom> =>
  randomServices(options.prng).pipe(
    Context.add(Clock.Clock, makeClock(time, process, options.skew ?? { ms: 0 })),
    Context.add(Scheduler.Scheduler, makeScheduler(time, process)),
    Context.add(Logger.CurrentLoggers, new Set([makeLogger(time, process, options.log)])),
    // Of this process alone: what another world logged must not silence this one.
    Context.add(FailureLog, emptyFailureLog()),
    Context.add(References.MinimumLogLevel, "Warn")
  )

/**
 * Where something real of this process runs: in the machine's time, whatever it sleeps; but what it reads as
 * the time is the world's.
 */
export const realRuntimeOf = (
  time: VirtualTime,
  process: Process,
  options: RuntimeOptions
): Context.Context<SecureRandom.SecureRandom> => {
  const clock: Clock.Clock = {
    ...makeClock(time, process, options.skew ?? { ms: 0 }),
    sleep: (duration) => Context.get(Context.empty(), Clock.Clock).sleep(duration)
  }
  return randomServices(options.prng).pipe(
    Context.add(Clock.Clock, clock),
    Context.add(Logger.CurrentLoggers, new Set([makeLogger(time, process, options.log)])),
    Context.add(FailureLog, emptyFailureLog()),
    Context.add(References.MinimumLogLevel, "Warn")
  )
}

/** Starts a fiber of the process; it begins with the next drain. */
export const start = <A, E, R>(
  context: Context.Context<R>,
  effect: Effect.Effect<A, E, R>
): Fiber.Fiber<A, E> => Effect.runForkWith(context)(effect)
