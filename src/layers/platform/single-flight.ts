// Single flight: callers that ask at the same time share one run and its answer.
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** Callers at the same time share one run of `effect`; one that is interrupted leaves the others theirs. */
export const singleFlight = <A, E>(effect: Effect.Effect<A, E>, scope: Scope.Scope): Effect.Effect<A, E> => {
  let flying: Deferred.Deferred<A, E> | null = null
  const start = Effect.suspend(() => {
    const mine = Deferred.makeUnsafe<A, E>()
    flying = mine
    const land = Effect.sync(() => {
      flying = null
    })
    return effect.pipe(Effect.ensuring(land), Deferred.into(mine), Effect.forkIn(scope), Effect.as(mine))
  })
  return Effect.suspend(() =>
    Effect.flatMap(flying === null ? start : Effect.succeed(flying), (landing) => Deferred.await(landing))
  )
}
