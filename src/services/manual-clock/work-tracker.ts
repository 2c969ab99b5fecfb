// WorkTracker: work in progress, and what passing time brought about. The manual clock waits for this work
// before it moves on. Null without a manual clock; tracking then costs one read.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** Something that passed time brought about. */
export interface Fired {
  readonly what: string
  readonly id: string
  readonly at: number
}

export interface WorkLog {
  /** Work begins; the result ends it, once. */
  readonly begin: (what: string) => () => void
  /** An event of a turn that passing time caused. */
  readonly fired: (fired: Fired) => void
  /** A pass of this sweep is over. */
  readonly swept: (sweep: string) => void
  /** Events that wait for a phone to take them: a name while there are any. Returns its undoing. */
  readonly watchPhone: (waiting: () => string | null) => () => void
}

export const WorkTracker = Context.Reference<WorkLog | null>("halobestie/services/WorkTracker", {
  defaultValue: () => null
})

/** Counts as work in progress until it ends, however it ends. */
export const track = (what: string) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.withFiber((fiber) => {
    const log = fiber.getRef(WorkTracker)
    return log === null ? effect : Effect.acquireUseRelease(
      Effect.sync(() => log.begin(what)),
      () => effect,
      (end) => Effect.sync(end)
    )
  })

/** Writes to the log where there is one. */
export const record = (write: (log: WorkLog) => void): Effect.Effect<void> =>
  Effect.map(WorkTracker, (log) => {
    if (log !== null) write(log)
  })

/** Until the scope closes. */
export const watchPhone = (waiting: () => string | null): Effect.Effect<void, never, Scope.Scope> =>
  Effect.flatMap(WorkTracker, (log) =>
    log === null ? Effect.void : Effect.asVoid(
      Effect.acquireRelease(
        Effect.sync(() => log.watchPhone(waiting)),
        (unwatch) => Effect.sync(unwatch)
      )
    ))
