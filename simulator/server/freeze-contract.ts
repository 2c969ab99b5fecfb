// `node simulator/server/freeze-contract.ts > simulator/server/previous-contract.jsonl`, at each release: from
// then on simulated worlds have runners of that version among those of the next.
import { contractNow } from "./previous-contract.ts"

process.stdout.write(contractNow())
