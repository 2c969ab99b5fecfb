// One kind of trouble: when it strikes, how long it lasts, how it is undone. Kinds are drawn by the plan;
// each has dice of its own, so that switching one off leaves the others' luck alone.
import type { Dice } from "../kernel/prng.ts"
import type { Population, Stage } from "../simulation.ts"

export interface Trouble {
  /** For the trace and the timeline: what exactly went wrong. */
  readonly text: string
  readonly lasts_ms: number
  /** Harmless when it is undone twice, or when what it broke has been replaced meanwhile. */
  readonly undo: () => void
}

export interface FaultKind {
  readonly name: string
  /** In one line, for the report and the command line's help. */
  readonly says: string
  /** On average so long between two of this kind. */
  readonly every_ms: number
  /** Breaks cluster membership, locks or the bus: in a busy world it strikes more often. */
  readonly shakesTheCluster: boolean
  /** Null: nothing to break right now. */
  readonly strike: (scene: Scene, dice: Dice) => Trouble | null
}

export interface Scene {
  readonly stage: Stage
  readonly population: Population
}

const minute = 60_000

export const minutes = (count: number): number => count * minute
