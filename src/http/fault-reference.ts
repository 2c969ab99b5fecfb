// A fault's reference: the caller gets it in the answer, and an operator finds by it what really happened.
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"

/** Logs `cause` under a new reference and gives it for the answer. */
export const logFault = Effect.fnUntraced(function*(
  what: string,
  cause: unknown,
  about: Readonly<Record<string, unknown>> = {}
) {
  const reference = (yield* Random.next).toString(36).slice(2, 10)
  yield* Effect.logError(what, cause).pipe(Effect.annotateLogs({ reference, ...about }))
  return reference
})

export const faultSentence = (reference: string): string =>
  `Something went wrong on our side (reference ${reference}).`
