// Turns as work that is tracked: the manual clock waits for them before time moves on, and reports what time
// brought about. Without a manual clock a turn passes through untouched.
import * as Effect from "effect/Effect"
import { WorkTracker, record, track } from "../services/manual-clock/work-tracker.ts"
import * as RealTime from "../services/platform/real-time.ts"

type Events = ReadonlyArray<{ readonly _tag: string }>

export interface TurnTracking {
  /** Counts as work until it ends. Called by the cluster, which lives in real time; a turn does not. */
  readonly turn: <A, E>(turn: Effect.Effect<A, E>) => Effect.Effect<A, E>
  /** What a turn leaves behind counts as work, too. */
  readonly background: <A, E>(work: Effect.Effect<A, E>) => Effect.Effect<A, E>
  readonly recordFired: (events: Events, at: number) => Effect.Effect<void>
}

export const makeTurnTracking = Effect.fnUntraced(
  function*(actor: { readonly kind: string; readonly id: string }): Effect.fn.Return<TurnTracking> {
    const { id, kind } = actor
    const isHeld = (yield* WorkTracker) !== null || (yield* RealTime.TwoClocks) !== null
    const working = track(`${kind} ${id}`)
    return {
      turn: (turn) => isHeld ? RealTime.onProductTime(working(turn)) : turn,
      background: working,
      recordFired: (events, at) =>
        record((log) => events.forEach(({ _tag }) => log.fired({ what: `${kind}.${_tag}`, id, at })))
    }
  }
)
