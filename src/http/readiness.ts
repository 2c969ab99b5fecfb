// Whether this process should get traffic. Whoever knows a reason against it raises it, and clears it
// when it is over; /readyz and the upgrade route only read.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as RealTime from "../services/platform/real-time.ts"

/** Most decisive first: the first one that holds is the status a balancer sees. */
export const unreadyReasons = [
  "draining",
  "schema_mismatch",
  "starting",
  "postgres_down",
  "cluster_isolated",
  "clock_off"
] as const
export type UnreadyReason = (typeof unreadyReasons)[number]

export type Details = Readonly<Record<string, string | ReadonlyArray<string>>>

export class Readiness extends Context.Service<Readiness, {
  /** `details` are for whoever reads /readyz, and may change while it is raised. */
  readonly raise: (reason: UnreadyReason, details?: Details) => Effect.Effect<void>
  readonly clear: (reason: UnreadyReason) => Effect.Effect<void>
  /** Empty when ready; otherwise in the order of `unreadyReasons`. */
  readonly reasons: Effect.Effect<ReadonlyArray<UnreadyReason>>
  /** Of the reasons that hold, those that have any. */
  readonly details: Effect.Effect<Readonly<Record<string, Details>>>
}>()("halobestie/http/Readiness") {}

/** Not ready until whoever starts the process clears `starting`. */
export const layer: Layer.Layer<Readiness> = Layer.sync(Readiness, () => {
  const raised = new Map<UnreadyReason, Details | null>([["starting", null]])
  return Readiness.of({
    raise: (reason, details) =>
      Effect.sync(() => {
        raised.set(reason, details ?? null)
      }),
    clear: (reason) =>
      Effect.sync(() => {
        raised.delete(reason)
      }),
    reasons: Effect.sync(() => unreadyReasons.filter((reason) => raised.has(reason))),
    details: Effect.sync(() =>
      Object.fromEntries(
        [...raised].flatMap(([reason, details]) => details === null ? [] : [[reason, details]])
      )
    )
  })
})

const lookEvery = "2 seconds"
// One look may be unlucky; a balancer that moves everybody away for that costs more than it saves.
const failuresBeforeRaise = 2

/** Looks every now and then, and says so for as long as what we need does not answer. */
export const layerWatch = <R>(reason: UnreadyReason, answers: Effect.Effect<boolean, never, R>) =>
  Layer.effectDiscard(Effect.gen(function*() {
    const readiness = yield* Readiness
    let failures = 0
    const look = Effect.gen(function*() {
      const isWell = yield* answers
      if (isWell && failures >= failuresBeforeRaise) {
        yield* readiness.clear(reason)
        yield* Effect.logInfo(`ready again: no longer ${reason}`)
      }
      failures = isWell ? 0 : failures + 1
      if (failures !== failuresBeforeRaise) return
      yield* readiness.raise(reason)
      yield* Effect.logWarning(`not ready: ${reason}`)
    })
    yield* Effect.forkScoped(Effect.repeat(look, Schedule.spaced(lookEvery)))
  }))

const settles = "5 seconds"

/** Unready while something is set right; what must not happen meanwhile has some seconds to end. */
export const unreadyDuring = (reason: UnreadyReason, setting: Effect.Effect<void>) =>
  Effect.gen(function*() {
    const readiness = yield* Readiness
    yield* readiness.raise(reason)
    yield* RealTime.onRealTime(Effect.sleep(settles))
    yield* setting
    yield* readiness.clear(reason)
    yield* Effect.logInfo(`ready again: no longer ${reason}`)
  })
