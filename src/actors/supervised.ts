// Background fibers die silently in Effect; none of ours may. A supervised one is logged and started again
// with back-off, until its scope closes. What only waits for an outage to end is no error.
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { reportPutOff } from "../services/operations/failures.ts"
import * as RealTime from "../services/platform/real-time.ts"
import { Unavailable } from "../services/platform/unavailable.ts"

// 0.2 s, 0.4 s, ... but never more than 5 s apart.
const backOff = Schedule.min([Schedule.exponential("200 millis"), Schedule.spaced("5 seconds")]).pipe(
  Schedule.jittered
)

/** Runs to its end; every failure or defect is logged and retried. Interruption passes through. */
export const runSupervised = <E, R>(
  name: string,
  effect: Effect.Effect<void, E, R>
): Effect.Effect<void, never, R> =>
  RealTime.withRealPauses(effect, (keeping) =>
    keeping.pipe(
      Effect.sandbox,
      Effect.tapError((cause) => {
        if (Cause.hasInterruptsOnly(cause)) return Effect.void
        const failure = cause.reasons.find(Cause.isFailReason)?.error
        return failure instanceof Unavailable
          ? reportPutOff(`${name} starts again`, failure)
          : Effect.logError(`${name} failed; starting again`, cause)
      }),
      Effect.retry({ schedule: backOff }),
      Effect.catchCause(() => Effect.void)
    ))
