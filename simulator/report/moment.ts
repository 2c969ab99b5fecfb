// The minutes before a run broke, for stepping through them: every line of the trace, and the frames of the
// people concerned. A sound run shows its end.
import type { SimulationResult } from "../simulation.ts"
import { omitted } from "./timeline.ts"
import type { Recording } from "./recording.ts"

export interface LogEntry {
  readonly at: number
  readonly who: string
  readonly text: string
}

export interface Frame {
  readonly at: number
  readonly who: string
  readonly direction: "up" | "down"
  readonly text: string
}

const before_ms = 120_000
const linesMax = 3_000
const framesMax = 1_500
const frameLengthMax = 4_000
/** Acknowledgements and ticks of the clock decide nothing. */
const omittedFrame = /"_tag":"(Ack|tick)"/

export const momentOf = (
  { context, population, violations }: SimulationResult,
  recording: Recording | null,
  /** Ids of those whose frames are kept; nobody: everybody's. */
  concerned: ReadonlyArray<string>,
  start: number
): { readonly log: ReadonlyArray<LogEntry>; readonly frames: ReadonlyArray<Frame> } => {
  const until_us = violations[0]?.at_us ?? context.world.time.now_us
  const from_us = until_us - before_ms * 1000
  const isThen = ({ at_us }: { readonly at_us: number }) => at_us >= from_us && at_us <= until_us
  const names = new Set(population.apps.flatMap(({ id, name }) => concerned.includes(id ?? "") ? [name] : []))
  return {
    log: context.trace.entries.filter((entry) =>
      isThen(entry) && !omitted.test(`${entry.what} ${entry.detail}`)
    )
      .slice(-linesMax).map(({ at_us, detail, what, who }) => ({
        at: at_us / 1000 - start,
        who,
        text: `${what} ${detail}`.trim()
      })),
    frames: (recording?.frames ?? []).filter((frame) =>
      isThen(frame) && !omittedFrame.test(frame.frame) && (names.size === 0 || names.has(frame.who))
    ).slice(-framesMax).map(({ at_us, direction, frame, who }) => ({
      at: at_us / 1000 - start,
      who,
      direction,
      text: frame.length > frameLengthMax ? `${frame.slice(0, frameLengthMax)} ...` : frame
    }))
  }
}
