// One thing that happens in a scenario, one thing that can be waited for, and an expectation that failed.
import type { ScenarioRun } from "./run.ts"

/** Something that happens: an action of a person, a fault, or an expectation. */
export interface Step {
  readonly text: string
  /** Throws when an expectation does not hold. */
  readonly execute: (run: ScenarioRun) => void
}

/** Something that can be waited for. */
export interface Sight {
  readonly text: string
  readonly holds: (run: ScenarioRun) => boolean
}

/** An expectation that does not hold: what was expected, and what was there instead. */
export class Unexpected extends Error {
  readonly expected: string
  readonly found: unknown
  constructor(expected: string, found: unknown) {
    super(`expected: ${expected}${found === undefined ? "" : `; found: ${JSON.stringify(found)}`}`)
    this.expected = expected
    this.found = found
  }
}
