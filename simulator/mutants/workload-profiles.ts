// Where planted bugs are hunted: a crowd with few mitras, restless staff, and runners and stores that fail
// more often than in other runs. A bug that needs a crossing of its own has a ground where that is common.
// Everything that happens there may happen anywhere, only not within minutes.
import { faultsOf, type RunPlan } from "../run/plan.ts"
import { Dice } from "../kernel/prng.ts"
import type { Canary } from "./mutants.ts"

export interface Ground {
  readonly hours: number
  readonly runners: number
  readonly mitras: number
  readonly customers: number
  /** Null: drawn by the seed. */
  readonly valkey: boolean | null
  /** As on the command line. */
  readonly faults: string
  readonly oftener: number
  /** Differences to the cast's habits, by their names. */
  readonly habits: Readonly<Record<string, number>>
}

export const busyGround: Ground = {
  hours: 1,
  runners: 3,
  mitras: 6,
  customers: 30,
  valkey: null,
  faults: "swarm",
  oftener: 3,
  habits: {
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

const ground = ({ habits = {}, ...changes }: Partial<Ground>): Ground => ({
  ...busyGround,
  ...changes,
  habits: { ...busyGround.habits, ...habits }
})

/** One runner, sound machines: what people do is enough. */
const peaceful = (habits: Ground["habits"], changes: Partial<Ground> = {}) =>
  ground({ runners: 1, customers: 15, valkey: false, faults: "none", ...changes, habits })

const lostWords = { ...busyGround.habits, ends_early_share: 0.9, extends_share: 0.9, says_goodbye_share: 1 }

/** By the name of the planted bug; all others are hunted on the busy ground. */
const grounds: Readonly<Partial<Record<Canary, Ground>>> = {
  // An owner that stood still while another took over, again and again.
  fence: ground({ faults: "freeze", oftener: 30, valkey: false }),
  // One mitra, more customers than she may have, and all of them at once.
  "endless-slots": peaceful({ visits_per_day: 400, ignores_offer_share: 0 }, { mitras: 1, customers: 30 }),
  "free-extensions": peaceful({ extends_share: 1, visits_per_day: 200 }),
  "charged-pauses": peaceful({ extends_share: 1, visits_per_day: 200 }),
  // Commands whose answer is lost between the deed and the word.
  "forgotten-commands": ground({ faults: "lost-answers", oftener: 60, valkey: false, habits: lostWords }),
  // The same, with calm in between: only then is the missing word a broken promise.
  "silent-loads": peaceful({ visits_per_day: 200, kills_per_hour: 0, cuts_per_hour: 0 }, {
    customers: 30,
    faults: "lost-answers",
    oftener: 12
  }),
  "blind-payments": peaceful({ visits_per_day: 200, pays_never_share: 0 }, { faults: "odd-amounts" }),
  "dead-payments": peaceful({ pays_never_share: 1, visits_per_day: 200 }),
  // Offers stay open, because nobody answers, while staff deactivate one mitra after the other.
  "kept-offers": peaceful({
    ignores_offer_share: 1,
    visits_per_day: 400,
    staff_deactivates_per_day: 2_000,
    deactivated_for_min: 1
  }),
  // Mitras whose app is closed while they are put out, and is opened again when they may come back: before
  // that the account's own flag keeps them out.
  "open-doors": peaceful({
    kills_per_hour: 12,
    returns_within_s: 60,
    staff_deactivates_per_day: 2_000,
    deactivated_for_min: 0.2
  }),
  "deaf-to-resync": ground({ faults: "bus,lag", oftener: 10, valkey: false }),
  "guessing-sweep": ground({ faults: "valkey-gone,valkey-stall", oftener: 6, valkey: true }),
  // Mitras who are away for long while their customers pay for more time.
  "everybody-reachable": peaceful({
    extends_share: 1,
    visits_per_day: 200,
    kills_per_hour: 8,
    returns_within_s: 400
  })
}

export const groundOf = (name: Canary): Ground => grounds[name] ?? busyGround

/** The run in which this bug may show itself, for this seed. */
export const huntPlan = (name: Canary, seed: string): RunPlan => {
  const { faults, habits, valkey, ...world } = groundOf(name)
  return {
    seed,
    ...world,
    valkey: valkey ?? new Dice(seed).split("ground").chance(0.4),
    faults: faultsOf(faults, seed),
    habits: Object.fromEntries(Object.entries(habits).map(([habit, value]) => [habit, `${value}`])),
    pace: "fitting",
    canary: name
  }
}
