// Bugs of the kind that a reviewer plants, one realistic line each: a deadline off by one, a key without its
// owner, a notice that is not sent, a lock that is missing. `npm run mutants -- --by-hand` tries them as it
// tries the mechanical ones; `--group` only those that were written together.
import { actorBugs } from "./planted/actor-bugs.ts"
import { blindBugs } from "./planted/blind-bugs.ts"
import { blindSqlAndActorBugs } from "./planted/blind-sql-and-actor-bugs.ts"
import { drawnBugs } from "./planted/drawn-bugs.ts"
import { domainBugs } from "./planted/domain-bugs.ts"
import { drainBugs } from "./planted/drain-bugs.ts"
import { httpBugs } from "./planted/http-bugs.ts"
import type { PlantedBug } from "./planted/planted-bug.ts"
import { sessionBugs } from "./planted/session-bugs.ts"
import { unseenBugs } from "./planted/unseen-bugs.ts"

/** `blind`, `unseen`: written before any checker was read. `drawn`: after that, at lines drawn by lot. */
export const groups: Readonly<Record<string, ReadonlyArray<PlantedBug>>> = {
  known: [...sessionBugs, ...domainBugs, ...actorBugs, ...httpBugs, ...drainBugs],
  blind: [...blindBugs, ...blindSqlAndActorBugs],
  unseen: unseenBugs,
  drawn: drawnBugs
}

export const byHand: ReadonlyArray<PlantedBug> = Object.values(groups).flat()
