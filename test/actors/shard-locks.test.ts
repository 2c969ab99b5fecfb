// Shard locks behind a storage that is slow: late answers are no loss, failures and ended leases are, and
// nothing that came too late stays locked.
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { RunnerAddress, RunnerStorage, ShardId } from "effect/cluster"
import { PersistenceError } from "effect/cluster/ClusterError"
import { TestClock } from "effect/testing"
import { leaseMs, makePatient } from "../../src/actors/shard-locks.ts"

const own = RunnerAddress.make("10.0.0.1", 34431)
const shards = [1, 2, 3].map((id) => ShardId.make("default", id))

const world = Effect.gen(function*() {
  const memory = yield* RunnerStorage.makeMemory
  const slow = {
    refresh: Effect.void as Effect.Effect<void, PersistenceError>,
    acquire: Effect.void,
    release: Effect.void
  }
  const released: Array<string> = []
  const storage = yield* makePatient({
    ...memory,
    refresh: (address, asked) => Effect.andThen(slow.refresh, memory.refresh(address, asked)),
    acquire: (address, asked) => Effect.andThen(slow.acquire, memory.acquire(address, asked)),
    release: (address, shard) =>
      slow.release.pipe(
        Effect.andThen(Effect.sync(() => released.push(shard.toString()))),
        Effect.andThen(memory.release(address, shard))
      ),
    releaseAll: (address) =>
      Effect.andThen(Effect.sync(() => released.push("all")), memory.releaseAll(address))
  }, new Map())
  return { slow, released, storage }
})

/** What the cluster does: an answer that takes longer is a loss. */
const asked = <A, E>(question: Effect.Effect<A, E>) =>
  Effect.gen(function*() {
    const answer = yield* Effect.forkChild(Effect.exit(Effect.timeout(question, 1_500)))
    yield* TestClock.adjust(1_500)
    return yield* Fiber.join(answer)
  })

describe("shard locks", () => {
  it.effect("are still held while an answer about them is late", () =>
    Effect.gen(function*() {
      const { slow, storage } = yield* world
      yield* storage.acquire(own, shards)
      assert.isTrue(Exit.isSuccess(yield* asked(storage.refresh(own, shards))))
      // On the world's time: bounds in there are longer than they say.
      slow.refresh = (yield* Clock.Clock).sleep(Duration.seconds(2))
      for (let round = 0; round < 12; round++) {
        assert.deepStrictEqual(yield* asked(storage.refresh(own, shards)), Exit.succeed(shards))
      }
    }))

  it.effect("are given up when nothing was confirmed for nearly as long as they last", () =>
    Effect.gen(function*() {
      const { slow, storage } = yield* world
      yield* storage.acquire(own, shards)
      yield* asked(storage.refresh(own, shards))
      slow.refresh = Effect.never
      for (let passed = 1_500; passed < leaseMs; passed += 1_500) {
        assert.isTrue(Exit.isSuccess(yield* asked(storage.refresh(own, shards))))
      }
      assert.isTrue(Exit.isFailure(yield* asked(storage.refresh(own, shards))))
    }))

  it.effect("are given up when the question fails", () =>
    Effect.gen(function*() {
      const { slow, storage } = yield* world
      yield* storage.acquire(own, shards)
      yield* asked(storage.refresh(own, shards))
      slow.refresh = Effect.fail(new PersistenceError({ cause: "gone" }))
      yield* asked(storage.refresh(own, shards))
      assert.isTrue(Exit.isFailure(yield* asked(storage.refresh(own, shards))))
    }))

  it.effect("that are lost are asked for again soon, with a new connection", () =>
    Effect.gen(function*() {
      const { slow, storage } = yield* world
      yield* storage.acquire(own, shards)
      yield* asked(storage.refresh(own, shards))
      let failed = 0
      const gone = Effect.andThen(
        Effect.sync(() => failed++),
        Effect.fail(new PersistenceError({ cause: "gone" }))
      )
      // As Effect's storage: once its connection is lost, each question waits for a new one, and only one
      // that has waited as long as it may has it made.
      slow.refresh = gone
      yield* asked(storage.refresh(own, shards))
      slow.refresh = Effect.timeoutOrElse(Effect.never, { duration: 1_500, orElse: () => gone })
      const again = yield* Effect.forkChild(Effect.retry(storage.refresh(own, shards), { times: 20 }))
      yield* TestClock.adjust(1_000)
      assert.isAtLeast(failed, 3)
      yield* TestClock.adjust(6_000)
      // Nobody waits for the end of a bound when Postgres is known to answer.
      const before = failed
      const slowly = slow.refresh
      slow.refresh = Effect.void
      yield* storage.refresh(own, [])
      slow.refresh = slowly
      yield* TestClock.adjust(1)
      assert.strictEqual(failed, before + 1)
      slow.refresh = Effect.void
      yield* TestClock.adjust(1_500)
      assert.deepStrictEqual(yield* Fiber.join(again), shards)
    }))

  it.effect("that come after the asker left are given back, unless they are asked for again", () =>
    Effect.gen(function*() {
      const { released, slow, storage } = yield* world
      const lets = yield* Deferred.make<void>()
      slow.acquire = Deferred.await(lets)
      assert.isTrue(Exit.isFailure(yield* asked(storage.acquire(own, shards))))
      yield* Deferred.succeed(lets, undefined)
      yield* TestClock.adjust(1)
      const again = yield* asked(storage.acquire(own, [shards[0]!]))
      assert.deepStrictEqual(again, Exit.succeed([shards[0]!]))
      yield* asked(storage.refresh(own, [shards[0]!]))
      assert.deepStrictEqual(released, shards.slice(1).map(String))
    }))

  it.effect("that are given back by the hundred cost three questions, and the others stay", () =>
    Effect.gen(function*() {
      const { released, slow, storage } = yield* world
      slow.release = Effect.sleep(20)
      const many = Array.from({ length: 300 }, (_, id) => ShardId.make("default", id))
      yield* storage.acquire(own, many)
      const leaving = many.slice(0, 200)
      const leave = Effect.forEach(leaving, (shard) => storage.release(own, shard), {
        concurrency: "unbounded"
      })
      const left = yield* Effect.forkChild(leave)
      yield* TestClock.adjust(60)
      yield* Fiber.join(left)
      // The first is on its way when the others come.
      assert.deepStrictEqual(released, [many[0]!.toString(), "all"])
      const kept = yield* asked(storage.refresh(own, many))
      assert.deepStrictEqual(kept, Exit.succeed(many.slice(200)))
    }))
})
