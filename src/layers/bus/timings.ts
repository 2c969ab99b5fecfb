// Time limits of the buses between runners, in one place; tests shorten them.
import { stopBudgets } from "../../services/platform/stop-budgets.ts"

export interface BusTimings {
  /** A sign of life to the other runners, and to ourselves through our own LISTEN connection. */
  readonly probe_every_ms: number
  /** How often a runner counts who listens; what it did not publish, being alone, is late by that at most. */
  readonly look_every_ms: number
  /** Silence after which a connection or a runner counts as lost; several probes long. */
  readonly silence_ms: number
  /** One statement, or one attempt to connect and listen. */
  readonly answer_within_ms: number
  /** Between attempts, doubling from the first to the second. */
  readonly retry_after_ms: number
  readonly retry_after_max_ms: number
  /** A link that failed, with another one behind it, is not sent over for this long. */
  readonly rest_ms: number
  /** What is still queued when the server stops gets this long to go out. */
  readonly drain_ms: number
}

export const busTimings: BusTimings = {
  probe_every_ms: 2_000,
  look_every_ms: 400,
  silence_ms: 7_000,
  answer_within_ms: 5_000,
  retry_after_ms: 100,
  retry_after_max_ms: 5_000,
  rest_ms: 1_000,
  drain_ms: stopBudgets.bus_ms
}
