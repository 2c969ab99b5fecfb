// Planted bugs in a small world: the quick ones are caught within minutes of it, and a sound server is not
// accused. All of them are sent out by `npm run simulate -- --canaries`, in the general swarm.
import { assert, describe, it } from "@effect/vitest"
import { canaries, canaryNamed } from "../../../src/simulation/canaries/canaries.ts"
import { lineOf, runCanaries, seedOf, uncaught } from "../../../src/simulation/canaries/run.ts"
import { checkerOf } from "../../../src/simulation/checkers/checker.ts"
import { Coverage } from "../../../src/simulation/coverage.ts"
import { faultPlan } from "../../../src/simulation/faults/plan.ts"
import { production } from "../../../src/simulation/stores/pace.ts"
import {
  type Cast,
  type Checker,
  simulate,
  type SimulationOptions
} from "../../../src/simulation/simulation.ts"
import { smallCast } from "../small-cast.ts"

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

const deafChecker: Checker = { afterStep: () => {}, atEnd: () => {}, isAtRest: () => true, violations: [] }

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
    ["everybody-wins", "1 one winner"]
  ] as const

  for (const [name, invariant] of quick) {
    it(`${name} is noticed by the rule about ${invariant}`, () => {
      const [outcome] = runCanaries({
        options,
        castOf: () => castWith(),
        seedsMax: 2,
        only: [canaryNamed(name)]
      })
      assert.strictEqual(outcome?.caught?.invariant, invariant)
      assert.match(lineOf(outcome!), /^caught .* after 1 seed, [0-9.]+ min into canaries: /)
    })
  }

  it("that nobody notices are named as such, after all seeds", () => {
    const deaf: Cast = { ...castWith(), checker: () => deafChecker }
    const outcomes = runCanaries({
      options: { ...options, hours: 0.01, mitras: 0, customers: 0 },
      castOf: () => deaf,
      seedsMax: 2,
      only: [canaryNamed("fence")]
    })
    assert.strictEqual(uncaught(outcomes)[0]?.seed, seedOf(options.seed, 2))
    assert.strictEqual(
      lineOf(outcomes[0]!),
      "NOT CAUGHT fence: a runner that lost an actor still writes for it (2 seeds)"
    )
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
