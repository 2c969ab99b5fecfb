// Bugs of the kind that a reviewer plants, one realistic line each: a deadline off by one, a key without its
// owner, a notice that is not sent, a lock that is missing. `npm run mutants -- --by-hand` tries them as it
// tries the mechanical ones.
import { actorBugs } from "./planted/actor-bugs.ts"
import { domainBugs } from "./planted/domain-bugs.ts"
import { drainBugs } from "./planted/drain-bugs.ts"
import { httpBugs } from "./planted/http-bugs.ts"
import type { PlantedBug } from "./planted/planted-bug.ts"
import { sessionBugs } from "./planted/session-bugs.ts"

export const byHand: ReadonlyArray<PlantedBug> = [
  ...sessionBugs,
  ...domainBugs,
  ...actorBugs,
  ...httpBugs,
  ...drainBugs
]
