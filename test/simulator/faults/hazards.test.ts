// Dice of some worlds: a world without them is the world that it was, one with them is another, and the same
// again for the same seed.
import { assert, describe, it } from "@effect/vitest"
import { hazardsOf } from "../../../simulator/faults/hazards.ts"
import { Prng } from "../../../simulator/kernel/prng.ts"
import { Process } from "../../../simulator/kernel/process.ts"
import { VirtualTime } from "../../../simulator/kernel/virtual-time.ts"
import type { RunPlan } from "../../../simulator/run/plan.ts"
import { simulatePlan } from "../../../simulator/run/run.ts"

const seeds = Array.from({ length: 200 }, (_, index) => `${index}`)

const plan = (seed: string, hazards: boolean): RunPlan => ({
  seed,
  hours: 0.05,
  runners: 2,
  valkey: false,
  mitras: 4,
  customers: 8,
  faults: ["cut"],
  workload: { visits_per_day: "200", shift_hours: "20", ends_early_share: "1" },
  faultRate: 5,
  pace: "fitting",
  mutant: null,
  hazards
})

describe("hazards", () => {
  it("are each on in some seeds and off in others", () => {
    const all = seeds.map(hazardsOf)
    for (
      const isOn of [
        all.map(({ shuffle_share }) => shuffle_share > 0),
        all.map(({ group_turns }) => group_turns !== null),
        all.map(({ watch_every_ms }) => watch_every_ms !== null),
        all.map(({ cluster_pace }) => cluster_pace !== 1),
        all.map(({ has_failpoints }) => has_failpoints),
        all.map(({ has_named_failpoints }) => has_named_failpoints),
        all.map(({ limits }) => limits !== null),
        all.map(({ split_share }) => split_share > 0),
        all.map(({ has_two_versions }) => has_two_versions)
      ]
    ) {
      const share = isOn.filter(Boolean).length / isOn.length
      assert.isAbove(share, 0.15)
      assert.isBelow(share, 0.85)
    }
  })

  it("change the order of what is ready in one instant, and lose nothing", () => {
    const order = (share: number) => {
      const time = new VirtualTime(0)
      const ran: Array<number> = []
      const process = new Process("one")
      time.shuffle(share, new Prng("shuffle"))
      for (let task = 0; task < 20; task += 1) time.ready(process, () => void ran.push(task), 0)
      time.ready(process, () => void ran.push(-1), -1)
      time.drain()
      return ran
    }
    const inOrder = [-1, ...Array.from({ length: 20 }, (_, task) => task)]
    assert.deepStrictEqual(order(0), inOrder)
    assert.notDeepEqual(order(1), inOrder)
    assert.deepStrictEqual(order(1).toSorted((a, b) => a - b), inOrder)
    assert.strictEqual(order(1)[0], -1)
    assert.deepStrictEqual(order(1), order(1))
  })

  it("make another run of a seed, the same one each time, and a sound one", () => {
    const seed = seeds.find((each) => hazardsOf(each).has_failpoints && hazardsOf(each).shuffle_share === 1)!
    const [without, first, second] = [false, true, true].map((hazards) =>
      simulatePlan(plan(seed, hazards), { keepTrace: false }).report
    )
    assert.notStrictEqual(first?.hash, without?.hash)
    assert.strictEqual(first?.hash, second?.hash)
    assert.deepStrictEqual(first?.violations, [])
  }, 120_000)
})
