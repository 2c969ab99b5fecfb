// `npm run freeze-contract`, in the commit of a release: from then on simulated worlds have runners of that
// version among those of the next.
import { writeFileSync } from "node:fs"
import { contractNow, frozenAt } from "./previous-contract.ts"

writeFileSync(frozenAt, contractNow())
