// Whether this process should get traffic. The part that knows a reason against it raises it, and clears it
// when it is over; /readyz and the upgrade route only read.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"

/** Most decisive first: the first one that holds is the status a balancer sees. */
export const unreadyReasons = ["draining", "schema_mismatch", "starting", "postgres_down"] as const
export type UnreadyReason = (typeof unreadyReasons)[number]

export class Readiness extends Context.Service<Readiness, {
  readonly raise: (reason: UnreadyReason) => Effect.Effect<void>
  readonly clear: (reason: UnreadyReason) => Effect.Effect<void>
  /** Empty when ready; otherwise in the order of `unreadyReasons`. */
  readonly reasons: Effect.Effect<ReadonlyArray<UnreadyReason>>
}>()("halobestie/http/Readiness") {}

/** Not ready until the start of the process clears `starting`. */
export const layer: Layer.Layer<Readiness> = Layer.sync(Readiness, () => {
  const raised = new Set<UnreadyReason>(["starting"])
  return Readiness.of({
    raise: (reason) =>
      Effect.sync(() => {
        raised.add(reason)
      }),
    clear: (reason) =>
      Effect.sync(() => {
        raised.delete(reason)
      }),
    reasons: Effect.sync(() => unreadyReasons.filter((reason) => raised.has(reason)))
  })
})

const lookEvery = "2 seconds"
// One look may be unlucky; a balancer that moves all phones away for that costs more than it saves.
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
