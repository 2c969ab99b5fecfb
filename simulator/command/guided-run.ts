// `--hours-of-farm`: a farm that runs unattended for so many hours, learns from what it reaches, goes on
// where the last one stopped, and writes what it finds as files with an index page.
import * as Fs from "node:fs"
import { type Corpus, emptyCorpus, learn, nextPlan } from "../farm/guided.ts"
import { startWorkers } from "../farm/workers.ts"
import { Prng } from "../kernel/prng.ts"
import { farmPageOf } from "../report/farm-page.ts"
import { commitOf } from "../run/commit.ts"
import { drawn, replayCommand, type RunPlan } from "../run/plan.ts"
import { duration, type RunReport } from "../run/report.ts"
import { simulatePlan } from "../run/run.ts"
import { stopwatch } from "../run/stopwatch.ts"
import { workerScript } from "./farm-run.ts"
import { pageOf, write } from "./one-run.ts"
import { jobsOf, planOf, type SimulateOptions } from "./options.ts"
import { say } from "./terminal.ts"

const folder = ".data/simulate"
const corpusFile = `${folder}/corpus/corpus.json`
const findingsFolder = `${folder}/findings`
const tellEveryMs = 60_000
const findingsMax = 200

interface Finding {
  readonly plan: RunPlan
  readonly report: RunReport
}

const corpusSoFar = (): Corpus =>
  Fs.existsSync(corpusFile) ? JSON.parse(Fs.readFileSync(corpusFile, "utf8")) as Corpus : emptyCorpus

const nameOf = ({ plan }: Finding, number: number): string =>
  `${findingsFolder}/${number}-seed-${plan.seed.replaceAll(/\W/g, "_")}`

/** Written at once: the machine may be switched off before the night is over. */
const keep = (findings: ReadonlyArray<Finding>, reports: ReadonlyArray<RunReport>): void => {
  const number = findings.length
  const finding = findings.at(-1)!
  const { plan, report } = finding
  const name = nameOf(finding, number)
  const text = { plan, violations: report.violations, commit: commitOf(), replay: replayCommand(plan) }
  write(`${name}.json`, `${JSON.stringify(text, null, 2)}\n`)
  write(`${name}.html`, pageOf(simulatePlan(plan, { keepTrace: true })))
  write(
    `${findingsFolder}/index.html`,
    farmPageOf({
      plans: findings.map((each) => each.plan),
      farmResult: { reports, failures: findings, crashes: [] },
      pages: new Map(findings.map((each, index) => [each.plan.seed, `${nameOf(each, index + 1)}.html`])),
      commit: commitOf()
    })
  )
  say(`FOUND           ${report.violations[0]?.invariant}: ${name}.html`)
}

/** True when nothing was found. */
export const guidedFarm = async (options: SimulateOptions, hours: number): Promise<boolean> => {
  const workers = startWorkers<RunPlan, RunReport>(workerScript, jobsOf(options))
  const elapsed = stopwatch()
  let corpus = corpusSoFar()
  const began = corpus.runs
  // Those under way count as well: no two have the same seed.
  let runs = corpus.runs
  const findings: Array<Finding> = []
  let told = 0
  let crashes = 0
  const tell = () => {
    told = elapsed()
    write(corpusFile, `${JSON.stringify(corpus)}\n`)
    say(
      `${duration(told).padStart(9)}  ${corpus.runs} runs, ${
        Object.keys(corpus.reached).length
      } pairs reached, ` +
        `${corpus.kept.length} plans kept, ${findings.length} red, ${crashes} crashed`
    )
  }
  const job = async (): Promise<void> => {
    while (elapsed() < hours * 3_600_000 && findings.length < findingsMax) {
      runs += 1
      const seed = `${options.seed}-${runs}`
      const plan = nextPlan(corpus, drawn(planOf(options, seed)), new Prng(`guided/${seed}`))
      try {
        // oxlint-disable-next-line no-await-in-loop
        const report = await workers.run(plan)
        corpus = learn(corpus, plan, report)
        if (report.violations.length > 0) {
          findings.push({ plan, report })
          keep(findings, findings.map((each) => each.report))
          if (options.stopAtFirst) return
        }
      } catch (error) {
        crashes += 1
        say(
          `crash           ${replayCommand(plan)}: ${
            error instanceof Error ? error.message.slice(0, 300) : error
          }`
        )
      }
      if (elapsed() - told > tellEveryMs) tell()
    }
  }
  try {
    await Promise.all(Array.from({ length: jobsOf(options) }, job))
  } finally {
    workers.stop()
    tell()
  }
  say(`runs            ${corpus.runs - began}, each unlike the others; kept in ${corpusFile}`)
  if (findings.length > 0) say(`findings        ${findings.length}, in ${findingsFolder}/index.html`)
  return findings.length === 0
}
