// The contract of the simulator: the same seed is the same run, in this process, in another one, and on a
// machine that is busy with something else.
import { assert, describe, it } from "@effect/vitest"
import { checkerOf } from "../../simulator/checkers/checker.ts"
import { startWorkers } from "../../simulator/farm/workers.ts"
import { chosenFaults, faultPlan } from "../../simulator/faults/plan.ts"
import { Prng } from "../../simulator/kernel/prng.ts"
import { faultsOf, type RunPlan } from "../../simulator/run/plan.ts"
import { simulatePlan } from "../../simulator/run/run.ts"
import type { RunReport } from "../../simulator/run/report.ts"
import { simulate, type SimulationOptions } from "../../simulator/simulation.ts"
import { production } from "../../simulator/stores/timings.ts"
import { smallPopulation } from "./small-population.ts"

const planOf = (seed: string): RunPlan => ({
  seed,
  hours: 0.05,
  runners: 2,
  valkey: false,
  mitras: 4,
  customers: 6,
  faults: faultsOf("swarm", seed),
  workload: { visits_per_day: "80", shift_hours: "20" },
  faultRate: 1,
  pace: "fitting",
  mutant: null
})

const hashOf = (plan: RunPlan) => simulatePlan(plan, { keepTrace: false }).report.hash

describe("the same seed", () => {
  it("is the same run in this process and in another one; another seed is another run", async () => {
    const here = hashOf(planOf("same"))
    assert.strictEqual(hashOf(planOf("same")), here)
    assert.notStrictEqual(hashOf(planOf("other")), here)
    const script = new URL("../../simulator/farm/worker.ts", import.meta.url)
    const workers = startWorkers<RunPlan, RunReport>(script, 1)
    try {
      assert.strictEqual((await workers.run(planOf("same"))).hash, here)
    } finally {
      workers.stop()
    }
  }, 240_000)

  it("is the same run on a machine that stalls at moments of its own", () => {
    const options: SimulationOptions = {
      seed: "stalls",
      hours: 0.05,
      runners: 2,
      valkey: false,
      mitras: 3,
      customers: 4,
      starts_at: Date.UTC(2026, 0, 5, 8),
      timings: production,
      keepTrace: false
    }
    const stall = () => {
      const until = process.hrtime.bigint() + BigInt(Math.floor(Math.random() * 3_000_000))
      while (process.hrtime.bigint() < until);
    }
    const run = (stalls: boolean) =>
      simulate(options, {
        population: smallPopulation,
        faults: faultPlan(chosenFaults("all", new Prng("stalls"))),
        checker: (...context) => {
          const checker = checkerOf()(...context)
          return {
            ...checker,
            violations: checker.violations,
            afterStep: () => {
              if (stalls && Math.random() < 0.01) stall()
              checker.afterStep()
            }
          }
        }
      }).hash
    assert.strictEqual(run(true), run(false))
  }, 240_000)
})
