// What the caller of a commit heard, in two words. Comparing the exits themselves would prove little:
// to an equality check two errors of one class are the same, whatever they say.
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import type { Verdict } from "../../src/services/journal/journal.ts"
import type { Unavailable } from "../../src/services/platform/unavailable.ts"

/** The verdict's tag, `Unavailable <what>`, or `died`. */
export const heard = (exit: Exit.Exit<Verdict, Unavailable>): string => {
  if (Exit.isSuccess(exit)) return exit.value._tag
  if (Cause.hasDies(exit.cause)) return "died"
  const failed = exit.cause.reasons.find((reason) => Cause.isFailReason(reason))
  return failed === undefined ? "interrupted" : `Unavailable ${failed.error.what}`
}
