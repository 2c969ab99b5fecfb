// Where canaries are sent out: a crowd with few mitras, restless staff, and runners and stores that fail more
// often than in other runs. Everything that happens there may happen anywhere, only not within two hours.
import type { FaultKind } from "../faults/fault.ts"

export const busyOptions = { hours: 2, runners: 3, mitras: 6, customers: 30, valkey: false } as const

/** Differences to the cast's habits, by their names. */
export const busyHabits = {
  visits_per_day: 60,
  shift_hours: 20,
  days_off_share: 0,
  ignores_offer_share: 0.3,
  extends_share: 0.5,
  says_goodbye_share: 0.9,
  kills_per_hour: 0.6,
  staff_deactivates_per_day: 240,
  staff_reroutes_per_day: 300,
  deactivated_for_min: 3
} as const

const oftener = 3

/** Phones have trouble enough: more of it would leave no calm moment in which promises can be held. */
export const busyFaults = (kinds: ReadonlyArray<FaultKind>): ReadonlyArray<FaultKind> =>
  kinds.map((kind) => kind.shakesTheCluster ? { ...kind, every_ms: kind.every_ms / oftener } : kind)
