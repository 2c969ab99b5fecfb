// The numbers that bound an actor and the sweeps. A reference, so that a simulated world can stand at their
// edges; the server has the defaults.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

export interface ActorLimits {
  /** Calls of one actor that wait and work together; one more is refused, as retryable. */
  readonly mailbox_calls: number
  /** Outcomes that an actor remembers of its last calls; the rest is in commands_seen. */
  readonly replies_kept: number
  /** An actor that the cluster brings no call for so long is put to rest. */
  readonly idle_ms: number
  /** Of the calls of this runner the cluster brings one so often, well within that. */
  readonly through_cluster_every_ms: number
  /** Rows that one pass of a sweep takes at most, where it does not take fewer anyway. */
  readonly sweep_rows_max: number
}

export const actorLimits: ActorLimits = {
  mailbox_calls: 256,
  replies_kept: 64,
  idle_ms: 120_000,
  through_cluster_every_ms: 60_000,
  sweep_rows_max: 1_000
}

export const ActorLimitsInForce = Context.Reference<ActorLimits>("halobestie/actors/ActorLimits", {
  defaultValue: () => actorLimits
})

/** A sweep's own number of rows, unless fewer are allowed. */
export const rowsPerPass = (rowsMax: number): Effect.Effect<number> =>
  Effect.map(ActorLimitsInForce, ({ sweep_rows_max }) => Math.min(rowsMax, sweep_rows_max))
