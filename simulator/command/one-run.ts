// One run on the terminal, and the files that may be written of it: its page, its trace, its scenario.
import * as Fs from "node:fs"
import * as Path from "node:path"
import { chromeTraceOf } from "../report/chrome-trace.ts"
import { htmlOf } from "../report/html.ts"
import { scenarioFileOf } from "../report/scenario-file.ts"
import { timelineDataOf } from "../report/timeline-data.ts"
import { commitOf } from "../run/commit.ts"
import { replayCommand, type RunPlan } from "../run/plan.ts"
import { factsOf, reportText } from "../run/report.ts"
import { playPlan, stopPlaying } from "../run/play-plan.ts"
import { type FinishedRun, simulatePlan, violationTimeline } from "../run/run.ts"
import { leaveSignalsToSystem, say } from "./terminal.ts"

/** The files that are wanted of a run; null: not this one. */
export interface Files {
  readonly html: string | null
  readonly trace: string | null
  readonly script: string | null
}

export const noFiles: Files = { html: null, trace: null, script: null }

export const write = (file: string, text: string): void => {
  Fs.mkdirSync(Path.dirname(Path.resolve(file)), { recursive: true })
  Fs.writeFileSync(file, text)
}

export const pageOf = ({ recording, report, result }: FinishedRun): string =>
  htmlOf(timelineDataOf(result, {
    title: `Seed ${report.plan.seed}`,
    facts: factsOf(report),
    replay: replayCommand(report.plan),
    commit: commitOf()
  }, recording))

const writeFiles = (run: FinishedRun, { html, script, trace }: Files): void => {
  const { report, result } = run
  if (html !== null) {
    write(html, pageOf(run))
    say(`page            ${html}`)
  }
  if (trace !== null) {
    write(trace, JSON.stringify(chromeTraceOf(result, run.recording)))
    say(`trace           ${trace}: open it in ui.perfetto.dev or chrome://tracing`)
  }
  if (script === null) return
  if (report.violations.length === 0 || run.recording === null) {
    say("scenario        not written: nothing is broken in this run")
    return
  }
  write(script, scenarioFileOf(run.report.plan, result, run.recording, Path.dirname(Path.resolve(script))))
  say(`scenario        ${script}: npm run simulate -- --scenario ${script}`)
}

/** True when nothing was broken. */
export const one = async (plan: RunPlan, files: Files): Promise<boolean> => {
  if (plan.postgres !== true) leaveSignalsToSystem()
  // On a real database there is no second time.
  const isKept = plan.postgres === true || Object.values(files).some((file) => file !== null)
  const first = await playPlan(plan, { keepTrace: isKept })
  await stopPlaying()
  say(reportText(first.report))
  const isSound = first.report.violations.length === 0
  if (isSound) {
    writeFiles(first, files)
    return true
  }
  // Once more, this time keeping every line: the same seed is the same run.
  const kept = isKept ? first : simulatePlan(plan, { keepTrace: true })
  writeFiles(kept, files)
  say(`\n${violationTimeline(kept.result) ?? ""}\n\nreplay: ${replayCommand(plan)}`)
  return false
}
