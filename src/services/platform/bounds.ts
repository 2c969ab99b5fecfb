// Many bounded waits, one timer. Nearly every bound is lifted long before it strikes, so setting one must
// cost next to nothing: all bounds on one clock lie in a heap, and a single fiber sleeps until the earliest.
import type * as Clock from "effect/Clock"
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { TimerHeap } from "./timer-heap.ts"

class Bounds {
  readonly #clock: Clock.Clock
  readonly #heap = new TimerHeap()
  #watch: Fiber.Fiber<void> | null = null
  #wakesAt = Number.POSITIVE_INFINITY

  constructor(clock: Clock.Clock) {
    this.#clock = clock
  }

  /** In whole microseconds, monotonic: the time of day may be set during a wait. */
  get #now_us(): number {
    return Math.round(Number(this.#clock.monotonicTimeNanosUnsafe()) / 1000)
  }

  /** `strike` runs in so many milliseconds, unless the result, which lifts the bound, is called before. */
  set(lengthMs: number, context: Context.Context<never>, strike: () => void): () => void {
    const timer = this.#heap.add(this.#now_us + Math.ceil(lengthMs * 1000), strike)
    if (timer.due < this.#wakesAt) this.#sleepUntil(timer.due, context)
    return () => {
      this.#heap.cancel(timer)
      if (this.#heap.size === 0) this.#rest()
    }
  }

  #sleepUntil(due: number, context: Context.Context<never>): void {
    this.#rest()
    this.#wakesAt = due
    const left = Duration.millis(Math.max(0, due - this.#now_us) / 1000)
    this.#watch = Effect.runForkWith(context)(
      Effect.andThen(this.#clock.sleep(left), Effect.sync(() => this.#wake(context)))
    )
  }

  /** No bound is left: a sleeping fiber would keep a process that is done from ending. */
  #rest(): void {
    const watch = this.#watch
    this.#watch = null
    this.#wakesAt = Number.POSITIVE_INFINITY
    watch?.interruptUnsafe()
  }

  #wake(context: Context.Context<never>): void {
    this.#watch = null
    this.#wakesAt = Number.POSITIVE_INFINITY
    for (let next = this.#heap.peek(); next !== undefined; next = this.#heap.peek()) {
      // A strike may have set or lifted other bounds; `set` then has started the sleep already.
      if (next.due > this.#now_us) {
        if (next.due < this.#wakesAt) this.#sleepUntil(next.due, context)
        return
      }
      this.#heap.take()?.()
    }
  }
}

const boundsOn = new WeakMap<Clock.Clock, Bounds>()

const boundsOf = (clock: Clock.Clock): Bounds => {
  let bounds = boundsOn.get(clock)
  if (bounds === undefined) boundsOn.set(clock, bounds = new Bounds(clock))
  return bounds
}

/** `strike` runs in so many milliseconds of this clock, unless the result is called: it lifts the bound. */
export const setBound = (
  clock: Clock.Clock,
  lengthMs: number,
  context: Context.Context<never>,
  strike: () => void
): () => void => boundsOf(clock).set(lengthMs, context, strike)

/** In `fiber`: runs `effect` in one of its own; when the time is up that is stopped, and `late` follows. */
export const bound = <A, E, R, B, E2, R2>(
  fiber: Fiber.Fiber<unknown, unknown>,
  clock: Clock.Clock,
  lengthMs: number,
  effect: Effect.Effect<A, E, R>,
  late: () => Effect.Effect<B, E2, R2>
): Effect.Effect<A | B, E | E2, R | R2> =>
  Effect.callback((resume) => {
    let isUp = false
    const work = Effect.runForkWith(fiber.context as Context.Context<R>)(effect)
    const exit = work.pollUnsafe()
    if (exit !== undefined) return resume(exit)
    const lift = boundsOf(clock).set(lengthMs, fiber.context, () => {
      isUp = true
      work.interruptUnsafe(fiber.id)
    })
    work.addObserver((exit) => {
      lift()
      resume(isUp && Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause) ? late() : exit)
    })
    return Effect.suspend(() => {
      lift()
      return Fiber.interrupt(work)
    })
  })

/** In `fiber`: how `work` ended, or null when the time was up before; then it goes on. */
export const awaited = <A, E>(
  fiber: Fiber.Fiber<unknown, unknown>,
  clock: Clock.Clock,
  lengthMs: number,
  work: Fiber.Fiber<A, E>
): Effect.Effect<Exit.Exit<A, E> | null> =>
  Effect.callback((resume) => {
    const lift = boundsOf(clock).set(lengthMs, fiber.context, () => {
      leave()
      resume(Effect.succeed(null))
    })
    const leave = work.addObserver((exit) => {
      lift()
      resume(Effect.succeed(exit))
    })
    return Effect.sync(() => {
      leave()
      lift()
    })
  })
