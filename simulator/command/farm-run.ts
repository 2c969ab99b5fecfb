// A farm on the terminal: a line for each seed, what all of them reached together, the red ones kept for
// later and the first of them made smaller.
import * as Fs from "node:fs"
import { farmPageOf } from "../report/farm-page.ts"
import { type FarmResult, runFarm } from "../farm/farm.ts"
import { shrink } from "../farm/shrink.ts"
import { startWorkers } from "../farm/workers.ts"
import { commitOf } from "../run/commit.ts"
import { replayCommand, type RunPlan } from "../run/plan.ts"
import { duration, type RunReport, verdictText } from "../run/report.ts"
import { simulatePlan } from "../run/run.ts"
import { stopwatch } from "../run/stopwatch.ts"
import { type Files, one, pageOf, write } from "./one-run.ts"
import { failuresMax, jobsOf, planOf, plansOf, type SimulateOptions } from "./options.ts"
import { endProgress, progress, say } from "./terminal.ts"

export const workerScript = new URL("../farm/worker.ts", import.meta.url)
const failingSeedsFile = ".data/simulate/failing-seeds.json"
const shrinkRunsMax = 60

type Farmed = FarmResult<RunPlan, RunReport>

const invariantOf = (report: RunReport): string | null => report.violations[0]?.invariant ?? null

interface FailingSeed {
  readonly plan: RunPlan
  readonly invariant: string | null
  readonly commit: string | null
  readonly replay: string
}

const keepFailures = (farmResult: Farmed) => {
  const commit = commitOf()
  const failing: ReadonlyArray<FailingSeed> = [
    ...farmResult.failures.map(({ plan, report }) => ({ plan, invariant: invariantOf(report) })),
    ...farmResult.crashes.map(({ error, plan }) => ({ plan, invariant: `crash: ${error}` }))
  ].map(({ invariant, plan }) => ({ plan, invariant, commit, replay: replayCommand(plan) }))
  write(failingSeedsFile, `${JSON.stringify(failing, null, 2)}\n`)
  say(
    `failing seeds   ${failing.length}, kept in ${failingSeedsFile}; again: npm run simulate -- --failing`
  )
}

/** Throws what a person can read when no farm has failed yet. */
const failingPlans = (options: SimulateOptions): ReadonlyArray<RunPlan> => {
  if (!Fs.existsSync(failingSeedsFile)) {
    throw new Error(`there is no ${failingSeedsFile}: no farm has found a red seed yet; try --seeds 100`)
  }
  const kept = JSON.parse(Fs.readFileSync(failingSeedsFile, "utf8")) as ReadonlyArray<FailingSeed>
  if (kept.length === 0) throw new Error(`${failingSeedsFile} holds no red seed any more; try --seeds 100`)
  // What a run is made of may have grown since it was kept.
  return kept.map(({ plan }) => ({ ...planOf(options, plan.seed), ...plan }))
}

const coverageOfAll = (reports: ReadonlyArray<RunReport>): Readonly<Record<string, number>> => {
  const all: Record<string, number> = {}
  for (const { coverage } of reports) {
    for (const [name, count] of Object.entries(coverage)) all[name] = (all[name] ?? 0) + count
  }
  return all
}

/** In the order of the plans, so that two farms can be compared line by line. */
const seedLines = (plans: ReadonlyArray<RunPlan>, { crashes, reports }: Farmed): ReadonlyArray<string> => {
  const width = Math.max(...plans.map(({ seed }) => seed.length))
  return plans.flatMap((plan) => {
    const report = reports.find((each) => each.plan.seed === plan.seed)
    const crash = crashes.find((each) => each.plan.seed === plan.seed)
    if (report === undefined && crash === undefined) return []
    const world = `${plan.runners} ${plan.runners === 1 ? "runner" : "runners"}${
      plan.valkey ? ", Valkey" : ""
    }`
    const verdict = report === undefined ? "CRASH" : verdictText(report)
    return [
      `seed ${plan.seed.padStart(width)}  ${report?.hash ?? "".padEnd(16)}  ${world.padEnd(17)} ${verdict}`
    ]
  })
}

const farmResultText = (farmResult: Farmed, wallMs: number, jobs: number): string => {
  const span = farmResult.reports.reduce((sum, { span_ms }) => sum + span_ms, 0)
  const messages = farmResult.reports.reduce((sum, { counts }) => sum + (counts["messages"] ?? 0), 0)
  const pairs = farmResult.reports.reduce((sum, { counts }) => sum + (counts["pairs"] ?? 0), 0)
  const coverage = coverageOfAll(farmResult.reports)
  const never = Object.entries(coverage).filter(([, count]) => count === 0).map(([name]) => name)
  const red = farmResult.failures.length + farmResult.crashes.length
  return [
    `seeds           ${farmResult.reports.length} run with ${jobs} jobs in ${duration(wallMs)}`,
    `simulated       ${duration(span)} in all: ${Math.round(span / wallMs)} x real time`,
    `chats           ${pairs} with ${messages} messages`,
    `rare crossings  ${Object.keys(coverage).length - never.length} of ${
      Object.keys(coverage).length
    } reached`,
    ...(never.length === 0 ? [] : [`never reached   ${never.join(", ")}`]),
    `verdict         ${red === 0 ? "sound" : `VIOLATION in ${red} of ${farmResult.reports.length} seeds`}`
  ].join("\n")
}

/** An index of all seeds, and beside it a page for each that is red. */
const writePages = (file: string, plans: ReadonlyArray<RunPlan>, farmResult: Farmed): void => {
  const stem = file.replace(/\.html?$/, "")
  const pages = new Map(farmResult.failures.map(({ plan }) => [plan.seed, `${stem}-seed-${plan.seed}.html`]))
  for (const { plan } of farmResult.failures) {
    if (plan.postgres === true) continue
    write(pages.get(plan.seed) ?? "", pageOf(simulatePlan(plan, { keepTrace: true })))
  }
  write(file, farmPageOf({ plans, farmResult, pages, commit: commitOf() }))
  say(`pages           ${file}, and ${pages.size} of red seeds beside it`)
}

const showSmallest = async (
  { plan, report }: Farmed["failures"][number],
  run: (plan: RunPlan) => Promise<RunReport>,
  files: Files
): Promise<void> => {
  const invariant = invariantOf(report)
  const fails = (candidate: RunPlan) =>
    run(candidate).then((smaller) => invariantOf(smaller) === invariant, () => false)
  const { plan: smallest, runs } = await shrink(plan, fails, shrinkRunsMax, ({ best, runs, runsMax }) => {
    progress(
      `making seed ${plan.seed} smaller: run ${runs} of at most ${runsMax}; ` +
        `so far ${best.faults.length} faults, ` +
        `${best.customers} customers, ${best.mitras} mitras, ${best.runners} runners, ${
          duration(best.hours * 3_600_000)
        }, ${Object.keys(best.workload).length} keys of the workload`
    )
  })
  endProgress()
  say(`\nthe smallest run that breaks "${invariant}", found in ${runs} runs:\n`)
  await one(smallest, files)
}

const runPlans = async (options: SimulateOptions, plans: ReadonlyArray<RunPlan>): Promise<boolean> => {
  const jobs = jobsOf(options)
  const workers = startWorkers<RunPlan, RunReport>(workerScript, jobs)
  const elapsed = stopwatch()
  try {
    const farmResult = await runFarm({
      plans,
      jobs,
      run: workers.run,
      isFailure: (report) => report.violations.length > 0,
      virtualMsOf: ({ span_ms }) => span_ms,
      onProgress: ({ failed, finished, of, virtual_ms }) => {
        if (options.postgres || finished % 10 === 0 || finished === of || process.stderr.isTTY) {
          progress(`${finished} of ${of} seeds, ${failed} failed, ${duration(virtual_ms)} simulated`)
        }
      },
      failuresMax: options.stopAtFirst ? 1 : options.failing ? plans.length : failuresMax
    })
    endProgress()
    for (const line of seedLines(plans, farmResult)) say(line)
    say(farmResultText(farmResult, elapsed(), jobs))
    if (options.html !== null) writePages(options.html, plans, farmResult)
    const [failure] = farmResult.failures
    const isSound = farmResult.failures.length + farmResult.crashes.length === 0
    if (!isSound || options.failing) keepFailures(farmResult)
    if (isSound) return true
    for (const { error, plan } of farmResult.crashes) say(`crash of seed ${plan.seed}: ${error}`)
    if (failure !== undefined && options.postgres) {
      say(`\n${failure.report.violations.map(({ invariant, text }) => `${invariant}: ${text}`).join("\n")}`)
      say(`not twice the same run on a real database; it may come again: ${replayCommand(failure.plan)}`)
    } else if (failure !== undefined) {
      await showSmallest(failure, workers.run, { html: null, trace: options.trace, script: options.script })
    }
    return false
  } finally {
    workers.stop()
  }
}

export const farm = (options: SimulateOptions, count: number): Promise<boolean> =>
  runPlans(options, plansOf(options, count))

/** The red seeds of the last farm, on the code as it is now; those that are green leave the file. */
export const runFailing = (options: SimulateOptions): Promise<boolean> =>
  runPlans(options, failingPlans(options))
