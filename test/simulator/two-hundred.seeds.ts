// Two hundred worlds, each with its own runners, stores, clients and faults: nothing may be broken in any
// of them. The same as `npm run simulate -- --seeds 200 --hours 0.15`.
import { afterAll, assert, describe, it } from "@effect/vitest"
import { drawn, faultsOf, replayCommand, type RunPlan, shortRunWorkload } from "../../simulator/run/plan.ts"
import { simulatePlan } from "../../simulator/run/run.ts"

const seeds = 200
const perTest = 10
/** Of the rare crossings that crossings.ts names; below it, the worlds are too quiet to find anything. */
const crossingsLeast = 25

const planOf = (seed: string): RunPlan =>
  drawn({
    seed,
    hours: 0.15,
    runners: 1,
    valkey: false,
    mitras: 5,
    customers: 15,
    faults: faultsOf("swarm", seed),
    workload: shortRunWorkload,
    faultRate: 1,
    pace: "fitting",
    mutant: null
  })

describe("a swarm of seeds", () => {
  const reached = new Map<string, number>()
  let virtualMs = 0
  const began = performance.now()

  const run = (seed: string): ReadonlyArray<string> => {
    const plan = planOf(seed)
    const { report } = simulatePlan(plan, { keepTrace: false })
    for (const [name, count] of Object.entries(report.coverage)) {
      reached.set(name, (reached.get(name) ?? 0) + count)
    }
    virtualMs += report.span_ms
    return report.violations.map(({ invariant, text }) => `${invariant}: ${text}\n  ${replayCommand(plan)}`)
  }

  for (let first = 1; first <= seeds; first += perTest) {
    it(`breaks nothing with the seeds ${first} to ${first + perTest - 1}`, () => {
      const all = Array.from({ length: perTest }, (_, index) => String(first + index))
      assert.deepStrictEqual(all.flatMap(run), [])
    }, 240_000)
  }

  it("reaches most of the crossings that testers fear", () => {
    const count = [...reached.values()].filter((times) => times > 0).length
    assert.isAtLeast(count, crossingsLeast)
  })

  afterAll(() => {
    const seconds = (performance.now() - began) / 1000
    console.log(
      `${seeds} seeds: ${(virtualMs / 3_600_000).toFixed(1)} h simulated in ${seconds.toFixed(0)} s`
    )
  })
})
