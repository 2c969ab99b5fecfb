// The planted mutants on the terminal: each runs until a seed catches it. With a single mutant, the run that
// catches it is shown.
import { startWorkers } from "../farm/workers.ts"
import { type Mutant, mutantNamed, mutants } from "../mutants/mutants.ts"
import { lineOf, type MutationRun, runMutant } from "../mutants/mutation-run.ts"
import type { RunPlan } from "../run/plan.ts"
import { duration, type RunReport } from "../run/report.ts"
import { stopwatch } from "../run/stopwatch.ts"
import { workerScript } from "./farm-run.ts"
import { one } from "./one-run.ts"
import { jobsOf, type SimulateOptions } from "./options.ts"
import { say } from "./terminal.ts"

/** A mutant that is not caught within so many seeds counts as not caught. */
const mutantSeedsMax = 10

export const runMutants = async (options: SimulateOptions): Promise<boolean> => {
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
  const { html, script, trace } = options
  if (only !== null && caught[0] !== undefined) await one(caught[0].plan, { html, script, trace })
  return caught.length === names.length
}
