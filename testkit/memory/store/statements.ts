// Where a call of a memory adapter is several statements on Postgres, outside of one transaction: what others
// do between two of them. Nothing, unless a simulated world says otherwise.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Unavailable } from "../../../src/services/platform/unavailable.ts"

export const BetweenStatements = Context.Reference<Effect.Effect<void, Unavailable>>(
  "halobestie/testkit/BetweenStatements",
  { defaultValue: () => Effect.void }
)

/** Exactly where the Postgres adapter of the same call makes another trip. */
export const betweenStatements: Effect.Effect<void, Unavailable> = Effect.flatMap(
  BetweenStatements,
  (meanwhile) => meanwhile
)
