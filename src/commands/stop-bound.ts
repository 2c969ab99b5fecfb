// Whether the bound of a drain fits what a stop may need. A shorter one is the operator's to choose: nothing
// that was acknowledged is lost, but turns in flight may end without an answer.
import type { ServerConfigValues } from "../config/server-config.ts"
import { stopMaxMs } from "../services/platform/stop-budgets.ts"

const neededSeconds = Math.ceil(stopMaxMs / 1000)

/** What to tell the operator; null when it fits. */
export const stopBoundWarning = ({ drain_timeout_seconds }: ServerConfigValues): string | null =>
  drain_timeout_seconds >= neededSeconds
    ? null
    : `DRAIN_TIMEOUT_SECONDS is ${drain_timeout_seconds}: a stop may need ${neededSeconds} at worst. ` +
      "A shorter one may cut the journal: what was acknowledged stays, calls in flight get no answer."
