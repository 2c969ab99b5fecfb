// What operators' programs read on the internal listener: /metrics in Prometheus' text, and /health, which
// says of each thing this runner depends on how it is. Like the listener itself, for loopback or a private
// network: neither asks for a token.
import * as Effect from "effect/Effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { PrometheusMetrics } from "effect/observability"
import { instantOrNull } from "../../contract/fields.ts"
import { set } from "../../services/operations/figures.ts"
import { Health } from "../../services/operations/health.ts"
import { RunnerRegistry } from "../../services/platform/runner-registry.ts"
import { Readiness, unreadyReasons } from "../readiness.ts"

const metrics = Effect.gen(function*() {
  const health = yield* Health
  const readiness = yield* Readiness
  return Effect.gen(function*() {
    yield* health.sample
    const reasons = yield* readiness.reasons
    set("ready", reasons.length === 0 ? 1 : 0)
    for (const reason of unreadyReasons) set("unready", reasons.includes(reason) ? 1 : 0, [reason])
    return HttpServerResponse.text(yield* PrometheusMetrics.format({ prefix: "halobestie" }), {
      contentType: "text/plain; version=0.0.4; charset=utf-8"
    })
  })
})

const details = Effect.gen(function*() {
  const health = yield* Health
  const readiness = yield* Readiness
  const { own_address } = yield* RunnerRegistry
  return Effect.gen(function*() {
    const checks = yield* health.checks
    return HttpServerResponse.jsonUnsafe({
      runner: own_address,
      unready: yield* readiness.reasons,
      checks: checks.map((check) => ({ ...check, last_success_at: instantOrNull(check.last_success_at) }))
    })
  })
})

export const layerOperations = HttpRouter.use((router) =>
  Effect.gen(function*() {
    yield* router.add("GET", "/metrics", yield* metrics)
    yield* router.add("GET", "/health", yield* details)
  })
)
