// Health over what a runner really uses: Postgres, the Valkey mirror, the cluster, the bus, the outbox and
// the sweeps that ran here. Everything is asked at once and nothing may hang.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { Mirror } from "../../services/availability/mirror.ts"
import { Bus } from "../../services/bus/bus.ts"
import { count, seriesOfFigure, valueOf } from "../../services/operations/figures.ts"
import { Health, type HealthCheck } from "../../services/operations/health.ts"
import { ClusterStanding } from "../../services/platform/cluster-standing.ts"
import * as RealTime from "../../services/platform/real-time.ts"
import { RunnerRegistry } from "../../services/platform/runner-registry.ts"
import { postgresTrouble } from "./postgres-probe.ts"
import { makeProcessFigures } from "./process-figures.ts"
import { sampleProduct } from "./product-figures.ts"

const sampleEvery = "5 seconds"
const lookWithin = "3 seconds"
/** Of each sweep's beat nobody here knows; the slowest one passes every five minutes. */
const sweepQuietMs = 900_000
const outboxDepthMax = 500

const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const began = yield* Clock.currentTimeMillis
    const value = yield* effect
    return { value, latency_ms: (yield* Clock.currentTimeMillis) - began }
  })

const line = (check: Partial<HealthCheck> & Pick<HealthCheck, "name" | "state" | "found">): HealthCheck => ({
  latency_ms: null,
  last_success_at: null,
  ...check
})

const silent = (name: string) => line({ name, state: "down", found: `no answer within ${lookWithin}` })

const postgres = Effect.gen(function*() {
  const { latency_ms, value: trouble } = yield* timed(postgresTrouble)
  const state = trouble === null ? "ok" as const : "down" as const
  const last_success_at = trouble === null ? yield* Clock.currentTimeMillis : null
  return line({
    name: "postgres",
    state,
    latency_ms,
    last_success_at,
    found: trouble ?? "answers and writes"
  })
})

const valkey = Effect.gen(function*() {
  const status = yield* (yield* Mirror).status
  const state = status.state === "up"
    ? "ok" as const
    : status.state === "off"
    ? "off" as const
    : "degraded" as const
  return line({
    name: "valkey",
    state,
    latency_ms: status.latency_ms,
    last_success_at: status.last_seed?.at ?? null,
    found: status.state === "up"
      ? `${status.drift?.drifted ?? "unknown"} drifted`
      : status.last_error ?? status.state
  })
})

/** Where nobody is cut off, everybody has a part. */
const standingNow = Effect.gen(function*() {
  const standing = yield* ClusterStanding
  return standing === null ? { has_part: true, unreached: [] } : yield* standing.now
})

const cluster = Effect.gen(function*() {
  const { members, own_address } = yield* RunnerRegistry
  const { latency_ms, value } = yield* timed(members)
  const own = value.find(({ address }) => address === own_address)
  const healthy = value.filter(({ is_healthy }) => is_healthy).length
  const { has_part, unreached } = yield* standingNow
  const missed = unreached.length === 0 ? "" : `, it does not reach ${unreached.join(", ")}`
  return line({
    name: "cluster",
    state: own === undefined ? "down" : own.is_healthy && has_part ? "ok" : "degraded",
    latency_ms,
    last_success_at: yield* Clock.currentTimeMillis,
    found: `${healthy} of ${value.length} runners healthy, this is ${own_address}${missed}`
  })
})

const bus = Effect.gen(function*() {
  const { connected_since, dropped } = yield* (yield* Bus).state
  return line({
    name: "bus",
    state: connected_since === null ? "degraded" : "ok",
    last_success_at: connected_since,
    found: connected_since === null
      ? "not connected: others' events are read from rows"
      : `${dropped} dropped`
  })
})

const outbox = Effect.sync(() => {
  const depth = valueOf("push_outbox_depth")
  const dead = valueOf("push_dead_letters")
  return line({
    name: "outbox",
    state: depth > outboxDepthMax ? "degraded" : "ok",
    found: `${depth} due, oldest ${Math.round(valueOf("push_outbox_oldest_seconds"))} s, ${dead} dead letters`
  })
})

export const sweepChecks = Effect.map(
  Clock.currentTimeMillis,
  (now) =>
    seriesOfFigure("sweep_last_success_seconds").map(([[name = ""], seconds]) => {
      const quietMs = now - seconds * 1000
      return line({
        name: `sweep/${name}`,
        state: quietMs > sweepQuietMs ? "degraded" : "ok",
        last_success_at: seconds * 1000,
        found: `last pass ${Math.max(0, Math.round(quietMs / 1000))} s ago`
      })
    })
)

const bounded = <R>(name: string, check: Effect.Effect<HealthCheck, unknown, R>) =>
  check.pipe(
    RealTime.timeout(lookWithin),
    Effect.catchCause(() => Effect.succeed(silent(name)))
  )

type Needs = SqlClient.SqlClient | Mirror | Bus | RunnerRegistry

export const layer = Layer.effect(Health)(Effect.gen(function*() {
  const services = yield* Effect.context<Needs>()
  const processFigures = yield* makeProcessFigures
  const look = sampleProduct.pipe(
    RealTime.timeout(lookWithin),
    Effect.catchCause(() => Effect.sync(() => count("sample_failures_total"))),
    Effect.andThen(Effect.sync(processFigures)),
    Effect.provideContext(services)
  )
  const sample = yield* Effect.cachedWithTTL(look, sampleEvery)
  const named = [
    bounded("postgres", postgres),
    bounded("valkey", valkey),
    bounded("cluster", cluster),
    bounded("bus", bus)
  ]
  return Health.of({
    sample,
    checks: Effect.gen(function*() {
      yield* sample
      const checks = yield* Effect.all(named, { concurrency: "unbounded" })
      return [...checks, yield* outbox, ...(yield* sweepChecks)]
    }).pipe(Effect.provideContext(services))
  })
}))
