// Plays a plan where it wants to be played: in memory, or on real stores, which are started for the first one
// that wants them and end with the process.
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { RunPlan } from "./plan.ts"
import { startsAt } from "./plan.ts"
import { type FinishedRun, type RunOptions, simulatePlan, simulatePlanOn } from "./run.ts"

/** Loaded only where it is wanted: the adapters and their driver are half of the server. */
const started = Effect.runSync(Effect.cached(Effect.gen(function*() {
  const { postgresServer } = yield* Effect.promise(() => import("../postgres/server.ts"))
  const scope = yield* Scope.make()
  const server = yield* Scope.provide(postgresServer, scope)
  return { server, scope }
})))

let isStarted = false

export const playPlan = async (plan: RunPlan, options: RunOptions): Promise<FinishedRun> => {
  if (plan.postgres !== true) return simulatePlan(plan, options)
  isStarted = true
  const { server } = await Effect.runPromise(started)
  const { mitras, runners, settings = {} } = plan
  return server(
    { mitras, runners, settings, starts_at: startsAt },
    (postgres) => simulatePlanOn(postgres, plan, options)
  )
}

/** Stops what was started for plans that were played here. */
export const stopPlaying = async (): Promise<void> => {
  if (!isStarted) return
  const { scope } = await Effect.runPromise(started)
  await Effect.runPromise(Scope.close(scope, Exit.void))
}
