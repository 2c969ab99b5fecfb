// What this process knows of itself: memory, processor time, and how late its event loop runs, which is the
// first figure to move when a runner has too much to do.
import { monitorEventLoopDelay } from "node:perf_hooks"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { set } from "../../services/operations/figures.ts"

const nanosPerMs = 1_000_000
const percentiles = [["50", 50], ["99", 99]] as const

const resolutionMs = 20

/** The histogram holds whole beats; how much longer than one they took is the delay. */
export const lateMs = (beatNanos: number): number => Math.max(0, beatNanos / nanosPerMs - resolutionMs)

type Delay = ReturnType<typeof monitorEventLoopDelay>

const read = (delay: Delay): void => {
  for (const [name, percentile] of percentiles) {
    set("event_loop_delay_ms", delay.count === 0 ? 0 : lateMs(delay.percentile(percentile)), [name])
  }
  delay.reset()
  const { system, user } = process.cpuUsage()
  set("process_cpu_seconds", (system + user) / 1_000_000)
  set("process_resident_bytes", process.memoryUsage.rss())
}

/** Measured from now on until the scope closes. */
export const eventLoopDelay: Effect.Effect<Delay, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => {
    const histogram = monitorEventLoopDelay({ resolution: resolutionMs })
    histogram.enable()
    return histogram
  }),
  (histogram) => Effect.sync(() => void histogram.disable())
)

/** The function that brings them up to date. */
export const makeProcessFigures: Effect.Effect<() => void, never, Scope.Scope> = Effect.gen(function*() {
  const delay = yield* eventLoopDelay
  set("process_start_seconds", Math.floor(performance.timeOrigin / 1000))
  return () => read(delay)
})
