// What one run is made of, as plain data: it travels to worker processes, into the file of failing seeds,
// and back into the command line that replays it.
import type { FaultChoice } from "../faults/plan.ts"
import { chosenFaults, faultKinds } from "../faults/plan.ts"
import { defaultWorkload } from "../clients/workload.ts"
import type { Json } from "effect/Schema"
import { Prng } from "../kernel/prng.ts"

export const paceChoices = ["fitting", "production"] as const
export type PaceChoice = (typeof paceChoices)[number]

export interface RunPlan {
  readonly seed: string
  readonly hours: number
  readonly runners: number
  readonly valkey: boolean
  readonly mitras: number
  readonly customers: number
  /** By name; already chosen, not drawn. */
  readonly faults: ReadonlyArray<string>
  /** Keys that differ from the default workload; see clients/workload.ts. */
  readonly workload: Readonly<Record<string, string>>
  /** Settings that staff have turned before the world begins, by key; what is not named has its default. */
  readonly settings?: Readonly<Record<string, Json>>
  /** Runners and stores fail so many times as often. */
  readonly faultRate: number
  /** How often the server's own work beats: what ships, or as fits the faults; see stores/timings.ts. */
  readonly pace: PaceChoice
  /** A planted bug; see mutants/. */
  readonly mutant: string | null
  /** Thrown with dice of its own: order, limits, failpoints; see faults/hazards.ts. */
  readonly hazards?: boolean
  /** Played on a real PostgreSQL, where it is not the same run twice. */
  readonly postgres?: boolean
  /** What its Valkey is asked, a real one is asked as well; the same run, unless the two differ. */
  readonly realValkey?: boolean
}

/** Monday, eight in the morning, in the year the product was born. */
export const startsAt = Date.UTC(2026, 0, 5, 8)

export const shortHours = 4

/** Short worlds must be busy ones, or nothing meets. */
export const shortRunWorkload: Readonly<Record<string, string>> = {
  visits_per_day: "40",
  shift_hours: "14",
  staff_deactivates_per_day: "200",
  staff_reroutes_per_day: "200",
  staff_force_closes_per_day: "60",
  staff_settings_per_day: "60",
  staff_errands_per_day: "200",
  curious_per_hour: "12"
}

/** What the command line says: "none", "all", "swarm", or names with commas. */
export const faultChoice = (text: string): FaultChoice =>
  text === "none" || text === "all" || text === "swarm" ? text : text.split(",").map((name) => name.trim())

/** The faults of this seed, by name. Throws what a person can read. */
export const faultsOf = (text: string, seed: string): ReadonlyArray<string> =>
  chosenFaults(faultChoice(text), new Prng(seed)).map(({ name }) => name)

/** Draws what the tester left open: a farm should not run the same world a thousand times. */
export const drawn = (plan: RunPlan): RunPlan => {
  const prng = new Prng(plan.seed).split("plan")
  const world = { runners: prng.integer(1, 4), valkey: prng.chance(0.4) || plan.realValkey === true }
  const pace = prng.chance(0.25) ? "production" : plan.pace
  return { ...plan, ...world, pace, hazards: plan.hazards === true || prng.split("hazards").chance(0.5) }
}

const faultsText = (names: ReadonlyArray<string>): string =>
  names.length === 0 ? "none" : names.length === faultKinds.length ? "all" : names.join(",")

/** What `--set` must say: a short run has busier clients where it says nothing. */
const workloadOf = ({ hours, workload }: RunPlan): Readonly<Record<string, string>> => {
  if (hours > shortHours) return workload
  const quiet = Object.keys(shortRunWorkload).map((key) => [
    key,
    `${defaultWorkload[key as keyof typeof defaultWorkload]}`
  ])
  return { ...Object.fromEntries(quiet), ...workload }
}

/** The command that replays exactly this run. */
export const replayCommand = (plan: RunPlan): string =>
  [
    `npm run simulate -- --seed ${plan.seed}`,
    `--hours ${plan.hours}`,
    `--mitras ${plan.mitras}`,
    `--customers ${plan.customers}`,
    `--runners ${plan.runners}`,
    ...(plan.valkey ? ["--valkey"] : []),
    `--faults ${faultsText(plan.faults)}`,
    ...Object.entries(workloadOf(plan)).map(([name, value]) => `--set ${name}=${value}`),
    ...Object.entries(plan.settings ?? {}).map(([name, value]) => `--setting ${name}=${value}`),
    ...(plan.faultRate === 1 ? [] : [`--fault-rate ${plan.faultRate}`]),
    ...(plan.pace === "fitting" ? [] : [`--pace ${plan.pace}`]),
    ...(plan.mutant === null ? [] : [`--mutant ${plan.mutant}`]),
    ...(plan.hazards === true ? ["--hazards"] : []),
    ...(plan.postgres === true ? ["--postgres"] : []),
    ...(plan.realValkey === true ? ["--real-valkey"] : [])
  ].join(" ")
