// Many bounded waits, one timer. Nearly every bound is lifted long before it strikes, so setting one must
// cost next to nothing: all bounds on one clock lie in a heap, and a single fiber sleeps until the earliest.
import type * as Clock from "effect/Clock"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Option from "effect/Option"
import { TimerHeap } from "./timer-heap.ts"

class Bounds {
  readonly #clock: Clock.Clock
  readonly #heap = new TimerHeap()
  #watch: Fiber.Fiber<void> | null = null
  #wakesAt = Number.POSITIVE_INFINITY

  constructor(clock: Clock.Clock) {
    this.#clock = clock
  }

  /** In whole microseconds, and not the time of day: that may be set while somebody waits. */
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

  /** Nobody is waited for: a sleeping fiber would keep a process that is through from ending. */
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
      // Striking may have set or lifted others, and whoever sets one sees to the sleep.
      if (next.due > this.#now_us) {
        if (next.due < this.#wakesAt) this.#sleepUntil(next.due, context)
        return
      }
      this.#heap.take()?.()
    }
  }
}

const nothing = () => {}
const boundsOn = new WeakMap<Clock.Clock, Bounds>()

const boundsOf = (clock: Clock.Clock): Bounds => {
  let bounds = boundsOn.get(clock)
  if (bounds === undefined) boundsOn.set(clock, bounds = new Bounds(clock))
  return bounds
}

/**
 * The result of work that has a life of its own; None when it was not there in so many milliseconds of this
 * clock. Nobody waits for it then, nor when its caller is gone: it is told to end and left to itself.
 */
export const resultWithin = <A, E>(
  clock: Clock.Clock,
  lengthMs: number,
  work: Fiber.Fiber<A, E>
): Effect.Effect<Option.Option<A>, E> =>
  Effect.callback((resume) => {
    const isThrough = work.pollUnsafe() !== undefined
    const lift = isThrough ? nothing : boundsOf(clock).set(lengthMs, Context.empty(), () => {
      resume(Effect.succeedNone)
      work.interruptUnsafe()
    })
    work.addObserver((exit) => {
      lift()
      resume(Exit.isSuccess(exit) ? Effect.succeedSome(exit.value) : Effect.failCause(exit.cause))
    })
    return Effect.sync(() => {
      lift()
      work.interruptUnsafe()
    })
  })

/** None when the effect was not through in so many milliseconds of this clock; it is interrupted then. */
export const within = <A, E, R>(
  clock: Clock.Clock,
  lengthMs: number,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<Option.Option<A>, E, R> =>
  Effect.withFiber((fiber) =>
    Effect.callback((resume) => {
      let isUp = false
      const work = Effect.runForkWith(fiber.context as Context.Context<R>)(effect)
      const isThrough = work.pollUnsafe() !== undefined
      const lift = isThrough ? nothing : boundsOf(clock).set(lengthMs, fiber.context, () => {
        isUp = true
        work.interruptUnsafe(fiber.id)
      })
      work.addObserver((exit) => {
        lift()
        if (Exit.isSuccess(exit)) return resume(Effect.succeedSome(exit.value))
        resume(
          isUp && Cause.hasInterruptsOnly(exit.cause) ? Effect.succeedNone : Effect.failCause(exit.cause)
        )
      })
      return Effect.suspend(() => {
        lift()
        return Fiber.interrupt(work)
      })
    })
  )
