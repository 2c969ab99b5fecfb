// SweepReports: what the newest pass of each sweep on this runner did. Filled by whoever runs the sweeps;
// without them (in tests of a handler) there is nothing to tell.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

export interface SweepReport {
  readonly sweep: string
  readonly at: number
  readonly took_ms: number
  /** Null when the pass failed. */
  readonly did: Readonly<Record<string, number | string>> | null
}

export const SweepReports = Context.Reference<Effect.Effect<ReadonlyArray<SweepReport>>>(
  "halobestie/services/SweepReports",
  { defaultValue: () => Effect.succeed([]) }
)
