// The list of runners: as the storage of the cluster has it, and "unavailable" when it fails or is silent.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { Runner, RunnerAddress, RunnerStorage } from "effect/cluster"
import { PersistenceError } from "effect/cluster/ClusterError"
import { TestClock } from "effect/testing"
import * as Registry from "../../src/actors/runner-registry.ts"
import { RunnerRegistry } from "../../src/services/platform/runner-registry.ts"

type Asked = RunnerStorage.RunnerStorage["Service"]["getRunners"]

const addressOf = (n: number) => RunnerAddress.make(`10.0.0.${n}`, 34431)
const runner = (n: number) => Runner.make({ address: addressOf(n), groups: ["default"], weight: 1 })

/** The list that the first runner gives; of the storage only the one question is real. */
const listOver = (getRunners: Asked) =>
  Effect.flatMap(RunnerRegistry, (registry) => registry.members).pipe(
    Effect.provide(
      Registry.layer(addressOf(1)).pipe(
        Layer.provide(
          Layer.effect(RunnerStorage.RunnerStorage)(
            Effect.map(RunnerStorage.makeMemory, (storage) => ({ ...storage, getRunners }))
          )
        )
      )
    )
  )

describe("the list of runners", () => {
  it.effect("names each by its address, and says whether the others found it healthy", () =>
    Effect.gen(function*() {
      const members = yield* listOver(Effect.succeed([[runner(1), true], [runner(2), false]]))
      assert.deepStrictEqual(members, [
        { address: "10.0.0.1:34431", is_healthy: true },
        { address: "10.0.0.2:34431", is_healthy: false }
      ])
    }))

  it.effect("is unavailable when the storage fails", () =>
    Effect.gen(function*() {
      const failure = yield* Effect.flip(listOver(Effect.fail(new PersistenceError({ cause: "gone" }))))
      assert.deepInclude(failure, { _tag: "Unavailable", what: "cluster", retryable: true })
    }))

  it.effect("is unavailable after two seconds of silence", () =>
    Effect.gen(function*() {
      const asking = yield* Effect.forkChild(Effect.flip(listOver(Effect.never)))
      yield* TestClock.adjust("2 seconds")
      assert.deepInclude(yield* Fiber.join(asking), { _tag: "Unavailable", what: "cluster" })
    }))
})
