// Sends out a planted bug, seed after seed, until somebody notices it.
import type { RunPlan } from "../run/plan.ts"
import { duration, type RunReport } from "../run/report.ts"
import type { Canary } from "./mutants.ts"
import { huntPlan } from "./workload-profiles.ts"

export interface Prey {
  readonly name: Canary
  /** Which promise was seen broken; null: nobody noticed within the seeds. */
  readonly caught: string | null
  readonly seeds: number
  /** Of the run in which it was noticed, or of the last one. */
  readonly plan: RunPlan
  /** Virtual time until somebody noticed, in that run. */
  readonly span_ms: number
  /** All its runs took the machine so long. */
  readonly wall_ms: number
}

export interface HuntOptions {
  readonly play: (plan: RunPlan) => Promise<RunReport>
  /** A bug that nobody has noticed after so many seeds counts as never noticed. */
  readonly seedsMax: number
}

export const hunt = async (name: Canary, { play, seedsMax }: HuntOptions): Promise<Prey> => {
  let prey: Prey | null = null
  let wall_ms = 0
  for (let seeds = 1; prey?.caught == null && seeds <= seedsMax; seeds += 1) {
    const plan = huntPlan(name, String(seeds))
    // oxlint-disable-next-line no-await-in-loop
    const report = await play(plan)
    wall_ms += report.wall_ms
    const caught = report.violations[0]?.invariant ?? null
    prey = { name, caught, seeds, plan, span_ms: report.span_ms, wall_ms }
  }
  if (prey === null) throw new Error("a hunt needs at least one seed")
  return prey
}

/** One line: who noticed, in which seed, after how long. */
export const lineOf = ({ caught, name, seeds, span_ms, wall_ms }: Prey): string => {
  const took = `in ${duration(wall_ms)}`
  const tried = `${seeds} ${seeds === 1 ? "seed" : "seeds"}`
  if (caught === null) return `${name.padEnd(22)}NOT CAUGHT in ${tried}, ${took}`
  return `${name.padEnd(22)}${caught.padEnd(20)}${tried.padEnd(10)}${
    duration(span_ms).padStart(9)
  } into it, ${took}`
}
