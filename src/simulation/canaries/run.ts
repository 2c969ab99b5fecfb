// Sends out each canary, seed after seed, until somebody notices it.
import { type Cast, simulate, type SimulationOptions, type Violation } from "../simulation.ts"
import type { Sabotage } from "../server/sabotage.ts"
import { canaries } from "./canaries.ts"

export interface CanaryOutcome {
  readonly canary: Sabotage
  /** What was noticed first; null: nobody noticed within the seeds. */
  readonly caught: Violation | null
  /** Of the run that noticed, or of the last one. */
  readonly seed: string
  readonly seeds_tried: number
  /** Virtual time until somebody noticed, in the run that did. */
  readonly span_ms: number
}

export interface CanaryPlan {
  readonly options: SimulationOptions
  /** Who lives there, what goes wrong and who watches, for a seed; faults are drawn like in any other run. */
  readonly castOf: (options: SimulationOptions) => Cast
  readonly seedsMax: number
  /** All of them when it is left out. */
  readonly only?: ReadonlyArray<Sabotage>
  readonly onOutcome?: (outcome: CanaryOutcome) => void
}

/** The first seed is the plan's own: a catch in it is replayed with the plan's options as they are. */
export const seedOf = (seed: string, tried: number): string => tried === 1 ? seed : `${seed}-${tried}`

const sendOut = (canary: Sabotage, { castOf, options, seedsMax }: CanaryPlan): CanaryOutcome => {
  let outcome: CanaryOutcome = { canary, caught: null, seed: options.seed, seeds_tried: 0, span_ms: 0 }
  for (let tried = 1; tried <= seedsMax && outcome.caught === null; tried += 1) {
    const run = { ...options, seed: seedOf(options.seed, tried), sabotage: canary }
    const { span_ms, violations } = simulate(run, castOf(run))
    outcome = { canary, caught: violations[0] ?? null, seed: run.seed, seeds_tried: tried, span_ms }
  }
  return outcome
}

export const runCanaries = (plan: CanaryPlan): ReadonlyArray<CanaryOutcome> =>
  (plan.only ?? Object.values(canaries)).map((canary) => {
    const outcome = sendOut(canary, plan)
    plan.onOutcome?.(outcome)
    return outcome
  })

export const uncaught = (outcomes: ReadonlyArray<CanaryOutcome>): ReadonlyArray<CanaryOutcome> =>
  outcomes.filter(({ caught }) => caught === null)

/** One line: the guard, who noticed, and after how many seeds. */
export const lineOf = ({ canary, caught, seed, seeds_tried, span_ms }: CanaryOutcome): string => {
  const seeds = `${seeds_tried} ${seeds_tried === 1 ? "seed" : "seeds"}`
  if (caught === null) return `NOT CAUGHT ${canary.name}: ${canary.says} (${seeds})`
  const minutes = (span_ms / 60_000).toFixed(1)
  const noticed = `caught ${canary.name} by "${caught.invariant}"`
  return `${noticed} after ${seeds}, ${minutes} min into ${seed}: ${caught.text}`
}
