// Activity: what is being worked on right now, and what time made happen. Whoever holds the clock waits
// for it before time moves on. Nobody listens otherwise, and then noting costs nothing.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** Something that passed time brought about. */
export interface Fired {
  readonly what: string
  readonly id: string
  readonly at: number
}

export interface ActivityLog {
  /** Work begins; the result ends it, once. */
  readonly begin: (what: string) => () => void
  readonly fired: (fired: Fired) => void
  readonly swept: (sweep: string) => void
  /** Events that wait for a phone to take them: a name while there are any. Returns its undoing. */
  readonly watchPhone: (waiting: () => string | null) => () => void
}

export const Activity = Context.Reference<ActivityLog | null>("halobestie/services/Activity", {
  defaultValue: () => null
})

/** Counts as work in progress until it ends, however it ends. */
export const during = (what: string) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.withFiber((fiber) => {
    const log = fiber.getRef(Activity)
    return log === null ? effect : Effect.acquireUseRelease(
      Effect.sync(() => log.begin(what)),
      () => effect,
      (end) => Effect.sync(end)
    )
  })

export const note = (write: (log: ActivityLog) => void): Effect.Effect<void> =>
  Effect.map(Activity, (log) => {
    if (log !== null) write(log)
  })

/** Until the scope closes. */
export const watchPhone = (waiting: () => string | null): Effect.Effect<void, never, Scope.Scope> =>
  Effect.flatMap(Activity, (log) =>
    log === null ? Effect.void : Effect.asVoid(
      Effect.acquireRelease(
        Effect.sync(() => log.watchPhone(waiting)),
        (unwatch) => Effect.sync(unwatch)
      )
    ))
