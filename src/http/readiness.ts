// Whether this process should get traffic. The part that knows a reason against it raises it, and clears it
// when it is over; /readyz and the upgrade route only read.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import { count } from "../services/operations/figures.ts"
import * as RealTime from "../services/platform/real-time.ts"

/** Most decisive first: the first one that holds is the status a balancer sees. */
export const unreadyReasons = [
  "draining",
  "schema_mismatch",
  "starting",
  "postgres_down",
  "postgres_read_only",
  "postgres_full",
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

/** Not ready until the start of the process clears `starting`. */
export const layer: Layer.Layer<Readiness> = Layer.sync(Readiness, () => {
  const raised = new Map<UnreadyReason, Details | null>([["starting", null]])
  return Readiness.of({
    raise: (reason, details) =>
      Effect.sync(() => {
        if (!raised.has(reason)) count("readiness_changes_total", [reason])
        raised.set(reason, details ?? null)
      }),
    clear: (reason) =>
      Effect.sync(() => {
        if (raised.delete(reason)) count("readiness_changes_total", [reason])
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
// One look may be unlucky; a balancer that moves all phones away for that costs more than it saves.
const failuresBeforeRaise = 2

/** Looks every now and then: the one reason found, if any, is raised, the others it raised are cleared. */
export const layerWatchReasons = <Reason extends UnreadyReason, R>(
  found: Effect.Effect<Reason | null, never, R>
) =>
  Layer.effectDiscard(Effect.gen(function*() {
    const readiness = yield* Readiness
    const raised = new Set<Reason>()
    let [suspect, looks]: [Reason | null, number] = [null, 0]
    const look = Effect.gen(function*() {
      const reason = yield* found
      looks = reason === suspect ? looks + 1 : 1
      suspect = reason
      for (const other of [...raised].filter((one) => one !== reason)) {
        // One unlucky answer of another kind in the middle of an outage ends nothing.
        if (reason !== null && looks < failuresBeforeRaise) continue
        raised.delete(other)
        yield* readiness.clear(other)
        yield* Effect.logInfo(`ready again: no longer ${other}`)
      }
      if (reason === null || raised.has(reason) || looks < failuresBeforeRaise) return
      raised.add(reason)
      yield* readiness.raise(reason)
      yield* Effect.logWarning(`not ready: ${reason}`)
    })
    yield* Effect.forkScoped(Effect.repeat(look, Schedule.spaced(lookEvery)))
  }))

/** The same for one reason. */
export const layerWatch = <R>(reason: UnreadyReason, answers: Effect.Effect<boolean, never, R>) =>
  layerWatchReasons(Effect.map(answers, (isWell) => isWell ? null : reason))

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
