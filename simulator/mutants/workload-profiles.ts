// The workloads that mutants run in: many customers for few mitras, busy staff, and runners and stores that
// fail more often than in other runs. A mutant that needs a crossing of its own has a profile where that is
// common. All of it may happen in any run, only not within minutes.
import { faultsOf, type RunPlan } from "../run/plan.ts"
import { Prng, streamNames } from "../kernel/prng.ts"
import type { StartingSettings } from "../clients/seed-data.ts"
import { fittingProfiles } from "./fitting-profiles.ts"
import type { Mutant } from "./mutants.ts"

export interface WorkloadProfile {
  readonly hours: number
  readonly runners: number
  readonly mitras: number
  readonly customers: number
  /** Null: drawn by the seed. */
  readonly valkey: boolean | null
  /** As on the command line. */
  readonly faults: string
  readonly faultRate: number
  /** Turned before the world begins. */
  readonly settings?: StartingSettings
  /** Differences to the default workload, by key. */
  readonly workload: Readonly<Record<string, number>>
}

export const busyProfile: WorkloadProfile = {
  hours: 1,
  runners: 3,
  mitras: 6,
  customers: 30,
  valkey: null,
  faults: "swarm",
  faultRate: 3,
  workload: {
    visits_per_day: 60,
    shift_hours: 20,
    days_off_share: 0,
    ignores_offer_share: 0.3,
    extends_share: 0.5,
    says_goodbye_share: 0.9,
    kills_per_hour: 0.6,
    staff_deactivates_per_day: 240,
    staff_reroutes_per_day: 240,
    deactivated_for_min: 3
  }
}

const profile = ({ workload = {}, ...changes }: Partial<WorkloadProfile>): WorkloadProfile => ({
  ...busyProfile,
  ...changes,
  workload: { ...busyProfile.workload, ...workload }
})

/** One runner and no faults: what the clients do is enough. */
const calmProfile = (workload: WorkloadProfile["workload"], changes: Partial<WorkloadProfile> = {}) =>
  profile({ runners: 1, customers: 15, valkey: false, faults: "none", ...changes, workload })

const lostAnswersWorkload = {
  ...busyProfile.workload,
  ends_early_share: 0.9,
  extends_share: 0.9,
  says_goodbye_share: 1
}

/** By the name of the mutant; all others run with the busy profile. */
const profiles: Readonly<Partial<Record<Mutant, WorkloadProfile>>> = {
  // An owner that stood still while another took over, again and again.
  fence: profile({ faults: "freeze", faultRate: 30, valkey: false }),
  // One mitra, more customers than she may have, and all of them at once.
  "endless-slots": calmProfile({ visits_per_day: 400, ignores_offer_share: 0 }, { mitras: 1, customers: 30 }),
  "free-extensions": calmProfile({ extends_share: 1, visits_per_day: 200 }),
  "charged-pauses": calmProfile({ extends_share: 1, visits_per_day: 200 }),
  // Commands that are carried out and whose answer is lost.
  "forgotten-commands": profile({
    faults: "lost-answers",
    faultRate: 60,
    valkey: false,
    workload: lostAnswersWorkload
  }),
  // The same, with calm in between: only then must a missing event be noticed.
  "silent-loads": calmProfile({ visits_per_day: 200, kills_per_hour: 0, cuts_per_hour: 0 }, {
    customers: 30,
    faults: "lost-answers",
    faultRate: 12
  }),
  "blind-payments": calmProfile({ visits_per_day: 200, pays_never_share: 0 }, { faults: "odd-amounts" }),
  "dead-payments": calmProfile({ pays_never_share: 1, visits_per_day: 200 }),
  // Offers stay open, because no mitra answers, while staff deactivate one mitra after the other.
  "kept-offers": calmProfile({
    ignores_offer_share: 1,
    visits_per_day: 400,
    staff_deactivates_per_day: 2_000,
    deactivated_for_min: 1
  }),
  // Mitras whose app is closed while they are put out, and is opened again when they may come back: before
  // that the account's own flag keeps them out.
  "open-doors": calmProfile({
    kills_per_hour: 12,
    returns_within_s: 60,
    staff_deactivates_per_day: 2_000,
    deactivated_for_min: 0.2
  }),
  "deaf-to-resync": profile({ faults: "bus,lag", faultRate: 10, valkey: false }),
  "guessing-sweep": profile({ faults: "valkey-gone,valkey-stall", faultRate: 6, valkey: true }),
  // Mitras who are away for long while their customers pay for more time.
  "everybody-reachable": calmProfile({
    extends_share: 1,
    visits_per_day: 200,
    kills_per_hour: 8,
    returns_within_s: 400
  })
}

export const profileOf = (name: Mutant): WorkloadProfile => profiles[name] ?? busyProfile

/** What a tester may name: called after the mutant that it was made for, or what it is full of. */
const named: Readonly<Record<string, WorkloadProfile>> = {
  busy: busyProfile,
  ...profiles,
  ...fittingProfiles
}

/** For the command line: throws what a person can read. */
export const profileNamed = (name: string): WorkloadProfile => {
  const found = named[name]
  if (found !== undefined) return found
  throw new Error(`there is no profile "${name}"; expected one of ${Object.keys(named).join(", ")}`)
}

/** The plan of this mutant's run with this seed. */
export const mutantPlan = (name: Mutant, seed: string): RunPlan => ({
  ...profilePlan(profileOf(name), seed),
  mutant: name
})

/** The world of this profile that the seed draws. */
export const profilePlan = (profile: WorkloadProfile, seed: string): RunPlan => {
  const { faults, workload, valkey, ...world } = profile
  return {
    seed,
    ...world,
    valkey: valkey ?? new Prng(seed).split(streamNames.workload_profile).chance(0.4),
    faults: faultsOf(faults, seed),
    workload: Object.fromEntries(Object.entries(workload).map(([key, value]) => [key, `${value}`])),
    pace: "fitting",
    mutant: null
  }
}
