// `simulate`: one run, a farm of seeds, the planted bugs, or a scenario. Progress goes to the error stream,
// results to the output; the exit code is 1 when something was broken that should not be.
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { pathToFileURL } from "node:url"
import { canaries, type Canary, canaryNamed } from "../mutants/mutants.ts"
import { hunt, lineOf, type Prey } from "../mutants/mutation-run.ts"
import { type Harvest, runFarm } from "../farm/farm.ts"
import { shrink } from "../farm/shrink.ts"
import { startWorkers } from "../farm/workers.ts"
import { chronicleOf } from "../report/timeline-data.ts"
import { htmlOf } from "../report/html.ts"
import {
  drawn,
  faultsOf,
  type PaceChoice,
  replayCommand,
  type RunPlan,
  shortHours,
  shortWorldHabits
} from "../run/plan.ts"
import { playPlan, violationStory } from "../run/run.ts"
import { duration, factsOf, reportText, type RunReport } from "../run/report.ts"
import { stopwatch } from "../run/stopwatch.ts"
import { playScenario, storyOf } from "../scenarios/run.ts"
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
  readonly oftener: number
  readonly pace: PaceChoice
  readonly canary: string | null
  readonly canaries: boolean
  readonly scenario: string | null
  readonly html: string | null
}

const failingSeedsFile = ".data/simulate/failing-seeds.json"
const shrinkRunsMax = 60
/** A canary nobody has noticed after so many seeds counts as never noticed. */
const canarySeedsMax = 10

const say = (text: string) => process.stdout.write(`${text}\n`)
const tell = (text: string) => process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${text}` : `${text}\n`)

const planOf = (options: SimulateOptions, seed: string): RunPlan => ({
  seed,
  hours: options.hours,
  runners: options.runners ?? 1,
  valkey: options.valkey,
  mitras: options.mitras,
  customers: options.customers,
  faults: faultsOf(options.faults, seed),
  habits: options.hours <= shortHours ? { ...shortWorldHabits, ...options.set } : options.set,
  oftener: options.oftener,
  pace: options.pace,
  canary: options.canary
})

const writePage = (file: string, report: RunReport, result: Parameters<typeof chronicleOf>[0]) => {
  Fs.mkdirSync(Path.dirname(Path.resolve(file)), { recursive: true })
  Fs.writeFileSync(
    file,
    htmlOf(chronicleOf(result, { title: `Seed ${report.plan.seed}`, facts: factsOf(report) }))
  )
  say(`page            ${file}`)
}

/** A run never lets go of the thread, so nobody would hear a signal: it ends the process, as by default. */
const leaveSignalsToSystem = () => {
  for (const signal of ["SIGINT", "SIGTERM"]) process.removeAllListeners(signal)
}

const one = (plan: RunPlan, html: string | null): boolean => {
  leaveSignalsToSystem()
  const { report, result } = playPlan(plan, { keepTrace: false })
  say(reportText(report))
  if (html !== null) writePage(html, report, result)
  if (report.violations.length === 0) return true
  // Once more, this time keeping every line: the same seed is the same run.
  say(
    `\n${violationStory(playPlan(plan, { keepTrace: true }).result) ?? ""}\n\nreplay: ${replayCommand(plan)}`
  )
  return false
}

const workerScript = new URL("../farm/worker.ts", import.meta.url)
const jobsOf = (options: SimulateOptions): number => options.jobs ?? Math.max(1, Os.availableParallelism())

const invariantOf = (report: RunReport): string | null => report.violations[0]?.invariant ?? null

const keepFailures = (harvest: Harvest<RunPlan, RunReport>) => {
  const failing = [
    ...harvest.failures.map(({ plan, report }) => ({
      plan,
      invariant: invariantOf(report),
      replay: replayCommand(plan)
    })),
    ...harvest.crashes.map(({ error, plan }) => ({
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

const harvestText = (harvest: Harvest<RunPlan, RunReport>, wallMs: number, jobs: number): string => {
  const span = harvest.reports.reduce((sum, { span_ms }) => sum + span_ms, 0)
  const messages = harvest.reports.reduce((sum, { counts }) => sum + (counts["messages"] ?? 0), 0)
  const pairs = harvest.reports.reduce((sum, { counts }) => sum + (counts["pairs"] ?? 0), 0)
  const coverage = coverageOfAll(harvest.reports)
  const never = Object.entries(coverage).filter(([, count]) => count === 0).map(([name]) => name)
  return [
    `seeds           ${harvest.reports.length} played with ${jobs} jobs in ${duration(wallMs)}`,
    `simulated       ${duration(span)} in all: ${Math.round(span / wallMs)} x real time`,
    `chats           ${pairs} with ${messages} messages`,
    `rare crossings  ${Object.keys(coverage).length - never.length} of ${
      Object.keys(coverage).length
    } reached`,
    ...(never.length === 0 ? [] : [`never reached   ${never.join(", ")}`]),
    `verdict         ${harvest.failures.length + harvest.crashes.length === 0 ? "sound" : "VIOLATION"}`
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
    const harvest = await runFarm({
      plans,
      jobs,
      play: workers.play,
      isFailure: (report) => report.violations.length > 0,
      virtualMsOf: ({ span_ms }) => span_ms,
      onProgress: ({ failed, of, played, virtual_ms }) => {
        if (played % 10 === 0 || played === of || process.stderr.isTTY) {
          tell(`${played} of ${of} seeds, ${failed} failed, ${duration(virtual_ms)} simulated`)
        }
      },
      failuresMax: 10
    })
    if (process.stderr.isTTY) process.stderr.write("\n")
    say(harvestText(harvest, elapsed(), jobs))
    const [failure] = harvest.failures
    if (harvest.failures.length + harvest.crashes.length === 0) return true
    keepFailures(harvest)
    for (const { error, plan } of harvest.crashes) say(`crash of seed ${plan.seed}: ${error}`)
    if (failure !== undefined) await tellSmallest(failure.plan, failure.report, workers.play, options.html)
    return false
  } finally {
    workers.stop()
  }
}

const tellSmallest = async (
  plan: RunPlan,
  report: RunReport,
  play: (plan: RunPlan) => Promise<RunReport>,
  html: string | null
): Promise<void> => {
  const invariant = invariantOf(report)
  tell(`seed ${plan.seed} breaks "${invariant}": making it smaller`)
  const fails = (candidate: RunPlan) =>
    play(candidate).then((smaller) => invariantOf(smaller) === invariant, () => false)
  const { plan: smallest, runs } = await shrink(plan, fails, shrinkRunsMax)
  say(`\nthe smallest run that breaks it, found in ${runs} runs:\n`)
  one(smallest, html)
}

/** Each planted bug until some seed shows it. With one alone, the run that shows it is told. */
const huntCanaries = async (options: SimulateOptions): Promise<boolean> => {
  const jobs = jobsOf(options)
  const workers = startWorkers<RunPlan, RunReport>(workerScript, jobs)
  const only = options.canary === null ? null : canaryNamed(options.canary).name as Canary
  const names = only === null ? Object.keys(canaries) as ReadonlyArray<Canary> : [only]
  const all: Array<Prey> = []
  const queue = names.values()
  const elapsed = stopwatch()
  const job = async (): Promise<void> => {
    for (const name of queue) {
      // oxlint-disable-next-line no-await-in-loop
      const prey = await hunt(name, { play: workers.play, seedsMax: canarySeedsMax })
      all.push(prey)
      say(lineOf(prey))
    }
  }
  try {
    await Promise.all(Array.from({ length: jobs }, job))
  } finally {
    workers.stop()
  }
  const caught = all.filter((prey) => prey.caught !== null)
  say(`caught          ${caught.length} of ${names.length} planted bugs in ${duration(elapsed())}`)
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
    typeof each === "object" && each !== null && "tell" in each && "name" in each
  )
  if (found.length > 0) return found
  throw new Error(
    `${name} exports no scenario; expected \`export const mine = scenario("...", "...", (story) => { ... })\``
  )
}

const scenarios = async (name: string, seed: string): Promise<boolean> => {
  if (name === "list") {
    for (const each of shippedScenarios) say(`${each.name}\n    ${each.about}`)
    return true
  }
  let isSound = true
  for (const each of await scenariosNamed(name)) {
    const played = playScenario(each, seed)
    say(`${played.failure === null ? "ok  " : "FAIL"}  ${each.name}`)
    if (played.failure === null) continue
    isSound = false
    say(`\n  at the step "${played.failure.step}": ${played.failure.text}\n\n${storyOf(played)}\n`)
  }
  return isSound
}

/** True when all is well. */
export const simulateCommand = async (options: SimulateOptions): Promise<boolean> => {
  if (options.scenario !== null) return scenarios(options.scenario, options.seed)
  if (options.canaries) return huntCanaries(options)
  if (options.seeds !== null) return farm(options, options.seeds)
  return one(planOf(options, options.seed), options.html)
}
