// A small product on a manual clock, for the tests of it: both clocks, the notes, and the clock's desk.
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { WorkTracker } from "../../src/services/manual-clock/work-tracker.ts"
import { TwoClocks } from "../../src/services/platform/real-time.ts"
import { makeManualClock } from "../../src/manual-clock/clock.ts"
import { makeMovingTime } from "../../src/manual-clock/moving-time.ts"
import { makeSettling } from "../../src/manual-clock/settling.ts"
import { t0 } from "../../testkit/conformance/given.ts"

/** `settleWithinMs`: real time, so short only where a test wants it to run out. */
export const makeHeld = Effect.fnUntraced(function*(settleWithinMs = 5_000) {
  const real = yield* Clock.Clock
  const clock = makeManualClock(t0, real)
  const settling = makeSettling(real)
  const time = yield* makeMovingTime({ clock, settling, real, settle_within_ms: settleWithinMs })
  const services = Context.empty().pipe(
    Context.add(Clock.Clock, clock),
    Context.add(TwoClocks, { product: clock, real }),
    Context.add(WorkTracker, settling.log)
  )
  /** Runs as the product does. */
  const onIt = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.provideContext(effect, services)
  const advance = (ms: number) => time.advanceTo((now) => now + ms, { wait_for_phones: true })
  return { real, clock, settling, time, onIt, advance }
})
