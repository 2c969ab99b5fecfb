// What is taken for as long as a scope lives and given back in a step that needs no services. Effect's own
// acquireRelease releases in the context of the acquisition: it keeps that, and merges it, which copies a
// hundred entries, for each of the things a phone gives back when it leaves.
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"

export const scopedTake = <A, E>(
  take: Effect.Effect<A, E>,
  giveBack: (taken: A) => Effect.Effect<unknown>
): Effect.Effect<A, E, Scope.Scope> =>
  Effect.uninterruptible(
    Effect.flatMap(
      Effect.scope,
      // As a function: what gives it back is made when it is wanted, not kept for each phone meanwhile.
      (scope) => Effect.tap(take, (taken) => Scope.addFinalizerExit(scope, () => giveBack(taken)))
    )
  )
