// What a server gets that was started for testers: the manual clock and the notes of what is going on
// (CLOCK=simulated), and the fault menu (with it, or with FAULTS=true). Any other server gets nothing.
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { SecureRandom } from "effect/crypto"
import { WorkTracker } from "../services/manual-clock/work-tracker.ts"
import { Faults } from "../services/manual-clock/faults.ts"
import { ManualClock } from "../services/manual-clock/manual-clock.ts"
import { TwoClocks } from "../services/platform/real-time.ts"
import { SteadyTime } from "../services/platform/steady-clock.ts"
import { makeManualClock } from "./clock.ts"
import { makeFaults } from "./faults.ts"
import { makeMovingTime } from "./moving-time.ts"
import { makeSettling } from "./settling.ts"

export interface ForTesters {
  readonly services: Context.Context<never>
  /** Time is real from here on. */
  readonly letGo: Effect.Effect<void>
}

const holding = Effect.fnUntraced(function*(start: string, real: Clock.Clock) {
  const clock = makeManualClock(DateTime.toEpochMillis(DateTime.makeUnsafe(start)), real)
  const settling = makeSettling(real)
  const movingTime = yield* makeMovingTime({ clock, settling, real })
  const services = Context.empty().pipe(
    Context.add(Clock.Clock, clock),
    Context.add(TwoClocks, { product: clock, real }),
    Context.add(SteadyTime, null),
    Context.add(WorkTracker, settling.log),
    Context.add(ManualClock, movingTime)
  )
  return { services, letGo: Effect.andThen(movingTime.pause, clock.letGo) }
})

export const forTesters = Effect.fnUntraced(function*(config: {
  readonly production: boolean
  readonly clock: string
  readonly clock_start: string
  readonly faults: boolean
}) {
  const nothing: ForTesters = { services: Context.empty(), letGo: Effect.void }
  const isHeld = config.clock === "simulated"
  // The configuration refuses this already; paid minutes must not hang on one check.
  if (config.production || !(isHeld || config.faults)) return nothing
  const real = yield* Clock.Clock
  const faults = yield* makeFaults(real).pipe(Effect.provide(SecureRandom.layerWebCrypto))
  const time = isHeld ? yield* holding(config.clock_start, real) : nothing
  const withFaults: ForTesters = { ...time, services: Context.add(time.services, Faults, faults) }
  return withFaults
})
