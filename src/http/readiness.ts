// Whether this process should get traffic. Whoever knows a reason against it raises it, and clears it
// when it is over; /readyz and the upgrade route only read.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** Most decisive first: the first one that holds is the status a balancer sees. */
export const unreadyReasons = ["draining", "schema_mismatch", "starting", "postgres_down"] as const
export type UnreadyReason = (typeof unreadyReasons)[number]

export class Readiness extends Context.Service<Readiness, {
  readonly raise: (reason: UnreadyReason) => Effect.Effect<void>
  readonly clear: (reason: UnreadyReason) => Effect.Effect<void>
  /** Empty when ready; otherwise in the order of `unreadyReasons`. */
  readonly reasons: Effect.Effect<ReadonlyArray<UnreadyReason>>
}>()("halobestie/http/Readiness") {}

/** Not ready until whoever starts the process clears `starting`. */
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
