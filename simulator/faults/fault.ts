// One kind of fault: when it strikes, how long it lasts, how it is undone. Kinds are chosen by the plan; each
// draws from a PRNG stream of its own, so that switching one off changes none of the others' draws.
import type { Prng } from "../kernel/prng.ts"
import type { Population, RunContext } from "../simulation.ts"

export interface Fault {
  /** For the trace and the timeline: what exactly went wrong. */
  readonly text: string
  /** Whom it strikes, where it strikes one runner. */
  readonly runner?: string
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
  readonly strike: (context: FaultContext, prng: Prng) => Fault | null
}

export interface FaultContext {
  readonly run: RunContext
  readonly population: Population
  /** Of a fault that lay in wait: what it has just done, and to whom. */
  readonly note: (text: string, runner: string) => void
}

const minute = 60_000

export const minutes = (count: number): number => count * minute
