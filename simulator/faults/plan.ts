// What goes wrong in one run: which kinds of faults are on (a random subset: a swarm), when each strikes,
// and that all of it is over when the world is told to heal.
import type { Prng } from "../kernel/prng.ts"
import type { FaultMark, FaultPlan, Population, RunContext } from "../simulation.ts"
import { failpointFaults } from "./failpoints.ts"
import type { Fault, FaultContext, FaultKind } from "./fault.ts"
import {
  cutSockets,
  laggingPhones,
  oddAmounts,
  oddPushes,
  oddWebhooks,
  pushDown,
  silentLines
} from "./outside.ts"
import { frozen, killed, partitioned, rollingRestart, skewed } from "./runners.ts"
import { faultyBus, lostAnswers, restartedDatabase, slowDatabase, stalledDatabase } from "./stores.ts"
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
  faultyBus,
  valkeyGone,
  valkeyWiped,
  valkeyStalled,
  valkeyCut,
  cutSockets,
  silentLines,
  laggingPhones,
  oddWebhooks,
  oddAmounts,
  pushDown,
  oddPushes
]

const namedKinds: ReadonlyArray<FaultKind> = [...faultKinds, ...failpointFaults]

/** "none", "all", "swarm" (a random subset of this seed), or names. */
export type FaultChoice = "none" | "all" | "swarm" | ReadonlyArray<string>

/** In a swarm each kind is on in about half of the runs. */
const swarmShare = 0.5

export const chosenFaults = (choice: FaultChoice, seed: Prng): ReadonlyArray<FaultKind> => {
  if (choice === "none") return []
  if (choice === "all") return faultKinds
  const prng = seed.split("swarm")
  if (choice === "swarm") return faultKinds.filter(({ name }) => prng.split(name).chance(swarmShare))
  return choice.map((name) => {
    const kind = namedKinds.find((each) => each.name === name)
    if (kind !== undefined) return kind
    const known = namedKinds.map((each) => each.name).join(", ")
    throw new Error(`there is no fault named "${name}"; expected none, all, swarm, or some of: ${known}`)
  })
}

/**
 * Faults of phones keep their rate: more of them would leave no calm moment in which expectations can be
 * met.
 */
export const atFaultRate = (kinds: ReadonlyArray<FaultKind>, times: number): ReadonlyArray<FaultKind> =>
  kinds.map((kind) => kind.shakesTheCluster ? { ...kind, every_ms: kind.every_ms / times } : kind)

interface Past {
  readonly marks: Array<FaultMark>
  lastEnd_us: number
}

/** Strikes `kind` again and again until it is told to stop. */
const recurring = (
  { population, run }: Pick<FaultContext, "run" | "population">,
  kind: FaultKind,
  prng: Prng,
  open: Map<Fault, FaultMark>,
  past: Past
) => {
  const { outside, time } = run.world
  let isOver = false
  const mark = (text: string) => run.trace.add(time.now_us, "faults", kind.name, text)
  const note: FaultContext["note"] = (text, runner) => {
    past.marks.push({ name: kind.name, runner, text, from_us: time.now_us, to_us: time.now_us })
    mark(text)
  }
  const context: FaultContext = { population, run, note }
  const end = (fault: Fault) => {
    const opened = open.get(fault)
    if (opened === undefined) return
    open.delete(fault)
    fault.undo()
    opened.to_us = time.now_us
    past.lastEnd_us = time.now_us
    if (fault.lasts_ms > 0) mark(`over: ${fault.text}`)
  }
  const strike = () => {
    if (isOver) return
    const fault = kind.strike(context, prng)
    if (fault !== null) {
      const opened: FaultMark = {
        name: kind.name,
        runner: fault.runner ?? null,
        text: fault.text,
        from_us: time.now_us,
        to_us: null
      }
      open.set(fault, opened)
      past.marks.push(opened)
      mark(fault.text)
      time.after(fault.lasts_ms, outside, () => end(fault))
    }
    // The same kind again only when this one is over: what it broke must have been repaired once.
    time.after((fault?.lasts_ms ?? 0) + prng.exponential(kind.every_ms), outside, strike)
  }
  time.after(prng.exponential(kind.every_ms), outside, strike)
  return () => {
    isOver = true
    for (const fault of open.keys()) end(fault)
  }
}

export const faultPlan =
  (kinds: ReadonlyArray<FaultKind>) => (run: RunContext, population: Population): FaultPlan => {
    const prng = run.world.prng.split("faults")
    const open = new Map<Fault, FaultMark>()
    const past: Past = { marks: [], lastEnd_us: 0 }
    const stops: Array<() => void> = []
    return {
      names: kinds.map(({ name }) => name),
      marks: past.marks,
      begin: () => {
        for (const kind of kinds) {
          stops.push(recurring({ population, run }, kind, prng.split(kind.name), open, past))
        }
      },
      heal: () => {
        for (const stop of stops) stop()
        const { runners } = run.world
        for (const runner of runners) if (runner.process.state === "dead") run.world.startRunner(runner)
        run.trace.add(run.world.time.now_us, "faults", "healed")
      },
      calmSince_us: () => open.size === 0 ? past.lastEnd_us : null
    }
  }
