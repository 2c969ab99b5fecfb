// Dice that only some worlds are thrown with: the order of what is ready at one instant, limits that are
// drawn small, and failpoints inside the server. All of it from streams of its own: a world without them is
// the world that it was.
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Failpoint } from "../../src/services/manual-clock/failpoints.ts"
import type { Prng } from "../kernel/prng.ts"
import { Prng as Seeded } from "../kernel/prng.ts"
import type { Timings } from "../stores/stores.ts"
import type { Runner, World } from "../world.ts"
import { type FaultKind, minutes } from "./fault.ts"

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

type Effects = "delay" | "yield" | "die"

/** Lines of the server that a fault may strike: each pass of one is a chance. */
export class ServerFailpoints {
  #armed: { readonly what: Effects; readonly share: number; readonly prng: Prng } | null = null

  arm(what: Effects, share: number, prng: Prng): void {
    this.#armed = { what, share, prng }
  }

  disarm(): void {
    this.#armed = null
  }

  gateOf(world: World, runner: Runner): Failpoint {
    return {
      pass: () =>
        Effect.suspend(() => {
          const armed = this.#armed
          if (armed === null || !armed.prng.chance(armed.share)) return Effect.void
          if (armed.what === "yield") return Effect.yieldNow
          if (armed.what === "delay") return Effect.sleep(armed.prng.between(1, 700))
          // Once: the others must live to take over.
          this.#armed = null
          const { process } = runner
          world.time.after(0, world.outside, () => {
            if (runner.process === process) world.killRunner(runner)
          })
          return Effect.never
        })
    }
  }
}

/** On only in worlds with hazards: another kind in the menu would be another run for every seed. */
export const failpoints: FaultKind = {
  name: "failpoints",
  says: "turns and payments are held, yield, or die with their runner, between two of their own lines",
  every_ms: minutes(6),
  shakesTheCluster: true,
  strike: ({ run }, prng) => {
    const { world } = run
    const what = prng.pick(["delay", "yield", "die"] as const)
    world.failpoints.arm(what, what === "die" ? prng.between(0.02, 0.5) : prng.between(0.1, 1), prng)
    return {
      text: `lines of the server ${what === "die" ? "kill their runner" : what}`,
      lasts_ms: prng.between(2_000, 40_000),
      undo: () => {
        world.failpoints.disarm()
        for (const runner of world.runners) if (runner.process.state === "dead") world.startRunner(runner)
      }
    }
  }
}
