// How every handler ends: a refusal stays a refusal, an outage becomes "try again" without a word
// about what failed. How long it may take is its listener's business.
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Stream from "effect/Stream"
import { TryAgain } from "../../../contract/errors.ts"
import type { Refusal } from "../../../domain/refusal.ts"
import { track } from "../../../services/manual-clock/work-tracker.ts"
import { referenceFor } from "../../../services/operations/failures.ts"
import { count } from "../../../services/operations/figures.ts"
import { Overload } from "../../../services/platform/overload.ts"
import type { Pages } from "../../socket/pages.ts"
import * as RealTime from "../../../services/platform/real-time.ts"
import type { Unavailable } from "../../../services/platform/unavailable.ts"

const putOffMs = 5_000

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

const putOff = Effect.gen(function*() {
  count("calls_put_off_total")
  return yield* Effect.fail(
    new TryAgain({
      message: "Too much is going on just now. Please try again in a moment.",
      retry_after_ms: yield* Random.nextIntBetween(putOffMs, 2 * putOffMs)
    })
  )
})

/** For what begins new work that nobody has paid for: it waits while running chats need all there is. */
export const whenThereIsRoom = <A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | TryAgain, R> =>
  Effect.flatMap(
    Overload,
    (load): Effect.Effect<A, E | TryAgain, R> => load.isTooMuch() ? putOff : effect
  )

/** The same for a stream in pages; how long it may be silent is its own business. */
export const paging = <A, R>(
  pages: Pages<A, Refusal | TryAgain | Unavailable, R>
): Pages<A, Refusal | TryAgain, R> =>
  Effect.map(
    Effect.catchIf(pages, isUnavailable, failWithTryAgain),
    (next) => Effect.catchIf(next, isUnavailable, failWithTryAgain)
  )

/** The same for a stream; how long it may be silent is its own business. */
export const streaming = <A, R>(
  stream: Stream.Stream<A, Refusal | TryAgain | Unavailable, R>
): Stream.Stream<A, Refusal | TryAgain, R> =>
  Stream.catchIf(
    stream,
    isUnavailable,
    (error) => Stream.fromEffect(Effect.flatMap(tryAgain(error), Effect.fail))
  )
