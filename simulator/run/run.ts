// Plays one plan to its end and reports what happened, what was broken and how long it took.
import { canaryNamed } from "../mutants/mutants.ts"
import { habitsWith } from "../clients/workload.ts"
import { population } from "../clients/population.ts"
import { checkerOf } from "../checkers/checker.ts"
import { Coverage } from "../coverage.ts"
import { chosenFaults, faultPlan, oftener } from "../faults/plan.ts"
import { Dice } from "../kernel/prng.ts"
import { timeline } from "../report/timeline.ts"
import { simulate, type SimulationResult } from "../simulation.ts"
import { brisk, calm, production } from "../stores/pace.ts"
import type { Pace } from "../stores/stores.ts"
import { type RunPlan, startsAt } from "./plan.ts"
import { reportOf, type RunReport } from "./report.ts"
import { stopwatch } from "./stopwatch.ts"

export interface Played {
  readonly report: RunReport
  readonly result: SimulationResult
}

/** A lone runner needs nobody to watch over it; a planted bug may break what does. */
const paceOf = ({ canary, pace, runners }: RunPlan): Pace => {
  if (pace === "production" || canary !== null) return production
  return runners > 1 ? brisk : calm
}

export const playPlan = (plan: RunPlan, options: { readonly keepTrace: boolean }): Played => {
  const chosen = chosenFaults(plan.faults, new Dice(plan.seed))
  const kinds = oftener(chosen, plan.oftener)
  const coverage = new Coverage()
  const elapsed = stopwatch()
  const cpuBefore = process.cpuUsage()
  const result = simulate(
    {
      seed: plan.seed,
      hours: plan.hours,
      runners: plan.runners,
      valkey: plan.valkey,
      mitras: plan.mitras,
      customers: plan.customers,
      starts_at: startsAt,
      pace: paceOf(plan),
      keepTrace: options.keepTrace,
      sabotage: plan.canary === null ? null : canaryNamed(plan.canary)
    },
    {
      population: population(habitsWith(plan.habits)),
      faults: faultPlan(kinds),
      checker: checkerOf({ coverage: coverage.rule })
    }
  )
  const { system, user } = process.cpuUsage(cpuBefore)
  const took = { wall_ms: elapsed(), cpu_ms: (system + user) / 1_000 }
  return { report: reportOf(plan, result, took, Object.fromEntries(coverage.counts)), result }
}

const before_us = 120_000_000
const linesMax = 120

/** The last minutes before the first violation, a column for each who is named or in that chat. */
export const violationStory = (result: SimulationResult): string | null => {
  const [violation] = result.violations
  if (violation === undefined) return null
  const session = result.stage.world.stores.tables.chat_sessions.get(violation.session_id ?? "")
  const concerned = new Set([...violation.people, session?.customer_id, session?.mitra_id])
  const people = result.population.apps
    .filter(({ id, name }) => concerned.has(name) || (id !== null && concerned.has(id)))
    .map(({ name }) => name)
  return timeline(result.stage.trace.entries, {
    people: people.slice(0, 4),
    from_us: violation.at_us - before_us,
    to_us: violation.at_us,
    zero_us: violation.at_us,
    linesMax
  })
}
