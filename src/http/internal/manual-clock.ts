// Handlers of the testers' calls: the manual clock and the fault menu. Each write is audited before it is
// done, at the time the product then has.
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Json } from "effect/Schema"
import { type ClockView, type FaultView, type PassedView, TimeRpcs } from "../../contract/testing/clock.ts"
import { instant, instantOrNull } from "../../contract/fields.ts"
import { refuse } from "../../domain/refusal.ts"
import { Staff } from "../../services/accounts/staff.ts"
import { type Fault, type FaultKind, Faults, faultsMax } from "../../services/manual-clock/faults.ts"
import { type ClockState, ManualClock, type Passed } from "../../services/manual-clock/manual-clock.ts"
import { answering } from "../public/handlers/answering.ts"
import { currentStaff } from "./staff/current-staff.ts"
import { entryOf } from "./change-entry.ts"

/** Farther than any of our columns and tokens is meant to reach. */
const latest = DateTime.toEpochMillis(DateTime.makeUnsafe("2200-01-01T00:00:00Z"))

const newestMax = 50

const held = Effect.flatMap(ManualClock, (clock) =>
  clock === null
    ? refuse("CLOCK_NOT_HELD", "This server's time is real. Start one with CLOCK=simulated to hold it.")
    : Effect.succeed(clock))

const menu = Effect.flatMap(Faults, (faults) =>
  faults === null
    ? refuse("FAULTS_OFF", "This server takes no faults. Start one with FAULTS=true or CLOCK=simulated.")
    : Effect.succeed(faults))

const audited = Effect.fnUntraced(function*(action: string, target: string, before: Json, after: Json) {
  const entry = yield* entryOf(action, action.startsWith("clock") ? "clock" : "fault", target)
  yield* (yield* Staff).appendAudit({ ...entry, before, after })
})

const passedView = (passed: Passed): typeof PassedView.Type => ({
  ...passed,
  from: instant(passed.from),
  now: instant(passed.now),
  fired: passed.fired.map((one) => ({ ...one, at: instant(one.at) }))
})

/** Asked again and again by an open page. */
const newest = (passed: Passed): Passed => {
  const older = Math.max(0, passed.fired.length - newestMax)
  return { ...passed, fired: passed.fired.slice(older), fired_not_shown: passed.fired_not_shown + older }
}

const clockView = ({ next_due_at, now, passed, rate }: ClockState): typeof ClockView.Type => ({
  now: instant(now),
  rate,
  next_due_at: instantOrNull(next_due_at),
  passed: passed === null ? null : passedView(newest(passed))
})

const faultView = ({ began_at, fault, id, undone_at }: Fault): typeof FaultView.Type => ({
  fault_id: id,
  fault,
  began_at: instant(began_at),
  undone_at: instant(undone_at)
})

/** Before time moves: the way there is not work that time would wait for. */
const planned = Effect.fnUntraced(function*(action: string, target: (now: number) => number) {
  const clock = yield* held
  const { now } = yield* clock.state
  const to = target(now)
  if (to > latest) return yield* refuse("BAD_REQUEST", "That is too far in the future.")
  yield* audited(action, "product", instant(now), instant(to))
  return clock
})

const pass = (
  action: string,
  target: (now: number) => number,
  moving: { readonly wait_for_phones?: boolean }
) =>
  answering(planned(action, target)).pipe(
    Effect.flatMap((clock) => clock.advanceTo(target, { wait_for_phones: moving.wait_for_phones ?? true })),
    Effect.map(passedView)
  )

const set = Effect.fnUntraced(
  function*(payload: { readonly instant: string; readonly wait_for_phones?: boolean }) {
    const wanted = DateTime.make(payload.instant)
    if (Option.isNone(wanted)) {
      return yield* refuse("BAD_REQUEST", "An instant looks like 2030-01-07T10:00:00Z.")
    }
    return yield* pass("clock.set", () => DateTime.toEpochMillis(wanted.value), payload)
  }
)

const run = Effect.fnUntraced(function*(rate: number) {
  const clock = yield* held
  yield* audited("clock.run", "product", (yield* clock.state).rate, rate)
  return clockView(yield* clock.run(rate))
})

const pause = Effect.gen(function*() {
  const clock = yield* held
  yield* audited("clock.pause", "product", (yield* clock.state).rate, 0)
  return clockView(yield* clock.pause)
})

const startFault = Effect.fnUntraced(function*(fault: FaultKind, undoAfterMs: number) {
  const faults = yield* menu
  yield* audited("faults.start", fault.kind, null, { ...fault, undo_after_ms: undoAfterMs })
  const started = yield* faults.start(fault, undoAfterMs)
  if (started === null) {
    return yield* refuse("TOO_MANY_FAULTS", "Undo some first.", { maximum: faultsMax })
  }
  return faultView(started)
})

const undoFault = Effect.fnUntraced(function*(id: string | null) {
  const faults = yield* menu
  yield* audited("faults.undo", id ?? "all", null, null)
  return { undone: yield* faults.undo(id) }
})

export const layer = TimeRpcs.toLayer({
  "clock.now": () =>
    answering(
      Effect.andThen(currentStaff, Effect.flatMap(held, (clock) => Effect.map(clock.state, clockView)))
    ),
  "clock.advance": (payload) => pass("clock.advance", (now) => now + payload.duration_ms, payload),
  "clock.set": set,
  "clock.run": ({ rate }) => answering(run(rate)),
  "clock.pause": () => answering(pause),
  "faults.list": () =>
    answering(
      Effect.flatMap(menu, (faults) => Effect.map(faults.list, (all) => ({ faults: all.map(faultView) })))
    ),
  "faults.start": ({ fault, undo_after_ms }) => answering(startFault(fault, undo_after_ms)),
  "faults.undo": ({ fault_id }) => answering(undoFault(fault_id))
})
