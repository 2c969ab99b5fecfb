// A trace as people read it: one line per thing that happened, a column per person, around the moment that
// matters.
import type { TraceEntry } from "../trace.ts"

export interface TimelineOptions {
  /** Whose columns; other clients' lines are left out, the world's are kept. */
  readonly people: ReadonlyArray<string>
  readonly from_us: number
  readonly to_us: number
  /** The instant that is called 0. */
  readonly zero_us: number
  readonly linesMax: number
}

const always = new Set(["faults", "script", "world"])
/** Heartbeats and ticks say nothing in a timeline. */
export const omitted = /^(mitra\.heartbeat ok|hears (tick|typing|receipt))/

const instantText = (us: number): string => {
  const sign = us < 0 ? "-" : ""
  const ms = Math.abs(us) / 1000
  const hours = Math.floor(ms / 3_600_000)
  const minutes = Math.floor(ms / 60_000) % 60
  const seconds = ((ms / 1000) % 60).toFixed(3).padStart(6, "0")
  return `${sign}${hours}:${String(minutes).padStart(2, "0")}:${seconds}`
}

const textOf = ({ detail, what }: TraceEntry): string => detail === "" ? what : `${what} ${detail}`

/** What a phone hears of one kind in one session, one after the other. */
const seriesOf = ({ detail, what, who }: TraceEntry): string =>
  `${who} ${what} ${detail.replace(/ \d+$/, "")}`
const seriesMax = 3

/** Of a long series its first and its last, and how many stood between them. */
const folded = (entries: ReadonlyArray<TraceEntry>): ReadonlyArray<TraceEntry> => {
  const kept: Array<TraceEntry> = []
  for (let from = 0; from < entries.length;) {
    const first = entries[from]!
    let to = from + 1
    while (to < entries.length && seriesOf(entries[to]!) === seriesOf(first)) to += 1
    const length = to - from
    if (length <= seriesMax) kept.push(...entries.slice(from, to))
    else kept.push(first, { ...first, what: `(${length - 2} more)`, detail: "" }, entries[to - 1]!)
    from = to
  }
  return kept
}

export const timeline = (entries: ReadonlyArray<TraceEntry>, options: TimelineOptions): string => {
  const columns = options.people
  const shown = folded(
    entries.filter((entry) =>
      entry.at_us >= options.from_us && entry.at_us <= options.to_us &&
      (columns.includes(entry.who) || always.has(entry.who)) && !omitted.test(textOf(entry))
    )
  ).slice(-options.linesMax)
  const width = Math.max(26, ...columns.map((name) => name.length + 2))
  const head = `${"".padEnd(14)}${columns.map((name) => name.padEnd(width)).join("")}`
  const lines = shown.map((entry) => {
    const at = instantText(entry.at_us - options.zero_us).padStart(12)
    const column = columns.indexOf(entry.who)
    if (column < 0) return `${at}  ${"".padEnd(width * columns.length, "-")}  ${textOf(entry)}`
    return `${at}  ${"".padEnd(width * column)}${textOf(entry)}`
  })
  return [head.trimEnd(), ...lines.map((line) => line.trimEnd())].join("\n")
}
