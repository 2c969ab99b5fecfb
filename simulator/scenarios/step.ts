// One thing that happens in a scenario, one thing that can be waited for, and an expectation that failed.
import type { ScenarioRun } from "./run.ts"

/** Something that happens: an action of a person, a fault, or an expectation. */
export interface Step {
  readonly text: string
  /** Of a fault, which the page shows in its lane: the runner it strikes, or null. */
  readonly fault?: { readonly runner: string | null }
  /** Throws when an expectation does not hold. */
  readonly execute: (run: ScenarioRun) => void
}

/** Something that can be waited for. */
export interface Sight {
  readonly text: string
  readonly holds: (run: ScenarioRun) => boolean
}

const foundMax = 400

/** What was found is read by a person: a sentence as it is, a long list by its end. */
const foundText = (found: unknown): string => {
  const text = typeof found === "string" ? found : JSON.stringify(found) ?? "nothing"
  return text.length > foundMax ? `... ${text.slice(-foundMax)}` : text
}

/** An expectation that does not hold: what was expected, and what was there instead. */
export class Unexpected extends Error {
  readonly expected: string
  readonly found: unknown
  constructor(expected: string, found: unknown) {
    super(`expected: ${expected}${found === undefined ? "" : `; found: ${foundText(found)}`}`)
    this.expected = expected
    this.found = found
  }
}
