// Mutants in a small world: the quick ones are caught within minutes of it, and a sound server breaks no
// rule. `npm run simulate -- --mutants` runs all of them, each with its workload profile.
import { assert, describe, it } from "@effect/vitest"
import { type Mutant, mutantNamed, mutants } from "../../../simulator/mutants/mutants.ts"
import { mutantPlan } from "../../../simulator/mutants/workload-profiles.ts"
import { lineOf, runMutant } from "../../../simulator/mutants/mutation-run.ts"
import { workloadWith } from "../../../simulator/clients/workload.ts"
import { checkerOf } from "../../../simulator/checkers/checker.ts"
import { replayCommand, type RunPlan } from "../../../simulator/run/plan.ts"
import type { RunReport } from "../../../simulator/run/report.ts"
import { Coverage } from "../../../simulator/coverage.ts"
import { faultPlan } from "../../../simulator/faults/plan.ts"
import { production } from "../../../simulator/stores/timings.ts"
import { type RunParts, simulate, type SimulationOptions } from "../../../simulator/simulation.ts"
import { smallPopulation } from "../small-population.ts"

const options: SimulationOptions = {
  seed: "canaries",
  hours: 0.2,
  runners: 1,
  valkey: false,
  mitras: 3,
  customers: 3,
  starts_at: Date.UTC(2026, 0, 5, 8),
  timings: production,
  keepTrace: false
}

const partsWith = (coverage = new Coverage()): RunParts => ({
  population: smallPopulation,
  faults: faultPlan([]),
  checker: checkerOf({ coverage: coverage.rule })
})

describe("mutants", () => {
  it("are all different, and each says which guard it breaks", () => {
    const named = Object.entries(mutants)
    assert.isAtLeast(named.length, 12)
    for (const [name, mutant] of named) {
      assert.strictEqual(mutantNamed(name).name, name)
      assert.isAbove(mutant.says.length, 10)
      assert.isAbove(Object.keys(mutant).length, 2)
    }
    assert.throws(() => mutantNamed("parrot"), /there is no mutant "parrot"; expected one of fence/)
  })

  const quick = [
    ["kept-slots", "2 capacity"],
    ["open-losers", "7 offers"],
    ["long-lived-pushes", "13 pushes"],
    ["untold-endings", "told"],
    ["everybody-wins", "14 one mitra"]
  ] as const

  for (const [name, invariant] of quick) {
    it(`${name} is noticed by the rule about ${invariant}`, () => {
      const { violations } = simulate({ ...options, mutation: mutantNamed(name) }, partsWith())
      assert.strictEqual(violations[0]?.invariant, invariant)
    })
  }
})

const noticing = (invariant: string | null, wall_ms = 1_500) => (plan: RunPlan): RunReport => {
  const violations = invariant === null ? [] : [{ invariant }]
  return { plan, violations, wall_ms, span_ms: 90_000 } as never
}

describe("a mutation run", () => {
  it("goes on, seed after seed, until a rule catches the mutant", async () => {
    const seeds: Array<string> = []
    const run = (plan: RunPlan) => {
      seeds.push(plan.seed)
      return Promise.resolve(noticing(seeds.length === 3 ? "10 fencing" : null)(plan))
    }
    const mutationRun = await runMutant("fence", { run, seedsMax: 5 })
    assert.deepStrictEqual(seeds, ["1", "2", "3"])
    assert.deepInclude(mutationRun, { caught: "10 fencing", seeds: 3, wall_ms: 4_500 })
    assert.match(lineOf(mutationRun), /^fence +10 fencing +3 seeds +90.0 s into it, in 4.5 s$/)
    assert.include(replayCommand(mutationRun.plan), "--seed 3")
    assert.include(replayCommand(mutationRun.plan), "--mutant fence")
  })

  it("gives up after all seeds, and says so", async () => {
    const mutationRun = await runMutant("fence", {
      run: (plan) => Promise.resolve(noticing(null)(plan)),
      seedsMax: 2
    })
    assert.isNull(mutationRun.caught)
    assert.match(lineOf(mutationRun), /^fence +NOT CAUGHT in 2 seeds, in 3.0 s$/)
  })

  it("has a profile for every mutant: keys and faults that exist", () => {
    for (const name of Object.keys(mutants) as ReadonlyArray<Mutant>) {
      const { faults, hours, workload } = mutantPlan(name, "1")
      assert.doesNotThrow(() => workloadWith(workload))
      assert.isAtMost(hours, 2)
      assert.isArray(faults)
    }
  })
})

describe("a sound server", () => {
  it("is not accused of anything, and its crossings are counted", () => {
    const coverage = new Coverage()
    const result = simulate(options, partsWith(coverage))
    assert.deepStrictEqual(result.violations, [])
    assert.isAbove(result.context.world.stores.tables.messages.size, 20)
    assert.isAbove(coverage.counts.get("both goodbyes in") ?? 0, 0)
    assert.include(coverage.neverReached, "fenced turn")
    const sum = new Coverage()
    sum.add(coverage)
    assert.deepStrictEqual(sum.counts, coverage.counts)
  })
})
