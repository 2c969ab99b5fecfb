// Beacon: is any bestie available? Every waiting phone polls it every few seconds, so the answer is a
// snapshot of the whole cluster, at most ten seconds old; a poll never costs a Postgres query.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { Unavailable } from "../platform/unavailable.ts"

export interface BeaconSnapshot {
  readonly available: boolean
  /** Available mitras at `taken_at` (epoch milliseconds). */
  readonly count: number
  readonly taken_at: number
}

export class Beacon extends Context.Service<Beacon, {
  readonly current: Effect.Effect<BeaconSnapshot, Unavailable>
  /**
   * The snapshot now, then each one that differs from the last. It never ends, and never fails once it has
   * begun: while counting fails, nothing is emitted.
   */
  readonly changes: Stream.Stream<BeaconSnapshot, Unavailable>
}>()("halobestie/services/Beacon") {}
