// What is written of a red run: its page's data, a Chrome trace, a scenario that breaks the same rule, and
// the index of a farm that found it. One run for all of them, of a planted bug in a small world.
import * as Fs from "node:fs"
import * as Path from "node:path"
import { pathToFileURL } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { pageOf } from "../../../simulator/command/one-run.ts"
import { mutantPlan } from "../../../simulator/mutants/workload-profiles.ts"
import { chromeTraceOf } from "../../../simulator/report/chrome-trace.ts"
import { farmPageOf } from "../../../simulator/report/farm-page.ts"
import { scenarioFileOf } from "../../../simulator/report/scenario-file.ts"
import { timelineDataOf } from "../../../simulator/report/timeline-data.ts"
import { simulatePlan } from "../../../simulator/run/run.ts"
import { runScenario } from "../../../simulator/scenarios/run.ts"

const plan = {
  ...mutantPlan("kept-slots", "1"),
  runners: 2,
  mitras: 2,
  customers: 2,
  valkey: false,
  hours: 0.3,
  faults: ["kill", "freeze"],
  workload: { visits_per_day: "400", shift_hours: "24", days_off_share: "0", ends_early_share: "1" }
}
const run = simulatePlan(plan, { keepTrace: true })
const data = timelineDataOf(run.result, { title: "", facts: [], replay: "", commit: null }, run.recording)
const folder = ".data/simulate/red-run-test"

describe("a red run", () => {
  it("is shown with its runners, their owners and epochs, and the frames of the people concerned", () => {
    assert.strictEqual(run.report.violations[0]?.invariant, "2 capacity")
    assert.deepStrictEqual(data.runners.map(({ name }) => name), ["runner-1", "runner-2"])
    for (const { alive } of data.runners) assert.strictEqual(alive[0]?.what, "starting")
    const owned = data.runners.flatMap((runner) => runner.owned)
    assert.isTrue(owned.some(({ epoch, kind }) => kind === "session" && epoch >= 1))
    assert.isAbove(data.frames.length, 10)
    const names = new Set(
      data.people.filter(({ id }) => data.violations[0]?.people.includes(id)).map((p) => p.name)
    )
    for (const { who } of data.frames) assert.isTrue(names.has(who))
    assert.isTrue(data.log.every(({ at }) => at <= (data.violations[0]?.at ?? 0)))
    assert.include(pageOf(run), "\"replay\":\"npm run simulate -- --seed 1")
  })

  it("is a Chrome trace with a named thread for each person and runner, and instants for faults", () => {
    const { traceEvents } = chromeTraceOf(run.result, run.recording)
    const threads = traceEvents.filter(({ name }) => name === "thread_name").map(({ args }) => args?.["name"])
    assert.includeMembers(threads, ["mitra-1", "customer-1", "runner-1", "runner-2"])
    const broken = traceEvents.find(({ name }) => name === "VIOLATION 2 capacity")
    assert.deepInclude(broken, { ph: "i", s: "g", ts: Math.round((data.violations[0]?.at ?? 0) * 1000) })
    for (const event of traceEvents) {
      if (event.ph !== "M") assert.isAtLeast(event.ts ?? -1, 0)
      if (event.ph === "X") assert.isAbove(event.dur ?? 0, 0)
    }
  })

  it("is written out as a scenario that breaks the same rule", async () => {
    Fs.mkdirSync(folder, { recursive: true })
    const file = Path.join(folder, "red.ts")
    Fs.writeFileSync(file, scenarioFileOf(plan, run.result, run.recording!, Path.resolve(folder)))
    const written = await import(/* @vite-ignore */ pathToFileURL(Path.resolve(file)).href)
    const { failure } = runScenario(written.seed1)
    assert.strictEqual(failure?.violation?.invariant, "2 capacity")
    Fs.rmSync(folder, { recursive: true })
  }, 120_000)

  it("stands first in the index of its farm, with its page and the command that replays it", () => {
    const sound = { ...run.report, plan: { ...plan, seed: "2" }, violations: [] }
    const page = farmPageOf({
      plans: [sound.plan, plan],
      farmResult: { reports: [sound, run.report], failures: [{ plan, report: run.report }], crashes: [] },
      pages: new Map([["1", "out/farm-seed-1.html"]]),
      commit: "abc"
    })
    assert.include(page, "1 of 2 seeds are red")
    assert.isBelow(page.indexOf("farm-seed-1.html#violation"), page.indexOf("<td>2</td>"))
    assert.include(page, run.report.hash)
    assert.include(page, "--mutant kept-slots")
  })
})
