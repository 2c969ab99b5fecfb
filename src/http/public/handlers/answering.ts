// How every handler ends: a refusal stays a refusal, an outage becomes "try again" without a word
// about what failed. How long it may take is its listener's business.
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Stream from "effect/Stream"
import { TryAgain } from "../../../contract/errors.ts"
import type { Refusal } from "../../../domain/refusal.ts"
import { track } from "../../../services/manual-clock/work-tracker.ts"
import { referenceFor } from "../../../services/operations/failures.ts"
import * as RealTime from "../../../services/platform/real-time.ts"
import type { Unavailable } from "../../../services/platform/unavailable.ts"

/** Spread over half a second, so that phones hit by one outage do not come back as one wave. */
export const tryAgain = Effect.fnUntraced(function*(unavailable: Unavailable) {
  const reference = yield* RealTime.onRealTime(referenceFor(unavailable.what))
  const least = unavailable.retryable ? 500 : 5000
  return new TryAgain({
    message: `This is not possible right now (reference ${reference}). Please try again.`,
    retry_after_ms: yield* Random.nextIntBetween(least, least + 500)
  })
})

const isUnavailable = (error: Refusal | TryAgain | Unavailable): error is Unavailable =>
  error._tag === "Unavailable"

const failWithTryAgain = (error: Unavailable): Effect.Effect<never, TryAgain> =>
  Effect.flatMap(tryAgain(error), Effect.fail)

const asACall = track("a call")

export const answering = <A, R>(
  effect: Effect.Effect<A, Refusal | TryAgain | Unavailable, R>
): Effect.Effect<A, Refusal | TryAgain, R> => Effect.catchIf(asACall(effect), isUnavailable, failWithTryAgain)

/** The same for a stream; how long it may be silent is its own business. */
export const streaming = <A, R>(
  stream: Stream.Stream<A, Refusal | TryAgain | Unavailable, R>
): Stream.Stream<A, Refusal | TryAgain, R> =>
  Stream.catchIf(
    stream,
    isUnavailable,
    (error) => Stream.fromEffect(Effect.flatMap(tryAgain(error), Effect.fail))
  )
