// A run in the format of Chrome's trace viewer, which ui.perfetto.dev reads: people and runners are threads,
// chats and ownership are spans, calls are instants, and so is what went wrong.
import type { SimulationResult } from "../simulation.ts"
import { omitted } from "./timeline.ts"
import type { Recording } from "./recording.ts"
import { type TimelineData, timelineDataOf } from "./timeline-data.ts"

export interface TraceEvent {
  readonly name: string
  /** X: a span; i: an instant; M: a name for a process or a thread. */
  readonly ph: "X" | "i" | "M"
  readonly pid: number
  readonly tid: number
  /** Microseconds since the beginning of the run. */
  readonly ts?: number
  readonly dur?: number
  /** How wide an instant is drawn: its thread, or everything. */
  readonly s?: "t" | "g"
  readonly args?: Readonly<Record<string, unknown>>
}

export interface ChromeTrace {
  readonly displayTimeUnit: "ms"
  readonly traceEvents: ReadonlyArray<TraceEvent>
}

const processes = { faults: 1, runners: 2, mitra: 3, customer: 4, staff: 5 } as const

/** Threads get their numbers in the order in which they are first named. */
class Threads {
  readonly #numbers = new Map<string, number>()
  readonly names: Array<TraceEvent> = []

  constructor() {
    for (const [name, pid] of Object.entries(processes)) {
      this.names.push({ name: "process_name", ph: "M", pid, tid: 0, args: { name } })
    }
  }

  of(pid: number, name: string): { readonly pid: number; readonly tid: number } {
    const key = `${pid}/${name}`
    const known = this.#numbers.get(key)
    if (known !== undefined) return { pid, tid: known }
    const tid = this.#numbers.size + 1
    this.#numbers.set(key, tid)
    this.names.push({ name: "thread_name", ph: "M", pid, tid, args: { name } })
    return { pid, tid }
  }
}

const us = (ms: number): number => Math.round(ms * 1000)

const spansOf = (data: TimelineData, threads: Threads): ReadonlyArray<TraceEvent> => {
  const people = new Map(data.people.map((person) => [person.id, person]))
  const spans: Array<TraceEvent> = []
  const add = (id: string | null, name: string, from: number, to: number, args: TraceEvent["args"]) => {
    const person = people.get(id ?? "")
    if (person === undefined) return
    const thread = threads.of(processes[person.role as keyof typeof processes], person.name)
    spans.push({ name, ph: "X", ...thread, ts: us(from), dur: Math.max(1, us(to - from)), args: args ?? {} })
  }
  for (const session of data.sessions) {
    const about = { session: session.id, ending: session.ending }
    for (const { from, phase, to } of session.phases) {
      add(session.customer, phase, from, to, about)
      if (phase === "searching") continue
      for (const served of session.mitras) {
        const [begin, end] = [Math.max(from, served.from), Math.min(to, served.to)]
        if (begin < end) add(served.id, phase, begin, end, about)
      }
    }
  }
  return spans
}

const runnersOf = (data: TimelineData, threads: Threads): ReadonlyArray<TraceEvent> =>
  data.runners.flatMap(({ alive, name, owned }) => {
    const thread = threads.of(processes.runners, name)
    return [
      ...alive.map(({ from, to, what }): TraceEvent => ({
        name: what,
        ph: "X",
        ...thread,
        ts: us(from),
        dur: Math.max(1, us(to - from))
      })),
      ...owned.map(({ actor, epoch, from }): TraceEvent => ({
        name: `owns ${actor.slice(-8)}`,
        ph: "i",
        s: "t",
        ...thread,
        ts: us(from),
        args: { actor, epoch }
      }))
    ]
  })

export const chromeTraceOf = (result: SimulationResult, recording: Recording | null): ChromeTrace => {
  const data = timelineDataOf(result, { title: "", facts: [], replay: "", commit: null }, recording)
  const threads = new Threads()
  const byName = new Map(data.people.map((person) => [person.name, person]))
  const instants = result.context.trace.entries.flatMap((entry): ReadonlyArray<TraceEvent> => {
    const person = byName.get(entry.who)
    if (person === undefined || omitted.test(`${entry.what} ${entry.detail}`)) return []
    const thread = threads.of(processes[person.role as keyof typeof processes], person.name)
    const ts = entry.at_us - data.starts_at * 1000
    return [{ name: `${entry.what} ${entry.detail}`.trim(), ph: "i", s: "t", ...thread, ts }]
  })
  const faults = data.faults.flatMap(({ from, name, runner, text, to }): ReadonlyArray<TraceEvent> => {
    const thread = threads.of(processes.faults, runner ?? name)
    return [
      { name: text, ph: "i", s: "g", ...thread, ts: us(from) },
      ...(to > from ? [{ name: text, ph: "X" as const, ...thread, ts: us(from), dur: us(to - from) }] : [])
    ]
  })
  const broken = data.violations.map(({ at, invariant, text }): TraceEvent => ({
    name: `VIOLATION ${invariant}`,
    ph: "i",
    s: "g",
    ...threads.of(processes.faults, "violations"),
    ts: us(at),
    args: { text }
  }))
  const traceEvents = [
    ...spansOf(data, threads),
    ...runnersOf(data, threads),
    ...instants,
    ...faults,
    ...broken
  ]
  return { displayTimeUnit: "ms", traceEvents: [...threads.names, ...traceEvents] }
}
