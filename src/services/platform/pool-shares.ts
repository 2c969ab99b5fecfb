// Shares of the database's connections. What commits paid chats takes any that is free; what strangers ask,
// phones that connect, and staff have a share each and wait in it, so that none of them stands in front of a
// commit. The handler says which share a call has; the database's adapters hold it to that.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

export const poolShares = ["strangers", "connecting", "staff"] as const
export type PoolShare = (typeof poolShares)[number]

/** Null: no share, as for all work that paid chats wait for. */
export const CurrentShare = Context.Reference<PoolShare | null>("halobestie/platform/CurrentShare", {
  defaultValue: () => null
})

export const inShare =
  (share: PoolShare) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.provideService(effect, CurrentShare, share)

/** Of so many connections: a quarter each, so that a quarter is always left for paid chats. */
export const shareOf = (connections: number): number => Math.max(1, Math.floor(connections / 4))
