// One run from one seed: a world, its clients, its faults and its checker. The phases are start (runners come
// up), business (clients and faults), healing (no more faults, no new requests) and the end, when every
// session and payment must have ended.
import type { PhoneApp } from "./clients/phone-app.ts"
import type { Watcher } from "./clients/watcher.ts"
import type { Answer, CallFailure } from "./clients/connection.ts"
import { seedWorld, type StartingSettings } from "./clients/seed-data.ts"
import { Provider } from "./clients/provider.ts"
import type { Hazards } from "./faults/hazards.ts"
import type { LogLine } from "./kernel/runtime.ts"
import type { Latency } from "./network/line.ts"
import type { Mutation } from "./server/mutation.ts"
import type { RealStores, Timings } from "./stores/stores.ts"
import { Trace } from "./trace.ts"
import type { RealValkey } from "./valkey/real-valkey.ts"
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
  /** What staff turned before the world begins. */
  readonly settings?: StartingSettings
  readonly timings: Timings
  /** Of phones' networks; a scenario fixes it, so that what is sent together arrives together. */
  readonly phoneLatency?: Latency
  /** Keeps every line of the trace, for timelines. */
  readonly keepTrace: boolean
  /** Breaks one guard of the server on purpose: some rule must report it. */
  readonly mutation?: Mutation | null
  readonly hazards?: Hazards | null
  /** Asked all that the simulated Valkey is asked. */
  readonly realValkey?: RealValkey | null
}

/** The clients of a run: their apps start with `begin`. */
export interface Population {
  readonly apps: ReadonlyArray<PhoneApp>
  readonly begin: () => void
  /** No new requests from now on; open chats and offers are finished. */
  readonly windDown: () => void
}

/** One thing that went wrong; `to_us` is null while it lasts. */
export interface FaultMark {
  readonly name: string
  /** Null: it strikes more than one runner, or none. */
  readonly runner: string | null
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
  /** A number and name of docs/invariants.md, or the name of another rule ("narrative", "repeats"). */
  readonly invariant: string
  readonly at_us: number
  readonly text: string
  /** Who and what it is about, for the timeline. */
  readonly people: ReadonlyArray<string>
  readonly session_id: string | null
}

/** Written without the server's rules; checks after every step. */
export interface Checker {
  readonly afterStep: () => void
  /** After healing: everything must have come to its end. */
  readonly atEnd: () => void
  readonly violations: ReadonlyArray<Violation>
  /** True when nothing is open any more: healing may stop early. */
  readonly isAtRest?: () => boolean
}

/** What the parts of a run share: handed to each of them as it is made. */
export interface RunContext {
  readonly options: SimulationOptions
  readonly world: World
  readonly provider: Provider
  readonly trace: Trace
  /** Notifies all `watchers`: the trace first, then those that were added before the run began. */
  readonly watcher: Watcher
  readonly watchers: Array<Watcher>
  readonly log: ReadonlyArray<LogLine>
}

export interface RunParts {
  readonly population: (context: RunContext) => Population
  readonly faults: (context: RunContext, population: Population) => FaultPlan
  readonly checker: (context: RunContext, population: Population, faults: FaultPlan) => Checker
}

export interface SimulationResult {
  readonly context: RunContext
  readonly population: Population
  readonly faults: FaultPlan
  readonly violations: ReadonlyArray<Violation>
  readonly hash: string
  readonly span_ms: number
}

const startingMs = 10_000
/** Longest chat on sale, its closing grace, a blast window, a payment's lifetime, and some. */
const healingMs = 2 * 3_600_000
/** Webhooks may be late and sockets silent: before this nothing proves that the world is at rest. */
const healingLeastMs = 10 * 60_000
const restCheckEveryMs = 60_000
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

const traceWatcher = (world: World, trace: Trace): Watcher => ({
  onEvent: (app, event) => trace.add(world.time.now_us, app.name, "hears", nameOf(event)),
  onCall: (app, tag, _payload, outcome) => trace.add(world.time.now_us, app.name, tag, outcomeOf(outcome)),
  onConnection: (app, what) => trace.add(world.time.now_us, app.name, "connection", what)
})

const notifyAll = (watchers: ReadonlyArray<Watcher>): Watcher => ({
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
  },
  onRequest: (app, tag, payload) => {
    for (const each of watchers) each.onRequest?.(app, tag, payload)
  }
})

export const makeRunContext = (options: SimulationOptions, real: RealStores | null = null): RunContext => {
  const log: Array<LogLine> = []
  const world = new World({
    ...options,
    real,
    log: (line) => {
      if (log.length < logLinesMax || line.level === "Error") log.push(line)
    }
  })
  if (real === null) seedWorld(world, options)
  const trace = new Trace({ keep: options.keepTrace })
  const watchers = [traceWatcher(world, trace)]
  const watcher = notifyAll(watchers)
  return { options, world, provider: new Provider(world), trace, watcher, watchers, log }
}

/** Runs to the end, or to the first violation. Yields where something real must be waited for. */
function* play(
  options: SimulationOptions,
  parts: RunParts,
  context: RunContext
): Generator<void, SimulationResult> {
  const { time } = context.world
  const population = parts.population(context)
  const faults = parts.faults(context, population)
  const checker = parts.checker(context, population, faults)
  const startedAt = time.now_ms
  const isSound = () => checker.violations.length === 0
  time.afterStep = () => checker.afterStep()
  function* runFor(ms: number) {
    const end_us = time.now_us + ms * 1000
    for (;;) {
      if (!isSound()) return
      if (time.isHeld(end_us)) yield
      else if (!time.step(end_us)) return
    }
  }
  time.drain()
  yield* runFor(startingMs)
  population.begin()
  faults.begin()
  time.drain()
  yield* runFor(options.hours * 3_600_000)
  if (isSound()) {
    faults.heal()
    population.windDown()
    time.drain()
  }
  for (let healed = 0; healed < healingMs && isSound(); healed += restCheckEveryMs) {
    yield* runFor(restCheckEveryMs)
    if (healed + restCheckEveryMs >= healingLeastMs && checker.isAtRest?.() === true) break
  }
  if (isSound()) checker.atEnd()
  return {
    context,
    population,
    faults,
    violations: checker.violations,
    hash: context.trace.hash(),
    span_ms: time.now_ms - startedAt
  }
}

/** Runs to the end, or to the first violation: nothing in it is real. */
export const simulate = (options: SimulationOptions, parts: RunParts): SimulationResult => {
  const step = play(options, parts, makeRunContext(options)).next()
  if (step.done !== true) throw new Error("a simulated world waited for something real")
  return step.value
}

/** The same where statements are real: `settled` is over when one of those under way is. */
export const simulateOn = async (
  real: RealStores,
  options: SimulationOptions,
  parts: RunParts
): Promise<SimulationResult> => {
  const running = play(options, parts, makeRunContext(options, real))
  for (let step = running.next();; step = running.next()) {
    if (step.done === true) return step.value
    // oxlint-disable-next-line no-await-in-loop
    await real.settled()
  }
}
