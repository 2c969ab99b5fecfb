// Health: what this runner depends on, one line each, for people and alerts. Readiness says whether a
// balancer should send phones; this says why, and what is about to go wrong.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"

export interface HealthCheck {
  /** postgres, valkey, cluster, bus, replica, outbox, or a sweep as sweep/<name>. */
  readonly name: string
  readonly state: "ok" | "off" | "degraded" | "down"
  readonly latency_ms: number | null
  /** Epoch milliseconds; null where nobody can say. */
  readonly last_success_at: number | null
  /** In a few words what was found. */
  readonly found: string
}

export class Health extends Context.Service<Health, {
  /** Looks now, everything at once; bounded, never fails. */
  readonly checks: Effect.Effect<ReadonlyArray<HealthCheck>>
  /** Brings the figures that only a look can give up to date; at most one look in some seconds. */
  readonly sample: Effect.Effect<void>
}>()("halobestie/services/Health") {}
