// A run that nobody checks: it ends when all is at rest, as a checked one does, and is the same run. To see
// what checking costs.
import type { Checker, RunContext } from "../simulation.ts"
import { isAtRest } from "./checker.ts"

export const unchecked = ({ provider, world }: RunContext): Checker => ({
  violations: [],
  afterStep: () => {},
  atEnd: () => {},
  isAtRest: () =>
    isAtRest({ now_ms: () => world.time.now_ms, tables: world.stores.tables, taken: provider.taken })
})
