// ManualClock: the product's clock in a tester's hands. Only there when the server was started so
// (CLOCK=simulated); null otherwise, and always in production.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Refusal } from "../../domain/refusal.ts"
import type { Fired } from "./work-tracker.ts"

export interface ClockState {
  readonly now: number
  /** Seconds of the product per real second; 0 while time stands still. */
  readonly rate: number
  /** When the next thing is due: a deadline, a sweep, a retry. Null when nothing waits. */
  readonly next_due_at: number | null
  /** What the last move brought about, or the run that goes on so far; null before any. */
  readonly passed: Passed | null
}

export interface Passed {
  readonly from: number
  readonly now: number
  /** In the order it happened; the first thousand. */
  readonly fired: ReadonlyArray<Fired>
  readonly fired_not_shown: number
  /** Passes of each sweep. */
  readonly sweeps: Readonly<Record<string, number>>
  /** Instants at which something was due. */
  readonly steps: number
  readonly took_ms: number
}

export interface Moving {
  /** Whether events must have been taken by connected phones before time moves on. */
  readonly wait_for_phones: boolean
}

export interface MovableClock {
  readonly state: Effect.Effect<ClockState>
  /** Returns when everything that became due has settled; refused where it does not. */
  readonly advanceTo: (target: (now: number) => number, moving: Moving) => Effect.Effect<Passed, Refusal>
  /** Lets time run at so many seconds of the product per real second. */
  readonly run: (rate: number) => Effect.Effect<ClockState>
  /** Time stands still again. */
  readonly pause: Effect.Effect<ClockState>
}

export const ManualClock = Context.Reference<MovableClock | null>("halobestie/services/ManualClock", {
  defaultValue: () => null
})
