// What goes wrong in one run: which kinds of trouble are on (a random subset: a swarm), when each strikes,
// and that all of it is over when the world is told to heal.
import type { Dice } from "../kernel/prng.ts"
import type { FaultMark, FaultPlan, Population, Stage } from "../simulation.ts"
import type { FaultKind, Scene, Trouble } from "./fault.ts"
import { cutSockets, laggingPhones, oddAmounts, oddWebhooks, pushDown, silentLines } from "./outside.ts"
import { frozen, killed, partitioned, rollingRestart, skewed } from "./runners.ts"
import { lostAnswers, restartedDatabase, slowDatabase, stalledDatabase, troubledBus } from "./stores.ts"
import { valkeyCut, valkeyGone, valkeyStalled, valkeyWiped } from "./valkey.ts"

export const faultKinds: ReadonlyArray<FaultKind> = [
  killed,
  frozen,
  partitioned,
  rollingRestart,
  skewed,
  slowDatabase,
  stalledDatabase,
  restartedDatabase,
  lostAnswers,
  troubledBus,
  valkeyGone,
  valkeyWiped,
  valkeyStalled,
  valkeyCut,
  cutSockets,
  silentLines,
  laggingPhones,
  oddWebhooks,
  oddAmounts,
  pushDown
]

/** "none", "all", "swarm" (a random subset of this seed), or names. */
export type FaultChoice = "none" | "all" | "swarm" | ReadonlyArray<string>

/** In a swarm each kind is on in about half of the runs. */
const swarmShare = 0.5

export const chosenFaults = (choice: FaultChoice, seed: Dice): ReadonlyArray<FaultKind> => {
  if (choice === "none") return []
  if (choice === "all") return faultKinds
  const dice = seed.split("swarm")
  if (choice === "swarm") return faultKinds.filter(({ name }) => dice.split(name).chance(swarmShare))
  return choice.map((name) => {
    const kind = faultKinds.find((each) => each.name === name)
    if (kind !== undefined) return kind
    const known = faultKinds.map((each) => each.name).join(", ")
    throw new Error(`there is no fault named "${name}"; expected none, all, swarm, or some of: ${known}`)
  })
}

/** Phones have trouble enough: more of it would leave no calm moment in which promises can be held. */
export const oftener = (kinds: ReadonlyArray<FaultKind>, times: number): ReadonlyArray<FaultKind> =>
  kinds.map((kind) => kind.shakesTheCluster ? { ...kind, every_ms: kind.every_ms / times } : kind)

interface Past {
  readonly marks: Array<FaultMark>
  lastEnd_us: number
}

/** Strikes `kind` again and again until it is told to stop. */
const recurring = (
  scene: Scene,
  kind: FaultKind,
  dice: Dice,
  open: Map<Trouble, FaultMark>,
  past: Past
) => {
  const { time, outside } = scene.stage.world
  let isOver = false
  const mark = (text: string) => scene.stage.trace.add(time.now_us, "faults", kind.name, text)
  const end = (trouble: Trouble) => {
    const opened = open.get(trouble)
    if (opened === undefined) return
    open.delete(trouble)
    trouble.undo()
    opened.to_us = time.now_us
    past.lastEnd_us = time.now_us
    if (trouble.lasts_ms > 0) mark(`over: ${trouble.text}`)
  }
  const strike = () => {
    if (isOver) return
    const trouble = kind.strike(scene, dice)
    if (trouble !== null) {
      const opened = { name: kind.name, text: trouble.text, from_us: time.now_us, to_us: null }
      open.set(trouble, opened)
      past.marks.push(opened)
      mark(trouble.text)
      time.after(trouble.lasts_ms, outside, () => end(trouble))
    }
    // The same kind again only when this one is over: what it broke must have been mended once.
    time.after((trouble?.lasts_ms ?? 0) + dice.exponential(kind.every_ms), outside, strike)
  }
  time.after(dice.exponential(kind.every_ms), outside, strike)
  return () => {
    isOver = true
    for (const trouble of open.keys()) end(trouble)
  }
}

export const faultPlan =
  (kinds: ReadonlyArray<FaultKind>) => (stage: Stage, population: Population): FaultPlan => {
    const scene: Scene = { stage, population }
    const dice = stage.world.dice.split("faults")
    const open = new Map<Trouble, FaultMark>()
    const past: Past = { marks: [], lastEnd_us: 0 }
    const stops: Array<() => void> = []
    return {
      names: kinds.map(({ name }) => name),
      marks: past.marks,
      begin: () => {
        for (const kind of kinds) stops.push(recurring(scene, kind, dice.split(kind.name), open, past))
      },
      heal: () => {
        for (const stop of stops) stop()
        const { runners } = stage.world
        for (const runner of runners) if (runner.process.state === "dead") stage.world.startRunner(runner)
        stage.trace.add(stage.world.time.now_us, "faults", "healed")
      },
      calmSince_us: () => open.size === 0 ? past.lastEnd_us : null
    }
  }
