// Runs one mutant, seed after seed, until a rule of the checker catches it.
import type { RunPlan } from "../run/plan.ts"
import { duration, type RunReport } from "../run/report.ts"
import type { Mutant } from "./mutants.ts"
import { mutantPlan } from "./workload-profiles.ts"

export interface MutationRun {
  readonly name: Mutant
  /** The rule that caught the mutant; null: no rule did within the seeds. */
  readonly caught: string | null
  readonly seeds: number
  /** Of the run in which the mutant was caught, or of the last one. */
  readonly plan: RunPlan
  /** Virtual time until the mutant was caught, in that run. */
  readonly span_ms: number
  /** Real time of all its runs. */
  readonly wall_ms: number
}

export interface MutationRunOptions {
  readonly run: (plan: RunPlan) => Promise<RunReport>
  /** A mutant that is not caught within so many seeds counts as not caught. */
  readonly seedsMax: number
}

export const runMutant = async (
  name: Mutant,
  { run, seedsMax }: MutationRunOptions
): Promise<MutationRun> => {
  let mutationRun: MutationRun | null = null
  let wall_ms = 0
  for (let seeds = 1; mutationRun?.caught == null && seeds <= seedsMax; seeds += 1) {
    const plan = mutantPlan(name, String(seeds))
    // oxlint-disable-next-line no-await-in-loop
    const report = await run(plan)
    wall_ms += report.wall_ms
    const caught = report.violations[0]?.invariant ?? null
    mutationRun = { name, caught, seeds, plan, span_ms: report.span_ms, wall_ms }
  }
  if (mutationRun === null) throw new Error("a mutation run needs at least one seed")
  return mutationRun
}

/** One line: which rule caught it, in which seed, after how long. */
export const lineOf = ({ caught, name, seeds, span_ms, wall_ms }: MutationRun): string => {
  const took = `in ${duration(wall_ms)}`
  const tried = `${seeds} ${seeds === 1 ? "seed" : "seeds"}`
  if (caught === null) return `${name.padEnd(22)}NOT CAUGHT in ${tried}, ${took}`
  return `${name.padEnd(22)}${caught.padEnd(20)}${tried.padEnd(10)}${
    duration(span_ms).padStart(9)
  } into it, ${took}`
}
