// The one sweep skeleton: a cluster singleton that runs a pass, reports it, and waits. Passes are
// bounded in time and idempotent, because two runners may overlap for a moment while a runner leaves.
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { Singleton } from "effect/cluster"
import { track, record } from "../../services/manual-clock/work-tracker.ts"
import { type PassResult, reported } from "./milestones.ts"
import * as RealTime from "../../services/platform/real-time.ts"

export interface Sweep<E, R> {
  readonly name: string
  readonly every: Duration.Input
  /** One pass; returns what it did, in counts. */
  readonly runOnce: Effect.Effect<PassResult, E, R>
}

/**
 * What a pass does to many, each through its own actor: how many it did something to. One that fails is left
 * to the next pass, and the others go on.
 */
export const countEach = <A, E, R>(
  found: ReadonlyArray<A>,
  options: { readonly concurrency: number; readonly failed: string },
  run: (one: A) => Effect.Effect<boolean, E, R>
): Effect.Effect<number, never, R> => {
  const did = (one: A) =>
    Effect.catch(run(one), (error) => Effect.as(Effect.logWarning(options.failed, error), false))
  return Effect.map(
    Effect.forEach(found, did, { concurrency: options.concurrency }),
    (all) => all.filter((isDone) => isDone).length
  )
}

const passTimeout = Duration.seconds(30)

export const boundedPass = <E, R>(sweep: Sweep<E, R>) =>
  reported(sweep.name, RealTime.timeout(sweep.runOnce, passTimeout)).pipe(
    Effect.tap(() => record((log) => log.swept(sweep.name))),
    track(`sweep ${sweep.name}`)
  )

/** Serves the sweep on exactly one runner of the cluster. */
export const singleton = <E, R>(sweep: Sweep<E, R>) =>
  Singleton.make(
    `sweep/${sweep.name}`,
    boundedPass(sweep).pipe(Effect.repeat(Schedule.spaced(sweep.every)), Effect.asVoid)
  )
