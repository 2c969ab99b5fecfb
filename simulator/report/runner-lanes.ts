// What each runner was doing in a run: when it was up, and which sessions and mitras it owned with which
// epoch. Times are milliseconds since the beginning of the run.
import type { SimulationResult } from "../simulation.ts"
import type { Ownership, Recording } from "./recording.ts"

export interface RunnerLane {
  readonly name: string
  /** Spans of its processes, one after the other. */
  readonly alive: ReadonlyArray<{
    readonly what: "starting" | "up" | "stopping"
    readonly from: number
    readonly to: number
  }>
  /** Each actor from when this runner took it to when another did, or the run ended. */
  readonly owned: ReadonlyArray<{
    readonly actor: string
    readonly kind: Ownership["kind"]
    readonly epoch: number
    readonly from: number
    readonly to: number
  }>
}

const doing = {
  starts: "starting",
  "is up": "up",
  stops: "stopping",
  "is killed": null,
  "is gone": null
} as const

const aliveOf = (result: SimulationResult, name: string, start: number, end: number) => {
  const events = result.context.world.runnerEvents.filter(({ runner }) => runner === name)
  return events.flatMap(({ at_us, what }, index): RunnerLane["alive"] => {
    const now = doing[what]
    const next = events[index + 1]
    const to = next === undefined ? end - start : next.at_us / 1000 - start
    return now === null ? [] : [{ what: now, from: at_us / 1000 - start, to }]
  })
}

/** Runners own under their address, which is their name and a port. */
const isOf = (runner: string | null, name: string): boolean =>
  runner === name || runner?.startsWith(`${name}:`) === true

const ownedOf = (
  recording: Recording | null,
  name: string,
  start: number,
  end: number
): RunnerLane["owned"] => {
  const owned: Array<RunnerLane["owned"][number]> = []
  const byActor = Map.groupBy(recording?.ownership ?? [], ({ actor }) => actor)
  for (const changes of byActor.values()) {
    changes.forEach(({ actor, at_us, epoch, kind, runner }, index) => {
      if (!isOf(runner, name)) return
      const next = changes[index + 1]
      const to = next === undefined ? end - start : next.at_us / 1000 - start
      owned.push({ actor, kind, epoch, from: at_us / 1000 - start, to })
    })
  }
  return owned.toSorted((a, b) => a.from - b.from)
}

export const runnerLanesOf = (
  result: SimulationResult,
  recording: Recording | null,
  start: number,
  end: number
): ReadonlyArray<RunnerLane> =>
  result.context.world.runners.map(({ name }) => ({
    name,
    alive: aliveOf(result, name, start, end),
    owned: ownedOf(recording, name, start, end)
  }))
