// The farm and the shrinking, with runs that are only pretended: what is run, counted and made smaller.
import { assert, describe, it } from "@effect/vitest"
import { runFarm } from "../../../simulator/farm/farm.ts"
import { shrink, type Shrinkable } from "../../../simulator/farm/shrink.ts"

const plan: Shrinkable = {
  hours: 8,
  runners: 5,
  mitras: 50,
  customers: 200,
  faults: ["kill", "cut", "lag", "bus"],
  workload: { patience_s: "5", pause_s: "2", visits_per_day: "400" }
}

describe("shrinking", () => {
  it("keeps what the failure needs and throws away the rest", async () => {
    const needs = ({ customers, faults, hours, runners, workload }: Shrinkable) =>
      workload["pause_s"] === "2" && faults.includes("cut") && faults.includes("bus") && runners >= 2 &&
      customers >= 3 && hours >= 0.5
    const { plan: small, runs } = await shrink(plan, async (candidate) => needs(candidate), 500)
    assert.deepStrictEqual(small.faults.toSorted(), ["bus", "cut"])
    assert.deepStrictEqual([small.runners, small.customers, small.mitras], [2, 3, 1])
    assert.deepStrictEqual(small.workload, { pause_s: "2" })
    assert.isBelow(small.hours, 0.7)
    assert.isTrue(needs(small))
    assert.isBelow(runs, 200)
  })

  it("gives the run back as it was when nothing smaller fails", async () => {
    const { plan: same } = await shrink(plan, async () => false, 500)
    assert.deepStrictEqual(same, plan)
  })

  it("says before each run how far it is", async () => {
    const told: Array<number> = []
    await shrink(plan, async () => false, 3, ({ best, runs, runsMax }) => {
      assert.deepStrictEqual([best, runsMax], [plan, 3])
      told.push(runs)
    })
    assert.deepStrictEqual(told, [1, 2, 3])
  })

  it("stops after as many runs as it may have", async () => {
    let asked = 0
    const { runs } = await shrink(plan, async () => (asked += 1) > 0, 7)
    assert.deepStrictEqual([runs, asked], [7, 7])
  })
})

describe("the farm", () => {
  const farm = (failuresMax: number, jobs = 2) => {
    const running = { now: 0, most: 0 }
    const progress: Array<number> = []
    const done = runFarm({
      plans: Array.from({ length: 20 }, (_, seed) => seed),
      jobs,
      run: async (seed) => {
        running.now += 1
        running.most = Math.max(running.most, running.now)
        await Promise.resolve()
        running.now -= 1
        if (seed === 7) throw new Error("the worker died")
        return { seed, broken: seed % 5 === 4 }
      },
      isFailure: ({ broken }) => broken,
      virtualMsOf: () => 1_000,
      onProgress: ({ finished }) => progress.push(finished),
      failuresMax
    })
    return done.then((farmResult) => ({ farmResult, running, progress }))
  }

  it("runs every seed once, as many at a time as it was told, and keeps what failed", async () => {
    const { farmResult, progress, running } = await farm(100)
    assert.strictEqual(running.most, 2)
    assert.deepStrictEqual(farmResult.failures.map(({ plan }) => plan).toSorted((a, b) => a - b), [
      4,
      9,
      14,
      19
    ])
    assert.deepStrictEqual(farmResult.crashes, [{ plan: 7, error: "the worker died" }])
    assert.strictEqual(farmResult.reports.length, 19)
    assert.deepStrictEqual(progress, Array.from({ length: 20 }, (_, index) => index + 1))
  })

  it("starts nothing more once enough has failed", async () => {
    const { farmResult } = await farm(2, 1)
    assert.deepStrictEqual(farmResult.failures.map(({ plan }) => plan), [4])
    assert.strictEqual(farmResult.crashes.length, 1)
    assert.strictEqual(farmResult.reports.length, 7)
  })
})
