// One run from one seed: a world, the people in it, what goes wrong, and who watches. The phases are
// start (runners come up), business (people and faults), healing (no more faults, no new requests) and
// the end, when everything must have come to its end.
import type { App, Watcher } from "./clients/phone-app.ts"
import type { Answer, CallFailure } from "./clients/connection.ts"
import { found } from "./clients/seed-data.ts"
import { Provider } from "./clients/provider.ts"
import type { LogLine } from "./kernel/runtime.ts"
import type { Latency } from "./network/line.ts"
import type { Sabotage } from "./server/mutation.ts"
import type { Pace } from "./stores/stores.ts"
import { Trace } from "./trace.ts"
import { World } from "./world.ts"

export interface SimulationOptions {
  readonly seed: string
  /** Virtual time of business, before healing. */
  readonly hours: number
  readonly runners: number
  readonly valkey: boolean
  readonly mitras: number
  readonly customers: number
  readonly starts_at: number
  readonly pace: Pace
  /** Of phones' networks; a scenario fixes it, so that what is sent together arrives together. */
  readonly phoneLatency?: Latency
  /** Keeps every line of the trace, for timelines. */
  readonly keepTrace: boolean
  /** Breaks one guard of the server on purpose: somebody must notice. */
  readonly sabotage?: Sabotage | null
}

/** People who live in the world from `begin` on. */
export interface Population {
  readonly apps: ReadonlyArray<App>
  readonly begin: () => void
  /** No new requests from now on; whoever is in a chat or an offer finishes it. */
  readonly settle: () => void
}

/** One thing that went wrong; `to_us` is null while it lasts. */
export interface FaultMark {
  readonly name: string
  readonly text: string
  readonly from_us: number
  to_us: number | null
}

/** Things that go wrong, and that stop going wrong at `heal`. */
export interface FaultPlan {
  readonly names: ReadonlyArray<string>
  readonly begin: () => void
  /** Undoes everything at once: runners up, stores up, lines open. */
  readonly heal: () => void
  readonly marks: ReadonlyArray<FaultMark>
  /** Since when nothing is broken; null while something is. */
  readonly calmSince_us: () => number | null
}

export interface Violation {
  /** Of docs/invariants.md, or a name of its own ("liveness", "told"). */
  readonly invariant: string
  readonly at_us: number
  readonly text: string
  /** Who and what it is about, for the timeline. */
  readonly people: ReadonlyArray<string>
  readonly session_id: string | null
}

/** Written without the server's rules; looks after every step. */
export interface Checker {
  readonly afterStep: () => void
  /** After healing: everything must have come to its end. */
  readonly atEnd: () => void
  readonly violations: ReadonlyArray<Violation>
  /** Nothing is open any more: healing need not take its whole time. */
  readonly isAtRest?: () => boolean
}

/** All that takes part in a run, given to the parts as they are made. */
export interface Stage {
  readonly options: SimulationOptions
  readonly world: World
  readonly provider: Provider
  readonly trace: Trace
  /** Tells all `watchers`: the trace first, and whoever joins before the run begins. */
  readonly watcher: Watcher
  readonly watchers: Array<Watcher>
  readonly log: ReadonlyArray<LogLine>
}

export interface Cast {
  readonly population: (stage: Stage) => Population
  readonly faults: (stage: Stage, population: Population) => FaultPlan
  readonly checker: (stage: Stage, population: Population, faults: FaultPlan) => Checker
}

export interface SimulationResult {
  readonly stage: Stage
  readonly population: Population
  readonly faults: FaultPlan
  readonly violations: ReadonlyArray<Violation>
  readonly hash: string
  readonly span_ms: number
}

const startingMs = 10_000
/** Longest chat on sale, its closing grace, a blast window, a payment's lifetime, and some. */
const healingMs = 2 * 3_600_000
/** Webhooks may be late, sockets may be silent: nobody is known to be at rest before this. */
const healingLeastMs = 10 * 60_000
const lookEveryMs = 5 * 60_000
const logLinesMax = 2_000

const outcomeOf = (outcome: Answer | CallFailure): string => {
  const failure = outcome as Partial<CallFailure>
  if (failure._tag === "Refused") return `refused ${(failure as { code: string }).code}`
  if (failure._tag === "TryLater" || failure._tag === "ConnectionLost" || failure._tag === "BrokenAnswer") {
    return failure._tag
  }
  return "ok"
}

const nameOf = (event: Answer): string =>
  [event["_tag"], event["fact"]?.kind, event["session_id"]?.slice(-8), event["seq"]].filter((part) =>
    part !== undefined
  ).join(" ")

const tracing = (world: World, trace: Trace): Watcher => ({
  onEvent: (app, event) => trace.add(world.time.now_us, app.name, "hears", nameOf(event)),
  onCall: (app, tag, _payload, outcome) => trace.add(world.time.now_us, app.name, tag, outcomeOf(outcome)),
  onConnection: (app, what) => trace.add(world.time.now_us, app.name, "connection", what)
})

const tellingAll = (watchers: ReadonlyArray<Watcher>): Watcher => ({
  onEvent: (app, event) => {
    for (const each of watchers) each.onEvent?.(app, event)
  },
  onCall: (app, tag, payload, outcome) => {
    for (const each of watchers) each.onCall?.(app, tag, payload, outcome)
  },
  onConnection: (app, what) => {
    for (const each of watchers) each.onConnection?.(app, what)
  },
  onFrame: (app, direction, frame) => {
    for (const each of watchers) each.onFrame?.(app, direction, frame)
  }
})

export const makeStage = (options: SimulationOptions): Stage => {
  const log: Array<LogLine> = []
  const world = new World({
    ...options,
    log: (line) => {
      if (log.length < logLinesMax || line.level === "Error") log.push(line)
    }
  })
  found(world, options)
  const trace = new Trace({ keep: options.keepTrace })
  const watchers = [tracing(world, trace)]
  const watcher = tellingAll(watchers)
  return { options, world, provider: new Provider(world), trace, watcher, watchers, log }
}

/** Runs to the end, or to the first violation. */
export const simulate = (options: SimulationOptions, cast: Cast): SimulationResult => {
  const stage = makeStage(options)
  const { time } = stage.world
  const population = cast.population(stage)
  const faults = cast.faults(stage, population)
  const checker = cast.checker(stage, population, faults)
  const startedAt = time.now_ms
  const isSound = () => checker.violations.length === 0
  time.afterStep = () => checker.afterStep()
  const runFor = (ms: number) => {
    const end_us = time.now_us + ms * 1000
    while (isSound() && time.step(end_us));
  }
  time.drain()
  runFor(startingMs)
  population.begin()
  faults.begin()
  time.drain()
  runFor(options.hours * 3_600_000)
  if (isSound()) {
    faults.heal()
    population.settle()
    time.drain()
  }
  for (let healed = 0; healed < healingMs && isSound(); healed += lookEveryMs) {
    runFor(lookEveryMs)
    if (healed >= healingLeastMs && checker.isAtRest?.() === true) break
  }
  if (isSound()) checker.atEnd()
  return {
    stage,
    population,
    faults,
    violations: checker.violations,
    hash: stage.trace.hash(),
    span_ms: time.now_ms - startedAt
  }
}
