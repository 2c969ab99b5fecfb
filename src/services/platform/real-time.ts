// Which time a wait is measured in. There is one clock, except where a tester holds the product's: then
// deadlines, sweeps, tokens and lifetimes stand still with it, while waits for the outside world (a
// database, a socket, another process) go on in real time, as that world does. docs/decisions/0013.
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { dual } from "effect/Function"
import * as Layer from "effect/Layer"
import { awaited, bound } from "./bounds.ts"

export interface Clocks {
  readonly product: Clock.Clock
  readonly real: Clock.Clock
}

/** Null where both are the same clock: in production, and in every test on virtual time. */
export const TwoClocks = Context.Reference<Clocks | null>("halobestie/services/TwoClocks", {
  defaultValue: () => null
})

const onThe = (which: keyof Clocks) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(
    TwoClocks,
    (clocks) => clocks === null ? effect : Effect.provideService(effect, Clock.Clock, clocks[which])
  )

/** Sleeps and readings inside it are the machine's: retries and pauses of infrastructure. */
export const onRealTime = onThe("real")

/** The services here, for infrastructure that runs in one context of its own. */
export const contextOnRealTime: Effect.Effect<Context.Context<never>> = onRealTime(Effect.context<never>())

/** The way back, for product code that infrastructure runs: a turn, which the cluster calls. */
export const onProductTime = onThe("product")

/** `wrap` pauses and repeats in real time; `effect` itself keeps the time it has. */
export const withRealPauses = <A, E, R, B, E2, R2>(
  effect: Effect.Effect<A, E, R>,
  wrap: (keeping: Effect.Effect<A, E, R>) => Effect.Effect<B, E2, R2>
): Effect.Effect<B, E2, R2> =>
  Effect.flatMap(
    Clock.Clock,
    (own) => onRealTime(wrap(Effect.provideService(effect, Clock.Clock, own)))
  )

/** For layers whose own fibers talk to the outside: the cluster, the pool, the bus. */
export const layerOnRealTime = <A, E, R>(layer: Layer.Layer<A, E, R>): Layer.Layer<A, E, R> =>
  Layer.unwrap(
    Effect.map(
      TwoClocks,
      (clocks) => clocks === null ? layer : Layer.provide(layer, Layer.succeed(Clock.Clock)(clocks.real))
    )
  )

// As in Effect, measured in real time; what is waited for keeps the time it has. A bound on the outside
// world must not be late because the product's clock stands still, nor early because it leaps an hour.

const clockFor = (fiber: Fiber.Fiber<unknown, unknown>): Clock.Clock =>
  fiber.getRef(TwoClocks)?.real ?? fiber.getRef(Clock.Clock)

export const timeoutOrElse: typeof Effect.timeoutOrElse = dual(
  2,
  <A, E, R, B, E2, R2>(
    self: Effect.Effect<A, E, R>,
    options: { readonly duration: Duration.Input; readonly orElse: () => Effect.Effect<B, E2, R2> }
  ): Effect.Effect<A | B, E | E2, R | R2> => {
    const lengthMs = Duration.toMillis(options.duration)
    return Effect.withFiber((fiber) => bound(fiber, clockFor(fiber), lengthMs, self, options.orElse))
  }
)

export const timeoutOption: typeof Effect.timeoutOption = dual(
  2,
  <A, E, R>(self: Effect.Effect<A, E, R>, duration: Duration.Input) =>
    timeoutOrElse(Effect.asSome(self), { duration, orElse: () => Effect.succeedNone })
)

export const timeout: typeof Effect.timeout = dual(
  2,
  <A, E, R>(self: Effect.Effect<A, E, R>, duration: Duration.Input) =>
    timeoutOrElse(self, {
      duration,
      orElse: () => {
        const length = Duration.format(Duration.fromInputUnsafe(duration))
        return Effect.fail(new Cause.TimeoutError(`Operation timed out after '${length}'`))
      }
    })
)

/** How a fiber ended, or null when that takes longer; the fiber goes on. */
export const awaitFor = <A, E>(
  work: Fiber.Fiber<A, E>,
  lengthMs: number
): Effect.Effect<Exit.Exit<A, E> | null> =>
  Effect.withFiber((fiber) => awaited(fiber, clockFor(fiber), lengthMs, work))
