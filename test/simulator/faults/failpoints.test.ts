// Named lines of the server as faults: the n-th pass of a line, on whatever runner, fails once or is its
// runner's last, and the timeline says which it was.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { ServerFailpoints } from "../../../simulator/faults/failpoints.ts"
import { Process } from "../../../simulator/kernel/process.ts"
import { VirtualTime } from "../../../simulator/kernel/virtual-time.ts"
import type { RunPlan } from "../../../simulator/run/plan.ts"
import { simulatePlan } from "../../../simulator/run/run.ts"
import type { Runner, World } from "../../../simulator/world.ts"

/** Two runners of a world that has nothing else. */
const twoRunners = () => {
  const time = new VirtualTime(0)
  const killed: Array<string> = []
  const killRunner = ({ name }: Runner) => void killed.push(name)
  const world = { time, outside: new Process("outside"), killRunner } as unknown as World
  const runners = ["one", "two"].map((name) => ({ name, process: new Process(name) }) as unknown as Runner)
  const failpoints = new ServerFailpoints()
  const [one, two] = runners.map((runner) => failpoints.gateOf(world, runner))
  return { failpoints, killed, one: one!, time, two: two! }
}

const plan = (faults: ReadonlyArray<string>): RunPlan => ({
  seed: "7",
  hours: 0.1,
  runners: 2,
  valkey: false,
  mitras: 4,
  customers: 8,
  faults,
  workload: { visits_per_day: "200", shift_hours: "20" },
  faultRate: 6,
  pace: "fitting",
  mutant: null
})

describe("a named line of the server", () => {
  it("fails at its n-th pass, counted over all runners, and never again", () => {
    const { failpoints, one, two } = twoRunners()
    const struck: Array<string> = []
    const onStruck = ({ name }: Runner, point: string) => void struck.push(`${name} at ${point}`)
    failpoints.armAtThePass({ what: "fail", line: "after_commit", nth: 3, onStruck })
    const passes = [
      one.pass("after_commit:Paired"),
      two.pass("before_commit:Paired"),
      two.pass("after_commit:MessageSent"),
      two.pass("after_commit:Paired"),
      one.pass("after_commit:Paired")
    ].map((pass) => Exit.isSuccess(Effect.runSyncExit(pass)))
    assert.deepStrictEqual(passes, [true, true, true, false, true])
    assert.deepStrictEqual(struck, ["two at after_commit:Paired"])
  })

  it("is the last one of the runner that passes it as the n-th", () => {
    const { failpoints, killed, one, time, two } = twoRunners()
    failpoints.armAtThePass({ what: "die", line: "drain_began", nth: 2, onStruck: () => {} })
    Effect.runSync(one.pass("drain_began"))
    void Effect.runFork(two.pass("drain_began"))
    time.runUntil(1)
    assert.deepStrictEqual(killed, ["two"])
  })

  it("is struck in a world that names the fault, and the timeline says who was", () => {
    const { report, result } = simulatePlan(plan(["die-at", "fail-once"]), { keepTrace: true })
    assert.deepStrictEqual(report.violations, [])
    const struck = result.faults.marks.filter(({ name, runner }) => name === "die-at" && runner !== null)
    assert.isNotEmpty(struck)
    for (const { from_us, runner } of struck) {
      const died = result.context.world.runnerEvents.find((event) => event.at_us === from_us)
      assert.deepStrictEqual([died?.runner, died?.what], [runner, "is killed"])
    }
    const told = result.context.trace.entries.filter(({ who }) => who === "faults").map(({ what }) => what)
    assert.isTrue(told.includes("fail-once") && told.includes("die-at"))
  }, 120_000)
})
