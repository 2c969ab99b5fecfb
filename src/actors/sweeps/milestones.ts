// Milestones: what each sweep pass did. Production logs and shows the latest; tests wait on them
// instead of sleeping. Bounded: a slow listener loses old ones, never slows a sweep.
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import type * as Scope from "effect/Scope"
import { count, set } from "../../services/operations/figures.ts"

export type PassResult = Readonly<Record<string, number | string>>

export interface Milestone {
  readonly sweep: string
  readonly at: number
  readonly took_ms: number
  /** What the pass did, in counts, and why not more; null when it failed. */
  readonly did: PassResult | null
}

export class Milestones extends Context.Service<Milestones, {
  readonly publish: (milestone: Milestone) => Effect.Effect<void>
  readonly subscribe: Effect.Effect<PubSub.Subscription<Milestone>, never, Scope.Scope>
  /** The newest milestone of each sweep on this runner. */
  readonly latest: Effect.Effect<ReadonlyArray<Milestone>>
}>()("halobestie/actors/Milestones") {
  static readonly layer = Layer.effect(
    Milestones,
    Effect.gen(function*() {
      const hub = yield* PubSub.sliding<Milestone>(256)
      const newest = new Map<string, Milestone>()
      return Milestones.of({
        publish: (milestone) => {
          newest.set(milestone.sweep, milestone)
          return PubSub.publish(hub, milestone).pipe(Effect.asVoid)
        },
        subscribe: PubSub.subscribe(hub),
        latest: Effect.sync(() => [...newest.values()])
      })
    })
  )
}

/** Runs one pass and reports it; a failed pass is logged and reported too. */
export const reported = <E, R>(
  sweep: string,
  pass: Effect.Effect<PassResult, E, R>
) =>
  Effect.gen(function*() {
    const milestones = yield* Milestones
    const at = yield* Clock.currentTimeMillis
    const did = yield* pass.pipe(
      Effect.catchCause((cause) => Effect.logWarning(`sweep ${sweep} failed`, cause).pipe(Effect.as(null)))
    )
    const took_ms = (yield* Clock.currentTimeMillis) - at
    if (did !== null && Object.values(did).some((count) => typeof count === "number" && count > 0)) {
      yield* Effect.logDebug(`sweep ${sweep}`).pipe(Effect.annotateLogs({ ...did, took_ms }))
    }
    count("sweep_passes_total", [sweep, did === null ? "failed" : "done"])
    if (did !== null) set("sweep_last_success_seconds", Math.floor((at + took_ms) / 1000), [sweep])
    yield* milestones.publish({ sweep, at, took_ms, did })
  })
