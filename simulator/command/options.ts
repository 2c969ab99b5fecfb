// What the command line asks for, what of it is refused, and the plan of a run that it comes to.
import * as Os from "node:os"
import { mutantNamed } from "../mutants/mutants.ts"
import { profileNamed, profilePlan } from "../mutants/workload-profiles.ts"
import { drawn, faultsOf, type PaceChoice, type RunPlan, shortHours, shortRunWorkload } from "../run/plan.ts"
import { workloadWith } from "../clients/workload.ts"
import type { StartingSettings } from "../clients/seed-data.ts"
import { checkSetting } from "../../src/domain/settings.ts"
import type { Json } from "effect/Schema"
import * as Result from "effect/Result"

export interface SimulateOptions {
  readonly seed: string
  readonly seeds: number | null
  readonly jobs: number | null
  readonly hours: number | null
  readonly mitras: number | null
  readonly customers: number | null
  readonly runners: number | null
  readonly valkey: boolean
  readonly faults: string | null
  readonly set: Readonly<Record<string, string>>
  readonly setting: Readonly<Record<string, string>>
  readonly faultRate: number
  readonly pace: PaceChoice
  readonly profile: string | null
  readonly mutant: string | null
  readonly mutants: boolean
  readonly scenario: string | null
  readonly failing: boolean
  readonly stopAtFirst: boolean
  readonly hazards: boolean
  readonly measure: boolean
  /** A farm that learns, for so many hours. */
  readonly hoursOfFarm: number | null
  /** The same worlds on a real PostgreSQL. */
  readonly postgres: boolean
  /** The worlds have a Valkey, and a real one is asked the same. */
  readonly realValkey: boolean
  readonly html: string | null
  readonly trace: string | null
  readonly script: string | null
}

const defaults = { hours: 1, mitras: 5, customers: 15, runners: 1, faults: "swarm" }
export const runnersMax = 5
/** A farm gives up after so many red seeds: by then they are one bug. */
export const failuresMax = 10

/** In memory a world of one runner is the quickest; where transactions are real, they should meet. */
const runnersOnPostgres = [2, 3]

/** What a number on the command line must be, for those that may not be any number. */
const limits: ReadonlyArray<
  readonly [flag: string, value: (options: SimulateOptions) => number | null, least: number, most: number]
> = [
  ["--hours", ({ hours }) => hours, 0.01, 24 * 366],
  ["--hours-of-farm", ({ hoursOfFarm }) => hoursOfFarm, 0.001, 24 * 31],
  ["--seeds", ({ seeds }) => seeds, 1, 1_000_000],
  ["--jobs", ({ jobs }) => jobs, 1, 256],
  ["--mitras", ({ mitras }) => mitras, 0, 100_000],
  ["--customers", ({ customers }) => customers, 0, 1_000_000],
  ["--runners", ({ runners }) => runners, 1, runnersMax],
  ["--fault-rate", ({ faultRate }) => faultRate, 0.01, 1_000]
]

const scalarOf = (text: string): Json =>
  text === "true"
    ? true
    : text === "false"
    ? false
    : text !== "" && !Number.isNaN(Number(text))
    ? Number(text)
    : text

/** Throws in words what the server would refuse. */
const settingsOf = (given: Readonly<Record<string, string>>): StartingSettings => {
  const settings = Object.entries(given).map(([key, text]) => [key, scalarOf(text)] as const)
  for (const [key, value] of settings) {
    const checked = checkSetting(key, value, 0)
    if (Result.isFailure(checked)) throw new Error(checked.failure.message)
  }
  return Object.fromEntries(settings)
}

/** Throws a sentence that a person can act upon; silent when all of it can be done. */
export const checkOptions = (options: SimulateOptions): void => {
  for (const [flag, valueOf, least, most] of limits) {
    const value = valueOf(options)
    if (value === null || (value >= least && value <= most)) continue
    throw new Error(`${flag} cannot be ${value}; expected a number from ${least} to ${most}`)
  }
  const asked = [
    ["--scenario", options.scenario !== null],
    ["--mutants", options.mutants],
    ["--seeds", options.seeds !== null],
    ["--failing", options.failing],
    ["--hours-of-farm", options.hoursOfFarm !== null],
    ["--measure", options.measure]
  ].flatMap(([flag, isAsked]) => isAsked === true ? [String(flag)] : [])
  if (asked.length > 1) throw new Error(`${asked.join(" and ")} cannot be done in one run; choose one`)
  if (options.postgres && (options.scenario !== null || options.mutants || options.hoursOfFarm !== null)) {
    throw new Error("--postgres is for runs and farms; the rest is played in memory")
  }
  if (options.realValkey && (options.scenario !== null || options.mutants || options.hoursOfFarm !== null)) {
    throw new Error("--real-valkey is for runs and farms; the rest asks the simulated one")
  }
  if (options.measure && (options.postgres || options.realValkey)) {
    throw new Error("--measure is for one run in memory: what is real takes its own time")
  }
  const mutation = options.mutant === null ? null : mutantNamed(options.mutant)
  if (mutation?.sql !== undefined && !options.postgres) {
    throw new Error(`the mutant "${mutation.name}" breaks SQL: add --postgres, memory has none`)
  }
  if (mutation?.lua !== undefined && !options.valkey && !options.realValkey) {
    throw new Error(`the mutant "${mutation.name}" breaks a script of Valkey: add --valkey or --real-valkey`)
  }
  if (options.profile !== null) profileNamed(options.profile)
  workloadWith(options.set)
  settingsOf(options.setting)
  faultsOf(options.faults ?? defaults.faults, options.seed)
}

/** The run of this seed. Of a profile only what is said on the command line as well is different. */
export const planOf = (options: SimulateOptions, seed: string): RunPlan => {
  const { customers, hours, mitras, mutant, pace, profile, runners } = options
  if (profile !== null) {
    const plan = profilePlan(profileNamed(profile), seed)
    return {
      ...plan,
      hours: hours ?? plan.hours,
      runners: runners ?? plan.runners,
      mitras: mitras ?? plan.mitras,
      customers: customers ?? plan.customers,
      valkey: options.valkey || options.realValkey || plan.valkey,
      faults: options.faults === null ? plan.faults : faultsOf(options.faults, seed),
      faultRate: options.faultRate === 1 ? plan.faultRate : options.faultRate,
      workload: { ...plan.workload, ...options.set },
      settings: { ...plan.settings, ...settingsOf(options.setting) },
      pace,
      mutant,
      hazards: options.hazards,
      postgres: options.postgres,
      realValkey: options.realValkey
    }
  }
  const isShort = (hours ?? defaults.hours) <= shortHours
  return {
    seed,
    hours: hours ?? defaults.hours,
    runners: runners ?? (options.postgres ? runnersOnPostgres[0]! : defaults.runners),
    valkey: options.valkey || options.realValkey,
    mitras: mitras ?? defaults.mitras,
    customers: customers ?? defaults.customers,
    faults: faultsOf(options.faults ?? defaults.faults, seed),
    workload: isShort ? { ...shortRunWorkload, ...options.set } : options.set,
    settings: settingsOf(options.setting),
    faultRate: options.faultRate,
    pace,
    mutant,
    hazards: options.hazards,
    postgres: options.postgres,
    realValkey: options.realValkey
  }
}

/** The runs of a farm: numbered seeds from the first on, each in a world of its own. */
export const plansOf = (options: SimulateOptions, count: number): ReadonlyArray<RunPlan> => {
  const first = Number(options.seed)
  return Array.from({ length: count }, (_, index) => {
    const seed = Number.isInteger(first) ? String(first + index) : `${options.seed}-${index + 1}`
    const plan = planOf(options, seed)
    if (options.runners !== null || options.profile !== null) return plan
    const runners = runnersOnPostgres[index % runnersOnPostgres.length]!
    return options.postgres ? { ...drawn(plan), runners } : drawn(plan)
  })
}

export const jobsOf = (options: SimulateOptions): number =>
  options.jobs ?? Math.max(1, Os.availableParallelism())
