// Bugs of the kind that a reviewer plants, one realistic line each: a deadline off by one, a key without its
// owner, a notice that is not sent, a lock that is missing. `npm run mutants -- --by-hand` tries them as it
// tries the mechanical ones; `--group` only those that were written together.
import { actorBugs } from "./planted/actor-bugs.ts"
import { blindBugs } from "./planted/blind-bugs.ts"
import { blindSqlAndActorBugs } from "./planted/blind-sql-and-actor-bugs.ts"
import { domainBugs } from "./planted/domain-bugs.ts"
import { httpBugs } from "./planted/http-bugs.ts"
import type { PlantedBug } from "./planted/planted-bug.ts"
import { sessionBugs } from "./planted/session-bugs.ts"
import { unseenBugs } from "./planted/unseen-bugs.ts"

/** `blind`: rules were written for what these showed; `unseen`: none was. */
export const groups: Readonly<Record<string, ReadonlyArray<PlantedBug>>> = {
  known: [...sessionBugs, ...domainBugs, ...actorBugs, ...httpBugs],
  blind: [...blindBugs, ...blindSqlAndActorBugs],
  unseen: unseenBugs
}

export const byHand: ReadonlyArray<PlantedBug> = Object.values(groups).flat()
