// Shard locks that are given back, many at a time. The cluster gives each back by itself, with two questions
// one after the other on the one connection that holds them all: the hundred and fifty of a runner that joins
// took longer than one may where Postgres is ten milliseconds away, and a question that runs out of time
// costs the connection and every lock.
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Semaphore from "effect/Semaphore"
import type { RunnerStorage, ShardId } from "effect/cluster"
import type { PersistenceError } from "effect/cluster/ClusterError"

type Storage = RunnerStorage.RunnerStorage["Service"]
type Address = Parameters<Storage["refresh"]>[0]

/** So many are given back one by one. Of more, all are dropped, and those that stay are taken again. */
const fewMax = 4

interface Batch {
  readonly shards: Map<string, ShardId.ShardId>
  readonly done: Deferred.Deferred<void, PersistenceError>
}

export interface Releasing {
  /** The lock connection's questions, one after the other. */
  readonly turn: Semaphore.Semaphore
  readonly inner: Pick<Storage, "acquire" | "release" | "releaseAll">
  readonly unhurried: <A>(
    question: Effect.Effect<A, PersistenceError>
  ) => Effect.Effect<Fiber.Fiber<A, PersistenceError>>
  /** What is locked, as far as it is known here. */
  readonly held: Map<string, ShardId.ShardId>
}

/** Whatever comes to be given back while others are on their way goes along with the next. */
export const makeRelease = ({ held, inner, turn, unhurried }: Releasing): Storage["release"] => {
  let next: Batch | null = null

  const giveBack = (address: Address, shards: ReadonlyMap<string, ShardId.ShardId>) => {
    const given = [...shards.values()]
    if (given.length <= fewMax) {
      return Effect.forEach(
        given,
        (shard) =>
          Effect.tap(inner.release(address, shard), () => Effect.sync(() => held.delete(shard.toString()))),
        {
          discard: true
        }
      )
    }
    const kept = [...held].flatMap(([id, shard]) => shards.has(id) ? [] : [shard])
    return Effect.gen(function*() {
      yield* inner.releaseAll(address)
      held.clear()
      const again = kept.length === 0 ? [] : yield* inner.acquire(address, kept)
      for (const shard of again) held.set(shard.toString(), shard)
    })
  }

  return (address, shardId) =>
    Effect.suspend(() => {
      const batch: Batch = next ?? { shards: new Map(), done: Deferred.makeUnsafe() }
      const isFirst = next === null
      next = batch
      batch.shards.set(shardId.toString(), shardId)
      const inTurn = Effect.suspend(() => {
        next = null
        return giveBack(address, batch.shards)
      })
      const begun = isFirst
        ? unhurried(Deferred.into(Effect.asVoid(turn.withPermit(inTurn)), batch.done))
        : Effect.void
      return Effect.andThen(begun, Deferred.await(batch.done))
    })
}
