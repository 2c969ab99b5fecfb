// Dice that only some worlds are thrown with: the order of what is ready at one instant, limits that are
// drawn small, and failpoints inside the server. All of it from streams of its own: a world without them is
// the world that it was.
import * as Duration from "effect/Duration"
import type { Prng } from "../kernel/prng.ts"
import { Prng as Seeded } from "../kernel/prng.ts"
import type { Timings } from "../stores/stores.ts"
import type { FaultKind } from "./fault.ts"
import { diesAtThePass, failpointFaults, failpoints, failsAtThePass } from "./failpoints.ts"
import { shippedLimits, type SmallLimits, smallLimits } from "./small-limits.ts"

export interface Hazards {
  /** In so many of its instants the ready tasks of one priority run in another order. */
  readonly shuffle_share: number
  /** Turns that one transaction writes at most; null: as shipped. */
  readonly group_turns: number | null
  /** Sockets are looked at so often; null: as the timings say. */
  readonly watch_every_ms: number | null
  /** How often the cluster polls, refreshes and looks whose shards are whose, as a factor. */
  readonly cluster_pace: number
  readonly has_failpoints: boolean
  /** The n-th pass of a named line fails, or kills its runner. */
  readonly has_named_failpoints: boolean
  /** Limits of queues, pages, caches and passes that are drawn small; null: as shipped. */
  readonly limits: SmallLimits | null
  /** Of the calls that are several statements on Postgres, so many let others in between. */
  readonly split_share: number
  /** The world begins in the middle of a deploy, and each deploy is of the other version. */
  readonly has_two_versions: boolean
}

/** Each die is on in some worlds only, so that what it finds can be told from what others find. */
export const hazardsOf = (seed: string): Hazards => {
  const prng = new Seeded(seed).split("hazards")
  const some = <A>(name: string, share: number, draw: (own: Prng) => A, otherwise: A): A => {
    const own = prng.split(name)
    return own.chance(share) ? draw(own) : otherwise
  }
  return {
    shuffle_share: some("shuffle", 0.6, (own) => own.pick([0.02, 0.2, 1]), 0),
    group_turns: some<number | null>("group", 0.4, (own) => own.integer(1, 3), null),
    watch_every_ms: some<number | null>("watch", 0.3, (own) => own.integer(50, 4_000), null),
    cluster_pace: some("cluster", 0.3, (own) => own.between(0.3, 1.5), 1),
    has_failpoints: some("failpoints", 0.5, () => true, false),
    has_named_failpoints: some("named failpoints", 0.4, () => true, false),
    limits: some<SmallLimits | null>("limits", 0.5, smallLimits, null),
    split_share: some("split", 0.5, (own) => own.pick([0.1, 0.5, 1]), 0),
    has_two_versions: some("versions", 0.5, () => true, false)
  }
}

const paced = (duration: Duration.Input | undefined, otherwise_ms: number, pace: number) =>
  Duration.millis(Math.round((duration === undefined ? otherwise_ms : Duration.toMillis(duration)) * pace))

export const timingsWith = (timings: Timings, { cluster_pace, watch_every_ms }: Hazards): Timings => ({
  ...timings,
  watch_every_ms: watch_every_ms ?? timings.watch_every_ms,
  cluster: cluster_pace === 1 ? timings.cluster : {
    ...timings.cluster,
    entityMessagePollInterval: paced(timings.cluster.entityMessagePollInterval, 500, cluster_pace),
    refreshAssignmentsInterval: paced(timings.cluster.refreshAssignmentsInterval, 500, cluster_pace)
  }
})

/** The server's limits in this world. */
export const limitsWith = ({ group_turns, limits }: Pick<Hazards, "group_turns" | "limits">): SmallLimits => {
  const drawn = limits ?? shippedLimits
  return group_turns === null ? drawn : { ...drawn, journal: { ...drawn.journal, group_turns } }
}

/** No dice but that lines of the server can be struck, for who names such a fault. */
const onlyFailpoints: Hazards = {
  shuffle_share: 0,
  group_turns: null,
  watch_every_ms: null,
  cluster_pace: 1,
  has_failpoints: true,
  has_named_failpoints: true,
  limits: null,
  split_share: 0,
  has_two_versions: false
}

/** What a plan comes to: whether it is thrown with dice, and which faults it has beside the chosen ones. */
export const hazardsAndFaults = (
  { faults, hazards, seed }: {
    readonly faults: ReadonlyArray<string>
    readonly hazards?: boolean
    readonly seed: string
  }
): { readonly hazards: Hazards | null; readonly kinds: ReadonlyArray<FaultKind> } => {
  if (hazards !== true) {
    const isNamed = failpointFaults.some(({ name }) => faults.includes(name))
    return { hazards: isNamed ? onlyFailpoints : null, kinds: [] }
  }
  const drawn = hazardsOf(seed)
  const kinds = [
    ...(drawn.has_failpoints ? [failpoints] : []),
    ...(drawn.has_named_failpoints ? [failsAtThePass, diesAtThePass] : [])
  ]
  return {
    hazards: drawn,
    kinds: faults.length === 0 ? [] : kinds.filter(({ name }) => !faults.includes(name))
  }
}
