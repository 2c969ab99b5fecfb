// Shutdown: asks this process to stop as SIGTERM does, in order and within the bound of its drain.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"

export class Shutdown extends Context.Service<Shutdown, {
  /** Answers at once and stops a moment later, so that the caller gets its answer; counts once. */
  readonly request: Effect.Effect<void>
}>()("halobestie/services/Shutdown") {}
