// `npm run freeze-contract`, in the commit of a release: from then on simulated worlds have runners of that
// version among those of the next.
import { writeFileSync } from "node:fs"
import { flagsOf, understood } from "../../testkit/command-line.mjs"
import { contractNow, frozenAt } from "./previous-contract.ts"

const usage =
  "npm run freeze-contract    writes down what this version says to others; in a release's commit only"
understood(usage, process.argv.slice(2), (args) => flagsOf(args, {}))
writeFileSync(frozenAt, contractNow())
