// The search that learns, without a world: what is kept, what is taken up again, and that it is the same
// search for the same seed.
import { assert, describe, it } from "@effect/vitest"
import { type Corpus, emptyCorpus, learn, nextPlan, pairsOf } from "../../../simulator/farm/guided.ts"
import { workloadWith } from "../../../simulator/clients/workload.ts"
import { chosenFaults } from "../../../simulator/faults/plan.ts"
import { Prng } from "../../../simulator/kernel/prng.ts"
import type { RunPlan } from "../../../simulator/run/plan.ts"

const plan: RunPlan = {
  seed: "a",
  hours: 0.2,
  runners: 2,
  valkey: false,
  mitras: 3,
  customers: 6,
  faults: ["kill"],
  workload: {},
  faultRate: 1,
  pace: "fitting",
  mutant: null
}

describe("the search that learns", () => {
  it("counts a crossing, how often, and each pair of them", () => {
    assert.deepStrictEqual(pairsOf({ coverage: { b: 1, a: 9, never: 0 } }), [
      "a",
      "a + a (often)",
      "a + b",
      "a (often)",
      "a (often) + b",
      "b"
    ])
  })

  it("keeps a plan that reached something new, and no other", () => {
    const first = learn(emptyCorpus, plan, { coverage: { a: 1 } })
    const second = learn(first, { ...plan, seed: "b" }, { coverage: { a: 1 } })
    const third = learn(second, { ...plan, seed: "c" }, { coverage: { a: 1, b: 1 } })
    assert.deepStrictEqual(third.kept.map((kept) => kept.plan.seed), ["a", "c"])
    assert.deepStrictEqual(third.kept[1]?.found, ["a + b", "b"])
    assert.deepStrictEqual([third.runs, third.reached["a"]], [3, 3])
  })

  it("takes up what is rare more often than what everybody reaches", () => {
    const corpus: Corpus = {
      runs: 100,
      reached: { common: 99, rare: 1 },
      kept: [
        { plan: { ...plan, mitras: 1 }, found: ["common"] },
        { plan: { ...plan, mitras: 7, hours: 0.5 }, found: ["rare"] }
      ]
    }
    const drawn = Array.from({ length: 200 }, (_, index) => nextPlan(corpus, plan, new Prng(`${index}`)))
    const rare = drawn.filter(({ hours }) => hours === 0.5).length
    assert.isAbove(rare, 100)
  })

  it("only makes plans that can be run, and the same ones for the same seed", () => {
    let corpus = emptyCorpus
    for (let index = 0; index < 300; index += 1) {
      const next = nextPlan(corpus, { ...plan, seed: `${index}` }, new Prng(`${index}`))
      assert.deepStrictEqual(next, nextPlan(corpus, { ...plan, seed: `${index}` }, new Prng(`${index}`)))
      workloadWith(next.workload)
      chosenFaults(next.faults, new Prng("x"))
      assert.isAtLeast(next.runners, 1)
      corpus = learn(corpus, next, { coverage: { [`crossing ${index % 40}`]: 1 } })
    }
    assert.isAtLeast(corpus.kept.length, 40)
  })
})
