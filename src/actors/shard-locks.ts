// Shard locks on a slow machine. Effect's cluster takes an answer about its locks that is late by a second
// and a half for their loss, and gives up what it still holds. A lock in Postgres lasts as long as its
// session, which ends after six idle seconds: until close before that, what was confirmed is still held.
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Semaphore from "effect/Semaphore"
import type { RunnerStorage, ShardId } from "effect/cluster"
import type { PersistenceError } from "effect/cluster/ClusterError"
import { growingPause } from "../domain/growing-pause.ts"
import { makeRelease } from "./lock-releases.ts"

type Storage = RunnerStorage.RunnerStorage["Service"]
type Address = Parameters<Storage["refresh"]>[0]
type Shards = Array<ShardId.ShardId>

/** From the moment a question was asked that Postgres answered; below the lock's expiration of 6 s. */
export const leaseMs = 4_500
/** How much longer a question to the locks may take than Effect's own bound; a lost one loses every lock. */
const patience = 3
/**
 * And how much shorter when the last one failed. Then all locks are lost, and Effect makes a new connection
 * only when a question has waited for the old one as long as it may. Longer each time: Postgres may be slow.
 */
const impatience = 0.2

/** Bounds inside are `waiting`'s. Only bounds: nothing in there reads the time. */
const bounding = (clock: Clock.Clock, waiting: Clock.Clock["sleep"]): Clock.Clock => ({
  currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe(),
  currentTimeMillis: clock.currentTimeMillis,
  currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe(),
  currentTimeNanos: clock.currentTimeNanos,
  monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
  monotonicTimeNanos: clock.monotonicTimeNanos,
  sleep: waiting
})

/** `held` tells, as far as it is known here. */
export const makePatient = Effect.fnUntraced(function*(inner: Storage, held: Map<string, ShardId.ShardId>) {
  const scope = yield* Effect.scope
  const clock = yield* Clock.Clock
  let failures = 0
  let answers = Deferred.makeUnsafe<void>()
  const slow = bounding(clock, (duration) =>
    failures === 0
      ? clock.sleep(Duration.times(duration, patience))
      : Effect.raceFirst(
        clock.sleep(Duration.times(duration, growingPause(failures - 1, impatience, 1))),
        Deferred.await(answers)
      ))
  /** Whoever waits for the lost connection need wait no longer. */
  const postgresAnswers = Effect.sync(() => {
    if (failures === 0) return
    failures = 1
    Deferred.doneUnsafe(answers, Exit.void)
    answers = Deferred.makeUnsafe()
  })
  const uptimeMs = () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6
  let confirmedAt = Number.NEGATIVE_INFINITY
  let refreshing: Fiber.Fiber<Shards, PersistenceError> | null = null

  // Whoever waits for it may leave: a question that is cut short costs the connection, and that all locks.
  const unhurried = <A>(question: Effect.Effect<A, PersistenceError>) =>
    question.pipe(
      Effect.onExit((exit) =>
        Effect.sync(() => {
          failures = Exit.isSuccess(exit) ? 0 : failures + 1
        })
      ),
      Effect.provideService(Clock.Clock, slow),
      Effect.forkIn(scope, { startImmediately: true })
    )
  const toItsEnd = <A>(question: Effect.Effect<A, PersistenceError>) =>
    Effect.flatMap(unhurried(question), (asked) => Fiber.join(asked))

  const noteHeld = (shards: Shards) => {
    for (const shard of shards) held.set(shard.toString(), shard)
  }
  // All of them go over one connection: whoever waits there must not run out of time for it.
  const turn = Semaphore.makeUnsafe(1)
  const release = makeRelease({ turn, inner, unhurried, held })

  const note = (asked: Shards, askedAt: number) => (exit: Exit.Exit<Shards, PersistenceError>) => {
    refreshing = null
    if (Exit.isFailure(exit)) {
      confirmedAt = Number.NEGATIVE_INFINITY
      return
    }
    confirmedAt = askedAt
    for (const shard of asked) held.delete(shard.toString())
    noteHeld(exit.value)
  }

  const begin = Effect.fnUntraced(function*(address: Address, asked: Shards) {
    const askedAt = uptimeMs()
    const fiber = yield* unhurried(turn.withPermit(inner.refresh(address, asked)))
    refreshing = fiber
    fiber.addObserver(note(asked, askedAt))
    return fiber
  })

  // Locks that came when nobody waited for them any more: asked for again, or given back.
  const late = new Map<string, ShardId.ShardId>()
  const giveLateOnesBack = (address: Address) =>
    Effect.suspend(() => {
      const given = [...late.values()]
      late.clear()
      return Effect.forEach(given, (shard) => unhurried(release(address, shard)), { discard: true })
    })

  const acquire: Storage["acquire"] = Effect.fnUntraced(function*(address, shardIds) {
    const asked = [...shardIds]
    for (const shard of asked) late.delete(shard.toString())
    const asking = yield* unhurried(
      turn.withPermit(Effect.tap(inner.acquire(address, asked), (got) => Effect.sync(() => noteHeld(got))))
    )
    const keepLate = Effect.sync(() =>
      asking.addObserver((exit) => {
        if (Exit.isSuccess(exit)) { for (const shard of exit.value) late.set(shard.toString(), shard) }
      })
    )
    const acquired = yield* Effect.onInterrupt(Fiber.join(asking), () => keepLate)
    for (const shard of acquired) late.delete(shard.toString())
    return acquired
  })

  const refresh: Storage["refresh"] = Effect.fnUntraced(function*(address, shardIds) {
    const asked = [...shardIds]
    // The question whether the storage answers at all.
    if (asked.length === 0) return yield* Effect.tap(inner.refresh(address, asked), () => postgresAnswers)
    yield* giveLateOnesBack(address)
    const asking = refreshing ?? (yield* begin(address, asked))
    if (uptimeMs() - confirmedAt < leaseMs) return asked.filter((shard) => held.has(shard.toString()))
    return yield* Fiber.join(asking)
  })

  const storage: Storage = {
    ...inner,
    refresh,
    acquire,
    release,
    releaseAll: (address) =>
      toItsEnd(turn.withPermit(Effect.tap(inner.releaseAll(address), () => Effect.sync(() => held.clear()))))
  }
  return storage
})
