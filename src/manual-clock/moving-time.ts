// ManualClock over the manual clock: time moves from one due instant to the next, and at each the product is
// waited for until it rests. So an hour is what an hour would have been, in order, without the waiting.
import type * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Semaphore from "effect/Semaphore"
import { refuse } from "../domain/refusal.ts"
import type { MovableClock, Moving, Passed } from "../services/manual-clock/manual-clock.ts"
import type { StoppableClock } from "./clock.ts"
import type { Settling } from "./settling.ts"

/** For one due instant; real time. Longer than the bound of a database question, which ends by itself. */
const settleWithinMs = 20_000
/** How often a running clock moves, in real time. */
const runEveryMs = 20

const notSettled = (unsettled: ReadonlyArray<string>, clock: StoppableClock) =>
  refuse(
    "CLOCK_NOT_SETTLED",
    `Time stopped, because something does not come to rest: ${unsettled.join(", ")}.`,
    {
      unsettled: [...unsettled],
      now: DateTime.formatIso(DateTime.makeUnsafe(clock.currentTimeMillisUnsafe()))
    }
  )

export const makeMovingTime = Effect.fnUntraced(function*(options: {
  readonly clock: StoppableClock
  readonly settling: Settling
  readonly real: Clock.Clock
  readonly settle_within_ms?: number
}) {
  const { clock, real, settling } = options
  const within_ms = options.settle_within_ms ?? settleWithinMs
  const moves = yield* Semaphore.make(1)
  const now = () => clock.currentTimeMillisUnsafe()
  let rate = 0
  let running: Fiber.Fiber<unknown> | null = null
  /** What passes since time began to run. */
  let stretch: { readonly from: number; readonly began: number; steps: number } | null = null
  let last: Passed | null = null

  const rest = Effect.fnUntraced(function*(moving: Moving) {
    const unsettled = yield* settling.settle({ ...moving, within_ms })
    if (unsettled.length > 0) return yield* notSettled(unsettled, clock)
  })

  /** From one due instant to the next. */
  const move = Effect.fnUntraced(function*(to: number, moving: Moving) {
    let steps = 0
    yield* rest(moving)
    for (;;) {
      const next = clock.nextAt()
      if (next === null || next > to) break
      clock.moveTo(Math.max(next, now()))
      steps += 1
      yield* rest(moving)
    }
    clock.moveTo(to)
    return steps
  })

  const advanceTo: MovableClock["advanceTo"] = (target, moving) =>
    Effect.gen(function*() {
      const began = real.currentTimeMillisUnsafe()
      settling.takeNotes()
      const from = now()
      const to = target(from)
      if (to < from) {
        return yield* refuse(
          "CLOCK_BACKWARDS",
          "Time only goes forward. Start a new server for an earlier one.",
          {
            now: DateTime.formatIso(DateTime.makeUnsafe(from))
          }
        )
      }
      const steps = yield* move(to, moving)
      const took_ms = real.currentTimeMillisUnsafe() - began
      const passed: Passed = { from, now: now(), ...settling.takeNotes(), steps, took_ms }
      last = passed
      return passed
    }).pipe(moves.withPermit)

  const soFar = (): Passed | null => {
    if (stretch === null) return last
    const { began, from, steps } = stretch
    const took_ms = real.currentTimeMillisUnsafe() - began
    return { from, now: now(), ...settling.readNotes(), steps, took_ms }
  }

  const state = Effect.sync(() => ({ now: now(), rate, next_due_at: clock.nextAt(), passed: soFar() }))

  /** Waits, within the bound, for work that does not settle, then moves on. */
  const keepMoving = (speed: number) =>
    Effect.gen(function*() {
      let last = real.currentTimeMillisUnsafe()
      while (true) {
        yield* real.sleep(Duration.millis(runEveryMs))
        const at = real.currentTimeMillisUnsafe()
        const by = (at - last) * speed
        last = at
        const moved = Effect.map(move(now() + by, { wait_for_phones: false }), (steps) => {
          if (stretch !== null) stretch.steps += steps
        })
        yield* Effect.ignore(moves.withPermit(moved))
      }
    })

  const pause = Effect.gen(function*() {
    if (running !== null) yield* Fiber.interrupt(running)
    running = null
    rate = 0
    last = soFar()
    stretch = null
    return yield* state
  })

  const run = (speed: number) =>
    Effect.gen(function*() {
      yield* pause
      rate = speed
      settling.takeNotes()
      stretch = { from: now(), began: real.currentTimeMillisUnsafe(), steps: 0 }
      running = yield* Effect.forkDetach(keepMoving(speed))
      return yield* state
    })

  return { state, advanceTo, run, pause } satisfies MovableClock
})
