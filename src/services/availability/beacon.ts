// Beacon: is anybody there to talk to? Asked by every waiting phone every few seconds, so the answer is
// a snapshot of the whole cluster, at most ten seconds old, and never a question to Postgres per poll.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { Unavailable } from "../platform/unavailable.ts"

export interface BeaconSnapshot {
  readonly available: boolean
  /** Mitras who could be asked, when it was taken. */
  readonly count: number
  readonly taken_at: number
}

export class Beacon extends Context.Service<Beacon, {
  readonly current: Effect.Effect<BeaconSnapshot, Unavailable>
  /**
   * The snapshot now, then every one that says something else. It never ends, and never fails once it
   * has begun: what cannot be found out for a while is no change.
   */
  readonly changes: Stream.Stream<BeaconSnapshot, Unavailable>
}>()("halobestie/services/Beacon") {}
