// Shutdown: asks this process to stop as SIGTERM does, in order and within the bound of its drain. A port
// of its own: staff ask for it in a handler, and only production has a process that can end by it.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"

export class Shutdown extends Context.Service<Shutdown, {
  /** Answers at once and stops a moment later, so that the caller gets its answer; counts once. */
  readonly request: Effect.Effect<void>
}>()("halobestie/services/Shutdown") {}
