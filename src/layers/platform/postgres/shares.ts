// The shares of this process's pool (services/platform/pool-shares.ts): one semaphore each. A port call that
// makes another one inside itself holds its place once.
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import { CurrentShare, type PoolShare, poolShares, shareOf } from "../../../services/platform/pool-shares.ts"

/** The pool's default size, until it is known. */
const connectionsUnlessSaid = 20

const places = Object.fromEntries(
  poolShares.map((share) => [share, Semaphore.makeUnsafe(shareOf(connectionsUnlessSaid))])
) as Readonly<Record<PoolShare, Semaphore.Semaphore>>

/** Said by the pool when it is made. */
export const shareOut = (connections: number) =>
  Effect.forEach(poolShares, (share) => places[share].resize(shareOf(connections)), { discard: true })

/** Without a share it goes on at once. */
export const withinShare = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.withFiber((fiber) => {
    const share = fiber.getRef(CurrentShare)
    return share === null
      ? effect
      : places[share].withPermit(Effect.provideService(effect, CurrentShare, null))
  })
