// ClusterStanding: whether this runner has a part in the cluster, and which runners it cannot reach.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"

export interface Standing {
  /** The others found it at its address, and it holds actors. */
  readonly has_part: boolean
  /** Registered runners, host:port, that did not answer for some seconds. */
  readonly unreached: ReadonlyArray<string>
  /** Where the others are to find this one. */
  readonly own_address: string
}

export interface ClusterStandingOf {
  readonly now: Effect.Effect<Standing>
  /** While true it takes no actors, and others get what it has; nothing, where there are no others. */
  readonly stepBack: (out: boolean) => Effect.Effect<void>
}

/** Null where runners meet in one process: nobody is cut off there. */
export const ClusterStanding = Context.Reference<ClusterStandingOf | null>(
  "halobestie/services/ClusterStanding",
  { defaultValue: () => null }
)
