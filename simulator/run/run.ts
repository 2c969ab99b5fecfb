// Runs one plan to its end and reports what happened, what was broken and how long it took.
import { mutantNamed } from "../mutants/mutants.ts"
import { workloadWith } from "../clients/workload.ts"
import { population } from "../clients/population.ts"
import { checkerOf } from "../checkers/checker.ts"
import type { RuleTimes } from "../checkers/rule-times.ts"
import { unchecked } from "../checkers/unchecked.ts"
import { Coverage } from "../coverage.ts"
import { Refusals } from "../refusals.ts"
import { atFaultRate, chosenFaults, faultPlan } from "../faults/plan.ts"
import { hazardsAndFaults, timingsWith } from "../faults/hazards.ts"
import { Prng } from "../kernel/prng.ts"
import { Recording } from "../report/recording.ts"
import { timeline } from "../report/timeline.ts"
import {
  type RunParts,
  simulate,
  simulateOn,
  type SimulationOptions,
  type SimulationResult
} from "../simulation.ts"
import { loneRunner, production, withFaults } from "../stores/timings.ts"
import type { RealStores, Timings } from "../stores/stores.ts"
import { realValkey } from "../valkey/real-valkey.ts"
import { type RunPlan, startsAt } from "./plan.ts"
import { reportOf, type RunReport } from "./report.ts"
import { stopwatch } from "./stopwatch.ts"

export interface FinishedRun {
  readonly report: RunReport
  readonly result: SimulationResult
  /** Of a run that was kept; null for any other. */
  readonly recording: Recording | null
}

/** A lone runner has no peers that watch it; a mutant may break what a longer interval relies on. */
const timingsOf = ({ mutant, pace, runners }: RunPlan): Timings => {
  if (pace === "production" || mutant !== null) return production
  return runners > 1 ? withFaults : loneRunner
}

export interface RunOptions {
  readonly keepTrace: boolean
  /** False: no rule looks. */
  readonly isChecked?: boolean
  /** Collects how long each rule takes. */
  readonly times?: RuleTimes
}

/** What a plan comes to, and what is to be said of its result. */
const prepare = (plan: RunPlan, { isChecked = true, keepTrace, times }: RunOptions) => {
  const chosen = chosenFaults(plan.faults, new Prng(plan.seed))
  const { hazards, kinds: more } = hazardsAndFaults(plan)
  const kinds = atFaultRate([...chosen, ...more], plan.faultRate)
  const coverage = new Coverage()
  const refused = new Refusals()
  const recording = keepTrace ? new Recording() : null
  const checker = checkerOf({
    coverage: coverage.rule,
    refusals: refused.rule,
    ...(recording === null ? {} : { recording: recording.rule })
  }, times ?? null)
  const elapsed = stopwatch()
  const cpuBefore = process.cpuUsage()
  const options: SimulationOptions = {
    seed: plan.seed,
    hours: plan.hours,
    runners: plan.runners,
    valkey: plan.valkey,
    mitras: plan.mitras,
    customers: plan.customers,
    starts_at: startsAt,
    settings: plan.settings ?? {},
    timings: hazards === null ? timingsOf(plan) : timingsWith(timingsOf(plan), hazards),
    hazards,
    realValkey: plan.realValkey === true ? realValkey() : null,
    keepTrace,
    mutation: plan.mutant === null ? null : mutantNamed(plan.mutant)
  }
  const parts: RunParts = {
    population: population(workloadWith(plan.workload)),
    faults: faultPlan(kinds),
    checker: (context, ...others) => {
      recording?.attach(context)
      return isChecked ? checker(context, ...others) : unchecked(context)
    }
  }
  const finished = (result: SimulationResult): FinishedRun => {
    const { system, user } = process.cpuUsage(cpuBefore)
    const took = { wall_ms: elapsed(), cpu_ms: (system + user) / 1_000 }
    const reached = Object.fromEntries(coverage.counts)
    const report = reportOf(plan, result, took, reached, Object.fromEntries(refused.counts))
    return { report, result, recording }
  }
  return { options, parts, finished }
}

export const simulatePlan = (plan: RunPlan, options: RunOptions): FinishedRun => {
  const prepared = prepare(plan, options)
  return prepared.finished(simulate(prepared.options, prepared.parts))
}

/** The same world on real stores: as likely to fail, but not twice in the same way. */
export const simulatePlanOn = async (
  real: RealStores,
  plan: RunPlan,
  options: RunOptions
): Promise<FinishedRun> => {
  const prepared = prepare(plan, options)
  return prepared.finished(await simulateOn(real, prepared.options, prepared.parts))
}

const before_us = 120_000_000
const linesMax = 120

/** The last minutes before the first violation, a column for each who is named or in that chat. */
export const violationTimeline = (result: SimulationResult): string | null => {
  const [violation] = result.violations
  if (violation === undefined) return null
  const session = result.context.world.stores.tables.chat_sessions.get(violation.session_id ?? "")
  const concerned = new Set([...violation.people, session?.customer_id, session?.mitra_id])
  const people = result.population.apps
    .filter(({ id, name }) => concerned.has(name) || (id !== null && concerned.has(id)))
    .map(({ name }) => name)
  return timeline(result.context.trace.entries, {
    people: people.slice(0, 4),
    from_us: violation.at_us - before_us,
    to_us: violation.at_us,
    zero_us: violation.at_us,
    linesMax
  })
}
