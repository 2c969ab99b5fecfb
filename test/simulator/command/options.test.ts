// What the command line refuses, with a sentence; and what a plan and its replay command come to.
import { assert, describe, it } from "@effect/vitest"
import { checkOptions, planOf, plansOf, type SimulateOptions } from "../../../simulator/command/options.ts"
import { replayCommand, shortRunWorkload } from "../../../simulator/run/plan.ts"
import { verdictText } from "../../../simulator/run/report.ts"

const none: SimulateOptions = {
  seed: "1",
  seeds: null,
  jobs: null,
  hours: null,
  mitras: null,
  customers: null,
  runners: null,
  valkey: false,
  faults: null,
  set: {},
  setting: {},
  faultRate: 1,
  pace: "fitting",
  profile: null,
  mutant: null,
  mutants: false,
  scenario: null,
  failing: false,
  stopAtFirst: false,
  postgres: false,
  realValkey: false,
  hazards: false,
  measure: false,
  hoursOfFarm: null,
  html: null,
  trace: null,
  script: null
}

describe("the command line of the simulator", () => {
  const refused: ReadonlyArray<readonly [Partial<SimulateOptions>, RegExp]> = [
    [{ hours: -1 }, /^--hours cannot be -1; expected a number from 0.01 to/],
    [{ hours: Number.NaN }, /^--hours cannot be NaN/],
    [{ seeds: 0 }, /^--seeds cannot be 0; expected a number from 1 to/],
    [{ jobs: 0 }, /^--jobs cannot be 0/],
    [{ runners: 6 }, /^--runners cannot be 6; expected a number from 1 to 5/],
    [{ mitras: -3 }, /^--mitras cannot be -3/],
    [{ customers: -1 }, /^--customers cannot be -1/],
    [{ faultRate: 0 }, /^--fault-rate cannot be 0/],
    [{ mutant: "parrot" }, /there is no mutant "parrot"/],
    [{ profile: "parrot" }, /there is no profile "parrot"; expected one of busy, fence/],
    [{ faults: "parrot" }, /there is no fault named "parrot"/],
    [{ set: { parrot: "1" } }, /the workload has no key "parrot"/],
    [{ postgres: true, scenario: "all" }, /^--postgres is for runs and farms/],
    [{ realValkey: true, mutants: true }, /^--real-valkey is for runs and farms/],
    [{ mutant: "lua-kept-online" }, /^the mutant "lua-kept-online" breaks a script of Valkey: add --valkey/],
    [{ measure: true, postgres: true }, /^--measure is for one run in memory/],
    [{ seeds: 3, scenario: "all" }, /^--scenario and --seeds cannot be done in one run; choose one/]
  ]
  for (const [options, sentence] of refused) {
    it(`refuses ${JSON.stringify(options)} with a sentence`, () => {
      assert.throws(() => checkOptions({ ...none, ...options }), sentence)
    })
  }

  it("accepts what can be done", () => {
    const many = { ...none, seeds: 200, jobs: 2, hours: 0.15, runners: 5, profile: "busy", mutant: "fence" }
    for (const options of [none, many]) assert.doesNotThrow(() => checkOptions(options))
  })

  it("takes a profile's world, and what is said on the command line over it", () => {
    const plan = planOf({ ...none, profile: "fence", mitras: 2, set: { patience_s: "5" } }, "7")
    assert.deepInclude(plan, { mitras: 2, customers: 30, faultRate: 30, faults: ["freeze"], mutant: null })
    assert.strictEqual(plan.workload["patience_s"], "5")
    assert.strictEqual(plan.workload["visits_per_day"], "60")
  })

  it("gives numbered seeds to a farm, the first one first", () => {
    assert.deepStrictEqual(plansOf({ ...none, seed: "9" }, 3).map(({ seed }) => seed), ["9", "10", "11"])
    const onPostgres = plansOf({ ...none, postgres: true }, 3).map(({ runners }) => runners)
    assert.deepStrictEqual(onPostgres, [2, 3, 2])
    assert.deepStrictEqual(plansOf({ ...none, seed: "a" }, 2).map(({ seed }) => seed), ["a-1", "a-2"])
  })
})

describe("the replay command", () => {
  it("says the default of a key that a short run would make busier, where the plan leaves it alone", () => {
    const { visits_per_day: _, ...rest } = shortRunWorkload
    const command = replayCommand({ ...planOf(none, "1"), workload: rest })
    assert.include(command, "--set visits_per_day=1 ")
    assert.include(command, "--set shift_hours=14")
  })
})

describe("the verdict", () => {
  const report = (mutant: string | null, invariant: string | null) =>
    ({ plan: { mutant }, violations: invariant === null ? [] : [{ invariant }] }) as never

  it("names the planted mutant, caught or not", () => {
    assert.strictEqual(verdictText(report(null, null)), "sound")
    assert.strictEqual(verdictText(report(null, "7 offers")), "VIOLATION")
    assert.include(
      verdictText(report("fence", "10 fencing")),
      "\"fence\" was caught by the rule \"10 fencing\""
    )
    assert.include(verdictText(report("fence", null)), "NOT CAUGHT: the planted mutant \"fence\"")
  })
})
