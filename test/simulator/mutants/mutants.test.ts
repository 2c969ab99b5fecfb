// Planted bugs in a small world: the quick ones are caught within minutes of it, and a sound server is not
// accused. All of them are sent out by `npm run simulate -- --canaries`, each on its ground.
import { assert, describe, it } from "@effect/vitest"
import { canaries, type Canary, canaryNamed } from "../../../simulator/mutants/mutants.ts"
import { huntPlan } from "../../../simulator/mutants/workload-profiles.ts"
import { hunt, lineOf } from "../../../simulator/mutants/mutation-run.ts"
import { habitsWith } from "../../../simulator/clients/workload.ts"
import { checkerOf } from "../../../simulator/checkers/checker.ts"
import { type RunPlan, replayCommand } from "../../../simulator/run/plan.ts"
import type { RunReport } from "../../../simulator/run/report.ts"
import { Coverage } from "../../../simulator/coverage.ts"
import { faultPlan } from "../../../simulator/faults/plan.ts"
import { production } from "../../../simulator/stores/pace.ts"
import { type Cast, simulate, type SimulationOptions } from "../../../simulator/simulation.ts"
import { smallCast } from "../small-population.ts"

const options: SimulationOptions = {
  seed: "canaries",
  hours: 0.2,
  runners: 1,
  valkey: false,
  mitras: 3,
  customers: 3,
  starts_at: Date.UTC(2026, 0, 5, 8),
  pace: production,
  keepTrace: false
}

const castWith = (coverage = new Coverage()): Cast => ({
  population: smallCast,
  faults: faultPlan([]),
  checker: checkerOf({ coverage: coverage.rule })
})

describe("canaries", () => {
  it("are all different, and each says which guard it breaks", () => {
    const named = Object.entries(canaries)
    assert.isAtLeast(named.length, 12)
    for (const [name, canary] of named) {
      assert.strictEqual(canaryNamed(name).name, name)
      assert.isAbove(canary.says.length, 10)
      assert.isAbove(Object.keys(canary).length, 2)
    }
    assert.throws(() => canaryNamed("parrot"), /there is no canary "parrot"; expected one of fence/)
  })

  const quick = [
    ["kept-slots", "2 capacity"],
    ["open-losers", "7 offers"],
    ["long-lived-pushes", "13 pushes"],
    ["untold-endings", "7 offers"],
    ["everybody-wins", "14 one mitra"]
  ] as const

  for (const [name, invariant] of quick) {
    it(`${name} is noticed by the rule about ${invariant}`, () => {
      const { violations } = simulate({ ...options, sabotage: canaryNamed(name) }, castWith())
      assert.strictEqual(violations[0]?.invariant, invariant)
    })
  }
})

const noticing = (invariant: string | null, wall_ms = 1_500) => (plan: RunPlan): RunReport => {
  const violations = invariant === null ? [] : [{ invariant }]
  return { plan, violations, wall_ms, span_ms: 90_000 } as never
}

describe("a hunt", () => {
  it("goes on, seed after seed, until somebody notices", async () => {
    const seeds: Array<string> = []
    const play = (plan: RunPlan) => {
      seeds.push(plan.seed)
      return Promise.resolve(noticing(seeds.length === 3 ? "10 fencing" : null)(plan))
    }
    const prey = await hunt("fence", { play, seedsMax: 5 })
    assert.deepStrictEqual(seeds, ["1", "2", "3"])
    assert.deepInclude(prey, { caught: "10 fencing", seeds: 3, wall_ms: 4_500 })
    assert.match(lineOf(prey), /^fence +10 fencing +3 seeds +90.0 s into it, in 4.5 s$/)
    assert.include(replayCommand(prey.plan), "--seed 3")
    assert.include(replayCommand(prey.plan), "--canary fence")
  })

  it("gives up after all seeds, and says so", async () => {
    const prey = await hunt("fence", { play: (plan) => Promise.resolve(noticing(null)(plan)), seedsMax: 2 })
    assert.isNull(prey.caught)
    assert.match(lineOf(prey), /^fence +NOT CAUGHT in 2 seeds, in 3.0 s$/)
  })

  it("has a ground for every bug: habits and faults that exist", () => {
    for (const name of Object.keys(canaries) as ReadonlyArray<Canary>) {
      const { faults, habits, hours } = huntPlan(name, "1")
      assert.doesNotThrow(() => habitsWith(habits))
      assert.isAtMost(hours, 2)
      assert.isArray(faults)
    }
  })
})

describe("a sound server", () => {
  it("is not accused of anything, and its crossings are counted", () => {
    const coverage = new Coverage()
    const result = simulate(options, castWith(coverage))
    assert.deepStrictEqual(result.violations, [])
    assert.isAbove(result.stage.world.stores.tables.messages.size, 20)
    assert.isAbove(coverage.counts.get("both goodbyes in") ?? 0, 0)
    assert.include(coverage.neverReached, "fenced turn")
    const sum = new Coverage()
    sum.add(coverage)
    assert.deepStrictEqual(sum.counts, coverage.counts)
  })
})
