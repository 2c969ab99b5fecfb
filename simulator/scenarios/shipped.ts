// The scenarios that come with the simulator, in the order of the list.
import * as Console from "./shipped/console.ts"
import * as Failures from "./shipped/failures.ts"
import * as HandOver from "./shipped/hand-over.ts"
import * as Money from "./shipped/money.ts"
import * as Pairing from "./shipped/pairing.ts"
import type { Scenario } from "./script.ts"

export const shippedScenarios: ReadonlyArray<Scenario> = [
  ...Object.values(Pairing),
  ...Object.values(Money),
  ...Object.values(HandOver),
  ...Object.values(Failures),
  ...Object.values(Console)
]
