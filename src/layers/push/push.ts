// Push behind a breaker: a provider that keeps failing is left alone for a while, and with it the worker,
// instead of costing every row its attempts.
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as CircuitBreaker from "effect/persistence/CircuitBreaker"
import { Push, type PushResult } from "../../services/push/push.ts"

export interface BreakerTimings {
  readonly failures_before_open: number
  readonly open_ms: number
}

const usual: BreakerTimings = { failures_before_open: 8, open_ms: 30_000 }

/** How long to wait while another send probes the provider. */
const probingMs = 2000

/** Only what says something of the provider itself: a "no" to one phone, or "slower", is an answer. */
const classify = (exit: Exit.Exit<PushResult>) =>
  Exit.isSuccess(exit) && exit.value._tag !== "Failed" ? CircuitBreaker.success : CircuitBreaker.failure()

const held = ({ reason }: CircuitBreaker.CircuitBreakerError): PushResult => ({
  _tag: "Hold",
  reason: "provider_failing",
  retry_after_ms: reason._tag === "CircuitOpen" ? Duration.toMillis(reason.retryAfter) : probingMs
})

export const layerOver = <E, R>(provider: Layer.Layer<Push, E, R>, timings: BreakerTimings = usual) =>
  Layer.effect(Push)(Effect.gen(function*() {
    const push = yield* Push
    const breaker = yield* CircuitBreaker.make({
      tripPolicy: CircuitBreaker.consecutive(timings.failures_before_open),
      openDuration: timings.open_ms
    })
    return Push.of({
      provider: push.provider,
      send: (message) =>
        push.send(message).pipe(
          breaker.execute({ key: "push", classify }),
          Effect.catchTag("CircuitBreakerError", (error) => Effect.succeed(held(error)))
        )
    })
  })).pipe(Layer.provide(provider), Layer.provide(CircuitBreaker.layerStoreMemory()))
