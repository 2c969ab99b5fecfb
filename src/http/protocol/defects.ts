// Remembers the full cause of a call that died, for the log line written when its answer is sent. The
// encoded answer has lost the stack; the RPC server reports the cause to the same fiber just before.
import * as Cause from "effect/Cause"
import * as ErrorReporter from "effect/ErrorReporter"
import type * as Fiber from "effect/Fiber"

const died = new WeakMap<Fiber.Fiber<unknown, unknown>, Cause.Cause<unknown>>()

/** To be in the context of every handler's fiber. Refusals are answers, not defects: they pass. */
export const defectReporter: ErrorReporter.ErrorReporter = {
  [ErrorReporter.TypeId]: ErrorReporter.TypeId,
  report: ({ cause, fiber }) => {
    if (Cause.hasDies(cause)) died.set(fiber, cause)
  }
}

export const causeOfDeath = (fiber: Fiber.Fiber<unknown, unknown>): Cause.Cause<unknown> | undefined =>
  died.get(fiber)
