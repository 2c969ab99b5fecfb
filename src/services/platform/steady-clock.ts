// The product's clock in production: monotonic time, anchored once. A machine's wall clock can be set while
// paid chats run (a first NTP sync, a resumed machine, a hand on the console); this one only ever runs on.
// Where it is anchored is decided by whoever has the common clock of all runners: Postgres.
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

const nanosPerMs = 1e6

export interface SteadyClock extends Clock.Clock {
  /** From now on it reads so much more, or less. The reading never goes back for less than a second. */
  readonly shift: (by_ms: number) => void
}

/** Below this a correction backwards is waited out: the reading stands still for as long. */
const standsStillMs = 1_000

/** `machine` gives the first reading, the monotonic time and the sleeps. */
export const makeSteadyClock = (machine: Clock.Clock): SteadyClock => {
  const uptimeMs = () => Number(machine.monotonicTimeNanosUnsafe()) / nanosPerMs
  let origin = machine.currentTimeMillisUnsafe() - uptimeMs()
  let last = 0
  const nowMs = (): number => {
    const at = Math.floor(origin + uptimeMs())
    last = at > last || last - at > standsStillMs ? at : last
    return last
  }
  const nowNanos = () => BigInt(nowMs()) * BigInt(nanosPerMs)
  return {
    currentTimeMillisUnsafe: nowMs,
    currentTimeMillis: Effect.sync(nowMs),
    currentTimeNanosUnsafe: nowNanos,
    currentTimeNanos: Effect.sync(nowNanos),
    monotonicTimeNanosUnsafe: () => machine.monotonicTimeNanosUnsafe(),
    monotonicTimeNanos: machine.monotonicTimeNanos,
    sleep: (duration) => machine.sleep(duration),
    shift: (by_ms) => {
      origin += by_ms
    }
  }
}

/** Null where time is not the machine's: under a tester's clock, and in every test on virtual time. */
export const SteadyTime = Context.Reference<SteadyClock | null>("halobestie/services/SteadyTime", {
  defaultValue: () => null
})

/** A process that reads no wall clock: for whatever runs on `Clock` and finds the anchor by `SteadyTime`. */
export const steadyServices = Effect.map(Clock.Clock, (machine) => {
  const steady = makeSteadyClock(machine)
  return Context.empty().pipe(Context.add(Clock.Clock, steady), Context.add(SteadyTime, steady))
})
