// How long phones stay away that a runner sends to the others: a few come back at once, many one after the
// other, as fast as they can be taken in. Who finds no runner that serves waits longer.
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type { SocketLimits } from "./limits.ts"

/** Within so many ms all of them have come back. */
export const spreadMs = (
  phones: number,
  { return_max_ms, returns_per_second }: Pick<SocketLimits, "return_max_ms" | "returns_per_second">
): number => Math.min(return_max_ms, Math.ceil(phones * 1_000 / returns_per_second))

/** For one of so many phones that are sent away together. */
export const returnPause = (phones: number, limits: SocketLimits): Effect.Effect<number> =>
  Random.nextIntBetween(0, spreadMs(phones, limits))

/** For a phone that the balancer still leads to a runner that stops: the next time it may know better. */
export const elsewherePause: Effect.Effect<number> = Random.nextIntBetween(100, 500)

/** For a phone that came although this runner cannot serve it: the next one may be no better. */
export const refusedPause = (limits: SocketLimits): Effect.Effect<number> =>
  Random.nextIntBetween(limits.retry_after_min_ms, limits.retry_after_max_ms)
