// `simulate`: one run, a farm of seeds, the mutants, or a scenario. Progress goes to the error stream,
// results to the output; the exit code is 1 when something was broken that should not be.
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { pathToFileURL } from "node:url"
import { type Mutant, mutantNamed, mutants } from "../mutants/mutants.ts"
import { lineOf, type MutationRun, runMutant } from "../mutants/mutation-run.ts"
import { type FarmResult, runFarm } from "../farm/farm.ts"
import { shrink } from "../farm/shrink.ts"
import { startWorkers } from "../farm/workers.ts"
import { timelineDataOf } from "../report/timeline-data.ts"
import { htmlOf } from "../report/html.ts"
import {
  drawn,
  faultsOf,
  type PaceChoice,
  replayCommand,
  type RunPlan,
  shortHours,
  shortRunWorkload
} from "../run/plan.ts"
import { simulatePlan, violationTimeline } from "../run/run.ts"
import { duration, factsOf, reportText, type RunReport } from "../run/report.ts"
import { stopwatch } from "../run/stopwatch.ts"
import { runScenario, timelineOf } from "../scenarios/run.ts"
import { shippedScenarios } from "../scenarios/shipped.ts"
import type { Scenario } from "../scenarios/script.ts"

export interface SimulateOptions {
  readonly seed: string
  readonly seeds: number | null
  readonly jobs: number | null
  readonly hours: number
  readonly mitras: number
  readonly customers: number
  readonly runners: number | null
  readonly valkey: boolean
  readonly faults: string
  readonly set: Readonly<Record<string, string>>
  readonly faultRate: number
  readonly pace: PaceChoice
  readonly mutant: string | null
  readonly mutants: boolean
  readonly scenario: string | null
  readonly html: string | null
}

const failingSeedsFile = ".data/simulate/failing-seeds.json"
const shrinkRunsMax = 60
/** A mutant that is not caught within so many seeds counts as not caught. */
const mutantSeedsMax = 10

const say = (text: string) => process.stdout.write(`${text}\n`)
const progress = (text: string) =>
  process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${text}` : `${text}\n`)

const planOf = (options: SimulateOptions, seed: string): RunPlan => ({
  seed,
  hours: options.hours,
  runners: options.runners ?? 1,
  valkey: options.valkey,
  mitras: options.mitras,
  customers: options.customers,
  faults: faultsOf(options.faults, seed),
  workload: options.hours <= shortHours ? { ...shortRunWorkload, ...options.set } : options.set,
  faultRate: options.faultRate,
  pace: options.pace,
  mutant: options.mutant
})

const writePage = (file: string, report: RunReport, result: Parameters<typeof timelineDataOf>[0]) => {
  Fs.mkdirSync(Path.dirname(Path.resolve(file)), { recursive: true })
  Fs.writeFileSync(
    file,
    htmlOf(timelineDataOf(result, { title: `Seed ${report.plan.seed}`, facts: factsOf(report) }))
  )
  say(`page            ${file}`)
}

/** A run never yields the thread, so no handler would run: a signal ends the process, as by default. */
const leaveSignalsToSystem = () => {
  for (const signal of ["SIGINT", "SIGTERM"]) process.removeAllListeners(signal)
}

const one = (plan: RunPlan, html: string | null): boolean => {
  leaveSignalsToSystem()
  const { report, result } = simulatePlan(plan, { keepTrace: false })
  say(reportText(report))
  if (html !== null) writePage(html, report, result)
  if (report.violations.length === 0) return true
  // Once more, this time keeping every line: the same seed is the same run.
  say(
    `\n${violationTimeline(simulatePlan(plan, { keepTrace: true }).result) ?? ""}\n\nreplay: ${
      replayCommand(plan)
    }`
  )
  return false
}

const workerScript = new URL("../farm/worker.ts", import.meta.url)
const jobsOf = (options: SimulateOptions): number => options.jobs ?? Math.max(1, Os.availableParallelism())

const invariantOf = (report: RunReport): string | null => report.violations[0]?.invariant ?? null

const keepFailures = (farmResult: FarmResult<RunPlan, RunReport>) => {
  const failing = [
    ...farmResult.failures.map(({ plan, report }) => ({
      plan,
      invariant: invariantOf(report),
      replay: replayCommand(plan)
    })),
    ...farmResult.crashes.map(({ error, plan }) => ({
      plan,
      invariant: `crash: ${error}`,
      replay: replayCommand(plan)
    }))
  ]
  Fs.mkdirSync(Path.dirname(failingSeedsFile), { recursive: true })
  Fs.writeFileSync(failingSeedsFile, `${JSON.stringify(failing, null, 2)}\n`)
  say(`failing seeds   ${failing.length}, kept in ${failingSeedsFile}`)
}

const coverageOfAll = (reports: ReadonlyArray<RunReport>): Readonly<Record<string, number>> => {
  const all: Record<string, number> = {}
  for (const { coverage } of reports) {
    for (const [name, count] of Object.entries(coverage)) all[name] = (all[name] ?? 0) + count
  }
  return all
}

const farmResultText = (farmResult: FarmResult<RunPlan, RunReport>, wallMs: number, jobs: number): string => {
  const span = farmResult.reports.reduce((sum, { span_ms }) => sum + span_ms, 0)
  const messages = farmResult.reports.reduce((sum, { counts }) => sum + (counts["messages"] ?? 0), 0)
  const pairs = farmResult.reports.reduce((sum, { counts }) => sum + (counts["pairs"] ?? 0), 0)
  const coverage = coverageOfAll(farmResult.reports)
  const never = Object.entries(coverage).filter(([, count]) => count === 0).map(([name]) => name)
  return [
    `seeds           ${farmResult.reports.length} run with ${jobs} jobs in ${duration(wallMs)}`,
    `simulated       ${duration(span)} in all: ${Math.round(span / wallMs)} x real time`,
    `chats           ${pairs} with ${messages} messages`,
    `rare crossings  ${Object.keys(coverage).length - never.length} of ${
      Object.keys(coverage).length
    } reached`,
    ...(never.length === 0 ? [] : [`never reached   ${never.join(", ")}`]),
    `verdict         ${farmResult.failures.length + farmResult.crashes.length === 0 ? "sound" : "VIOLATION"}`
  ].join("\n")
}

const farm = async (options: SimulateOptions, count: number): Promise<boolean> => {
  const jobs = jobsOf(options)
  const workers = startWorkers<RunPlan, RunReport>(workerScript, jobs)
  const first = Number(options.seed)
  const plans = Array.from({ length: count }, (_, index) => {
    const seed = Number.isInteger(first) ? String(first + index) : `${options.seed}-${index + 1}`
    const plan = planOf(options, seed)
    return options.runners === null ? drawn(plan) : plan
  })
  const elapsed = stopwatch()
  try {
    const farmResult = await runFarm({
      plans,
      jobs,
      run: workers.run,
      isFailure: (report) => report.violations.length > 0,
      virtualMsOf: ({ span_ms }) => span_ms,
      onProgress: ({ failed, finished, of, virtual_ms }) => {
        if (finished % 10 === 0 || finished === of || process.stderr.isTTY) {
          progress(`${finished} of ${of} seeds, ${failed} failed, ${duration(virtual_ms)} simulated`)
        }
      },
      failuresMax: 10
    })
    if (process.stderr.isTTY) process.stderr.write("\n")
    say(farmResultText(farmResult, elapsed(), jobs))
    const [failure] = farmResult.failures
    if (farmResult.failures.length + farmResult.crashes.length === 0) return true
    keepFailures(farmResult)
    for (const { error, plan } of farmResult.crashes) say(`crash of seed ${plan.seed}: ${error}`)
    if (failure !== undefined) await showSmallest(failure.plan, failure.report, workers.run, options.html)
    return false
  } finally {
    workers.stop()
  }
}

const showSmallest = async (
  plan: RunPlan,
  report: RunReport,
  run: (plan: RunPlan) => Promise<RunReport>,
  html: string | null
): Promise<void> => {
  const invariant = invariantOf(report)
  progress(`seed ${plan.seed} breaks "${invariant}": making it smaller`)
  const fails = (candidate: RunPlan) =>
    run(candidate).then((smaller) => invariantOf(smaller) === invariant, () => false)
  const { plan: smallest, runs } = await shrink(plan, fails, shrinkRunsMax)
  say(`\nthe smallest run that breaks it, found in ${runs} runs:\n`)
  one(smallest, html)
}

/** Runs each mutant until a seed catches it. With a single mutant, prints the run that catches it. */
const runMutants = async (options: SimulateOptions): Promise<boolean> => {
  const jobs = jobsOf(options)
  const workers = startWorkers<RunPlan, RunReport>(workerScript, jobs)
  const only = options.mutant === null ? null : mutantNamed(options.mutant).name as Mutant
  const names = only === null ? Object.keys(mutants) as ReadonlyArray<Mutant> : [only]
  const all: Array<MutationRun> = []
  const queue = names.values()
  const elapsed = stopwatch()
  const job = async (): Promise<void> => {
    for (const name of queue) {
      // oxlint-disable-next-line no-await-in-loop
      const mutationRun = await runMutant(name, { run: workers.run, seedsMax: mutantSeedsMax })
      all.push(mutationRun)
      say(lineOf(mutationRun))
    }
  }
  try {
    await Promise.all(Array.from({ length: jobs }, job))
  } finally {
    workers.stop()
  }
  const caught = all.filter((mutationRun) => mutationRun.caught !== null)
  say(`caught          ${caught.length} of ${names.length} mutants in ${duration(elapsed())}`)
  if (only !== null && caught[0] !== undefined) one(caught[0].plan, options.html)
  return caught.length === names.length
}

const scenariosNamed = async (name: string): Promise<ReadonlyArray<Scenario>> => {
  if (name === "all") return shippedScenarios
  const shipped = shippedScenarios.filter((each) => each.name === name)
  if (shipped.length > 0) return shipped
  if (!Fs.existsSync(name)) {
    throw new Error(
      `there is no scenario "${name}" and no such file; "npm run simulate -- --scenario list" shows them all`
    )
  }
  const module = await import(pathToFileURL(Path.resolve(name)).href)
  const found = Object.values(module).filter((each): each is Scenario =>
    typeof each === "object" && each !== null && "write" in each && "name" in each
  )
  if (found.length > 0) return found
  throw new Error(
    `${name} exports no scenario; expected \`export const mine = scenario("...", "...", (script) => {})\``
  )
}

const scenarios = async (name: string, seed: string): Promise<boolean> => {
  if (name === "list") {
    for (const each of shippedScenarios) say(`${each.name}\n    ${each.about}`)
    return true
  }
  let isSound = true
  for (const each of await scenariosNamed(name)) {
    const result = runScenario(each, seed)
    say(`${result.failure === null ? "ok  " : "FAIL"}  ${each.name}`)
    if (result.failure === null) continue
    isSound = false
    say(`\n  at the step "${result.failure.step}": ${result.failure.text}\n\n${timelineOf(result)}\n`)
  }
  return isSound
}

/** True when all is well. */
export const simulateCommand = async (options: SimulateOptions): Promise<boolean> => {
  if (options.scenario !== null) return scenarios(options.scenario, options.seed)
  if (options.mutants) return runMutants(options)
  if (options.seeds !== null) return farm(options, options.seeds)
  return one(planOf(options, options.seed), options.html)
}
