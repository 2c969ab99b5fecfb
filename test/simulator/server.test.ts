// The server on a simulated platform: what starts after what, and in reverse stops before what. The same list
// as the real one's.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as References from "effect/References"
import * as Scope from "effect/Scope"
import { Prng } from "../../simulator/kernel/prng.ts"
import { Process } from "../../simulator/kernel/process.ts"
import { runtimeOf, start } from "../../simulator/kernel/runtime.ts"
import { VirtualTime } from "../../simulator/kernel/virtual-time.ts"
import { RunnerNetwork } from "../../simulator/network/runner-network.ts"
import { startRunner, stopRunner } from "../../simulator/server/runner.ts"
import { makeStores } from "../../simulator/stores/make-stores.ts"
import { production } from "../../simulator/stores/timings.ts"
import { expectedSteps, stepsIn } from "../server-steps.ts"

describe("the simulated server", () => {
  for (const valkey of [false, true]) {
    it(`starts and stops in the order of the real one ${valkey ? "with" : "without"} Valkey`, () => {
      const time = new VirtualTime(Date.UTC(2026, 0, 5, 8))
      const prng = new Prng("steps")
      const lines: Array<string> = []
      const process = new Process("runner-1")
      const log = ({ text }: { readonly text: string }) => void lines.push(text)
      const stores = makeStores({ time, prng, log, timings: production, valkey })
      const network = new RunnerNetwork({ time, prng, latency: { low_ms: 1, high_ms: 1 } })
      network.join("runner-1", process)
      const runtime = runtimeOf(time, process, { prng, log })
      const scope = Scope.makeUnsafe()

      const played = <A, E>(effect: Effect.Effect<A, E, Effect.Services<ReturnType<typeof startRunner>>>) => {
        const fiber = start(runtime, Effect.provideService(effect, References.MinimumLogLevel, "Debug"))
        const end_us = time.now_us + 60_000_000
        time.drain()
        while (fiber.pollUnsafe() === undefined && time.step(end_us));
        assert.strictEqual(fiber.pollUnsafe()?._tag, "Success", lines.join("\n"))
      }

      const terminate = () => {}
      played(
        startRunner({ host: "runner-1", process, network, stores, terminate, version: "this" }, scope)
      )
      played(stopRunner(scope))
      assert.deepStrictEqual(stepsIn(lines), expectedSteps)
    })
  }
})
