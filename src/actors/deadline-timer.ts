// The timer of one actor: sleeps until the nearest deadline of its state and ticks. Firing twice, or not at
// all, is harmless: the sweep of deadlines wakes owners of overdue rows.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberHandle from "effect/FiberHandle"
import type * as Scope from "effect/Scope"
import * as RealTime from "../services/platform/real-time.ts"
import { runSupervised } from "./supervised.ts"

const stuckDeadlineMs = 1000

export interface DeadlineTimer {
  /** For the state as it is now; starts again until the tick is through. */
  readonly arm: (deadline: number | null) => Effect.Effect<void>
  /** The state is to be loaded again; a tick that is under way goes on. */
  readonly forget: () => void
  readonly clear: Effect.Effect<void>
}

const until = (deadline: number) => Effect.map(Clock.currentTimeMillis, (now) => deadline - now)

/** `tick` is null for actors without deadlines. */
export const makeDeadlineTimer = Effect.fnUntraced(function*<E>(
  tick: Effect.Effect<unknown, E> | null
): Effect.fn.Return<DeadlineTimer, never, Scope.Scope> {
  const scope = yield* Effect.scope
  const timer = yield* FiberHandle.make<void, never>()
  let armedFor: number | null = null
  let tickedFor: number | null = null

  const fire = Effect.fnUntraced(function*(deadline: number, tick: Effect.Effect<unknown, E>) {
    const left = yield* until(deadline)
    // A deadline that a tick did not move would spin: it waits a little before the next try.
    if (tickedFor === deadline) yield* RealTime.onRealTime(Effect.sleep(stuckDeadlineMs))
    yield* Effect.sleep(Math.max(0, left))
    // Node's timers may strike a millisecond early: a tick before its deadline would change nothing.
    for (let rest = yield* until(deadline); rest > 0; rest = yield* until(deadline)) yield* Effect.sleep(rest)
    tickedFor = deadline
    armedFor = null
    // Forked, because the tick arms the next timer, which replaces (interrupts) this one.
    const ticking = yield* Effect.forkIn(tick, scope)
    yield* Fiber.join(ticking)
  })

  return {
    arm: (deadline) => {
      if (deadline === armedFor) return Effect.void
      armedFor = deadline
      if (deadline === null || tick === null) return FiberHandle.clear(timer)
      return FiberHandle.run(timer, runSupervised("deadline timer", fire(deadline, tick))).pipe(Effect.asVoid)
    },
    forget: () => {
      armedFor = null
    },
    clear: Effect.suspend(() => {
      armedFor = null
      return FiberHandle.clear(timer)
    })
  }
})
