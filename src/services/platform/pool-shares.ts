// Shares of the database's connections. What commits paid chats takes any that is free; what strangers ask,
// phones that connect, and staff have a share each and wait in it, so that none of them stands in front of a
// commit. The handler says which share a call has; the database's adapters hold it to that.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"

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

export type PoolShares = Readonly<Record<PoolShare, Semaphore.Semaphore>>

export const makePoolShares = (connections: number): PoolShares => {
  const share = () => Semaphore.makeUnsafe(shareOf(connections))
  return { strangers: share(), connecting: share(), staff: share() }
}

/** Each pool brings its own. Without a pool (rows in memory) nobody waits behind anybody. */
export const PoolShares = Context.Reference<PoolShares | null>("halobestie/platform/PoolShares", {
  defaultValue: () => null
})

/** A port call within its share, which one that is made inside another holds once. */
export const withinShare = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.withFiber((fiber) => {
    const share = fiber.getRef(CurrentShare)
    const shares = fiber.getRef(PoolShares)
    return share === null || shares === null
      ? effect
      : shares[share].withPermit(Effect.provideService(effect, CurrentShare, null))
  })
