// The clock that all runners share: Postgres'. This runner's steady clock is anchored to it before anything
// starts, compared with it ever after, and drawn towards it by less than a watch is out. docs/decisions/0025.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as SqlClient from "effect/sql/SqlClient"
import * as RealTime from "../../../services/platform/real-time.ts"
import { SteadyTime, type SteadyClock } from "../../../services/platform/steady-clock.ts"

/** How far this runner's time may be from Postgres', beyond what the question's own way explains. */
export const clockBoundMs = 2_000
const anchorQuestions = 3
const compareEvery = "5 seconds"
/** Per comparison: more than a machine's clock strays in that time, less than anybody notices. */
const drawnMaxMs = 5
/** One answer may have been held up on one of its two ways. */
const differencesBeforeAlert = 2

export interface Comparison {
  /** What Postgres' clock reads more than ours. */
  readonly ahead_ms: number
  /** Half of what the question took: nobody knows which of its ways was the slow one. */
  readonly unsure_ms: number
}

export const compare = Effect.fnUntraced(function*(own: SteadyClock) {
  const sql = yield* SqlClient.SqlClient
  const uptimeMs = () => Number(own.monotonicTimeNanosUnsafe()) / 1e6
  const asked = uptimeMs()
  const rows = yield* sql<{ at: string }>`SELECT (extract(epoch FROM clock_timestamp()) * 1000)::text AS at`
  const unsure_ms = (uptimeMs() - asked) / 2
  const comparison: Comparison = {
    ahead_ms: Number(rows[0]!.at) - (own.currentTimeMillisUnsafe() - unsure_ms),
    unsure_ms
  }
  return comparison
}, RealTime.timeout("5 seconds"))

const quickest = (comparisons: ReadonlyArray<Comparison>): Comparison =>
  comparisons.reduce((best, one) => one.unsure_ms < best.unsure_ms ? one : best)

const machineIsOff = (ahead_ms: number) =>
  Effect.logWarning(
    "this machine's clock is off; the runner goes by Postgres' clock"
  ).pipe(Effect.annotateLogs({ machine_behind_ms: Math.round(ahead_ms) }))

const anchor = Effect.gen(function*() {
  const own = yield* SteadyTime
  if (own === null) return
  const { ahead_ms } = quickest(
    yield* Effect.all(Array.from({ length: anchorQuestions }, () => compare(own)))
  )
  own.shift(ahead_ms)
  if (Math.abs(ahead_ms) > clockBoundMs) yield* machineIsOff(ahead_ms)
})

/** Before anything reads the time that it will act on. A clock on a tester's time is left alone. */
export const layerAnchored = Layer.effectDiscard(Effect.orDie(anchor))

/** Beyond what the question's own way explains: this runner's time is not everybody's. */
export const isOff = ({ ahead_ms, unsure_ms }: Comparison): boolean =>
  Math.abs(ahead_ms) - unsure_ms > clockBoundMs

const drawn = (ahead_ms: number): number => Math.max(-drawnMaxMs, Math.min(drawnMaxMs, ahead_ms))

const alert = ({ ahead_ms }: Comparison) =>
  Effect.logError("this runner's clock is off: it takes no part until it is set by Postgres'").pipe(
    Effect.annotateLogs({ postgres_ahead_ms: Math.round(ahead_ms), bound_ms: clockBoundMs })
  )

/**
 * Compares for as long as it lives. `takingNoPart` gets the setting of a clock that is off: whatever must not
 * go by such a clock ends before it, and begins again after it.
 */
export const layerWatch = <R>(
  takingNoPart: (setting: Effect.Effect<void>) => Effect.Effect<void, never, R>
) =>
  Layer.effectDiscard(Effect.gen(function*() {
    const own = yield* SteadyTime
    if (own === null) return
    const comparison = yield* Effect.map(
      Effect.context<SqlClient.SqlClient>(),
      (context) => Effect.provideContext(compare(own), context)
    )
    const set = Effect.map(comparison, ({ ahead_ms }) => own.shift(ahead_ms))
    let differences = 0
    const look = Effect.gen(function*() {
      const found = yield* comparison
      differences = isOff(found) ? differences + 1 : 0
      if (differences === 0) own.shift(drawn(found.ahead_ms))
      if (differences < differencesBeforeAlert) return
      differences = 0
      yield* alert(found)
      yield* takingNoPart(Effect.ignore(set))
    })
    yield* Effect.forkScoped(Effect.repeat(Effect.ignoreCause(look), Schedule.spaced(compareEvery)))
  }))
