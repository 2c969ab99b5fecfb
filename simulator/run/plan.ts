// What one run is made of, as plain data: it travels to worker processes, into the file of failing seeds,
// and back into the command line that replays it.
import type { FaultChoice } from "../faults/plan.ts"
import { chosenFaults, faultKinds } from "../faults/plan.ts"
import { Dice } from "../kernel/prng.ts"

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
  /** Habits that differ from the usual ones; see cast/habits.ts. */
  readonly habits: Readonly<Record<string, string>>
  /** Runners and stores fail so many times as often. */
  readonly oftener: number
  /** How often the server's own work beats: what ships, or as fits the faults; see stores/pace.ts. */
  readonly pace: PaceChoice
  /** A planted bug; see canaries/. */
  readonly canary: string | null
}

/** Monday, eight in the morning, in the year the product was born. */
export const startsAt = Date.UTC(2026, 0, 5, 8)

export const shortHours = 4

/** Short worlds must be busy ones, or nothing meets. */
export const shortWorldHabits: Readonly<Record<string, string>> = {
  visits_per_day: "40",
  shift_hours: "14",
  staff_deactivates_per_day: "200",
  staff_reroutes_per_day: "200",
  staff_force_closes_per_day: "60",
  staff_settings_per_day: "60"
}

/** What the command line says: "none", "all", "swarm", or names with commas. */
export const faultChoice = (text: string): FaultChoice =>
  text === "none" || text === "all" || text === "swarm" ? text : text.split(",").map((name) => name.trim())

/** The faults of this seed, by name. Throws what a person can read. */
export const faultsOf = (text: string, seed: string): ReadonlyArray<string> =>
  chosenFaults(faultChoice(text), new Dice(seed)).map(({ name }) => name)

/** Draws what the tester left open: a farm should not run the same world a thousand times. */
export const drawn = (plan: RunPlan): RunPlan => {
  const dice = new Dice(plan.seed).split("plan")
  const world = { runners: dice.integer(1, 4), valkey: dice.chance(0.4) }
  return { ...plan, ...world, pace: dice.chance(0.25) ? "production" : plan.pace }
}

const faultsText = (names: ReadonlyArray<string>): string =>
  names.length === 0 ? "none" : names.length === faultKinds.length ? "all" : names.join(",")

/** The command that plays exactly this run again. */
export const replayCommand = (plan: RunPlan): string =>
  [
    `npm run simulate -- --seed ${plan.seed}`,
    `--hours ${plan.hours}`,
    `--mitras ${plan.mitras}`,
    `--customers ${plan.customers}`,
    `--runners ${plan.runners}`,
    ...(plan.valkey ? ["--valkey"] : []),
    `--faults ${faultsText(plan.faults)}`,
    ...Object.entries(plan.habits).map(([name, value]) => `--set ${name}=${value}`),
    ...(plan.oftener === 1 ? [] : [`--oftener ${plan.oftener}`]),
    ...(plan.pace === "fitting" ? [] : [`--pace ${plan.pace}`]),
    ...(plan.canary === null ? [] : [`--canary ${plan.canary}`])
  ].join(" ")
