// Runs one scenario: makes the world, lets every app connect, and does each step at its instant. Lines
// have one fixed latency here, so that what is sent together arrives together.
import * as Effect from "effect/Effect"
import { PhoneApp } from "../clients/phone-app.ts"
import { adminEmail, adminPassword, mitraPhone } from "../clients/seed-data.ts"
import { streamNames } from "../kernel/prng.ts"
import { start } from "../kernel/runtime.ts"
import { checkerOf } from "../checkers/checker.ts"
import { mutantNamed } from "../mutants/mutants.ts"
import { production } from "../stores/timings.ts"
import { Recording } from "../report/recording.ts"
import { timeline } from "../report/timeline.ts"
import { devCode } from "../server/runner.ts"
import {
  type FaultMark,
  type FaultPlan,
  makeRunContext,
  type Population,
  type RunContext,
  type SimulationResult,
  type Violation
} from "../simulation.ts"
import { Customer } from "./people/customer.ts"
import { Mitra } from "./people/mitra.ts"
import type { Person } from "./people/person.ts"
import type { Step } from "./step.ts"
import { type Scenario, Script, type When } from "./script.ts"

export interface ScenarioResult {
  readonly scenario: Scenario
  /** Null: every expectation held. */
  readonly failure: {
    readonly step: string
    readonly at_us: number
    readonly text: string
    /** Of a rule that was broken; null: it was an expectation of the script. */
    readonly violation: Violation | null
  } | null
  readonly run: ScenarioRun
  readonly recording: Recording
  readonly context: RunContext
  readonly people: ReadonlyArray<string>
  /** The instant that the script calls 0. */
  readonly begins_us: number
}

const startingMs = 10_000
const connectingMs = 20_000
/** What is expected to be seen must be seen within this of the last step. */
const afterwardsMs = 1_000
export const phoneLatencyMs = 20

const signInOf = (person: Person): readonly [string, object] => {
  if (person instanceof Customer) return ["auth.sign_in_anonymous", { call_name: person.name }]
  if (person instanceof Mitra) {
    return ["auth.verify_code", { phone: mitraPhone(person.number), user_type: "mitra", code: devCode }]
  }
  return ["admin.sign_in", { email: adminEmail, password: adminPassword }]
}

const roleOf = (person: Person) =>
  person instanceof Customer ? "customer" : person instanceof Mitra ? "mitra" : "staff"

export class ScenarioRun {
  readonly context: RunContext
  readonly population: Population
  readonly #apps = new Map<string, PhoneApp>()
  readonly #waiting = new Set<{ readonly holds: () => boolean; readonly act: () => void }>()
  readonly marks: Array<FaultMark> = []
  #struck_us = 0
  failure: ScenarioResult["failure"] = null

  constructor(context: RunContext, people: ReadonlyArray<Person>) {
    this.context = context
    for (const person of people) this.#apps.set(person.name, this.#appOf(person))
    this.population = { apps: [...this.#apps.values()], begin: () => {}, windDown: () => {} }
  }

  appOf(name: string): PhoneApp {
    const app = this.#apps.get(name)
    if (app === undefined) throw new Error(`nobody here is called ${name}`)
    return app
  }

  launch(app: PhoneApp): void {
    const heartbeats = Effect.forever(
      Effect.andThen(Effect.ignore(app.call("mitra.heartbeat", {}, 10_000)), Effect.sleep("20 seconds"))
    )
    app.launch(app.role === "mitra" ? heartbeats : Effect.void)
  }

  /** Starts what a person does; the effect itself records its outcome. */
  start(app: PhoneApp, effect: Effect.Effect<unknown>): void {
    const { world } = this.context
    start(world.runtime(app.process, `${streamNames.script}/${app.newId()}`), effect)
  }

  /** Does `act` as soon as `holds`. */
  whenever(holds: () => boolean, act: () => void): void {
    this.#waiting.add({ holds, act })
  }

  checkWaiting(): void {
    for (const waiting of this.#waiting) {
      if (!waiting.holds()) continue
      this.#waiting.delete(waiting)
      waiting.act()
    }
  }

  do(step: Step): void {
    const { trace, world } = this.context
    trace.add(world.time.now_us, "script", step.text)
    if (this.failure !== null) return
    if (step.fault !== undefined) this.#mark(step.text, step.fault.runner)
    try {
      step.execute(this)
    } catch (error) {
      this.failure = {
        step: step.text,
        at_us: world.time.now_us,
        text: error instanceof Error ? error.message : String(error),
        violation: null
      }
    }
  }

  schedule(begins_us: number, when: When, step: Step): void {
    const { outside, time } = this.context.world
    if (when._tag === "At") return void time.at(begins_us + when.at_us, outside, () => this.do(step))
    this.whenever(
      () => time.now_us >= begins_us && when.holds(this),
      () => time.at(time.now_us + when.delay_us, outside, () => this.do(step))
    )
  }

  /** Steps whose moment never came. */
  get hasMissedSteps(): boolean {
    return this.#waiting.size > 0
  }

  /** What the script does to the machines, for the checker's judgement of what is calm, and for pages. */
  get faults(): FaultPlan {
    const { stores, runners } = this.context.world
    const isCalm = () =>
      !stores.postgres.isDown && stores.postgres.process.state === "running" &&
      runners.every(({ doors, process }) => doors !== null && process.state === "running")
    return {
      names: [],
      begin: () => {},
      heal: () => {},
      marks: this.marks,
      calmSince_us: () => isCalm() ? this.#struck_us : null
    }
  }

  #mark(text: string, runner: string | null): void {
    const { now_us } = this.context.world.time
    this.#struck_us = now_us
    this.marks.push({ name: "script", runner, text, from_us: now_us, to_us: now_us })
  }

  #appOf(person: Person): PhoneApp {
    const [tag, payload] = signInOf(person)
    const { watcher, world } = this.context
    return new PhoneApp({
      world,
      name: person.name,
      role: roleOf(person),
      watcher,
      signIn: (ask) =>
        Effect.map(ask(tag, payload), (answer) => ({
          access_token: answer["access_token"],
          refresh_token: answer["refresh_token"] ?? null,
          user_id: answer["user_id"] ?? answer["staff_id"]
        }))
    })
  }
}

const contextOf = (script: Script, seed: string): RunContext => {
  const { mutant, runners, valkey } = script.options
  const numbers = script.people.flatMap((person) => person instanceof Mitra ? [person.number] : [])
  return makeRunContext({
    seed,
    hours: 0,
    runners,
    valkey,
    mitras: Math.max(0, ...numbers),
    customers: 0,
    starts_at: Date.UTC(2026, 0, 5, 9),
    timings: production,
    keepTrace: true,
    mutation: mutant === null ? null : mutantNamed(mutant),
    phoneLatency: { low_ms: phoneLatencyMs, high_ms: phoneLatencyMs }
  })
}

/** After each event: steps that waited for it, and the rules where the script wants them. */
const watch = (run: ScenarioRun, script: Script, recording: Recording): void => {
  const { time } = run.context.world
  recording.attach(run.context)
  const checker = checkerOf({ recording: recording.rule })(run.context, run.population, run.faults)
  time.afterStep = () => {
    run.checkWaiting()
    // Its first call hands the recording what changed, too.
    checker.afterStep()
    const [violation] = checker.violations
    if (!script.options.rules || violation === undefined || run.failure !== null) return
    run.failure = {
      step: `the rule "${violation.invariant}"`,
      at_us: time.now_us,
      text: violation.text,
      violation
    }
  }
}

export const runScenario = (scenario: Scenario, seed = "1"): ScenarioResult => {
  const script = new Script()
  scenario.write(script)
  const context = contextOf(script, seed)
  const { time } = context.world
  const run = new ScenarioRun(context, script.people)
  const recording = new Recording()
  watch(run, script, recording)
  time.runUntil(time.now_us + startingMs * 1000)
  for (const app of run.population.apps) run.launch(app)
  time.runUntil(time.now_us + connectingMs * 1000)
  const begins_us = time.now_us
  const unconnected = run.population.apps.find((app) => !app.isConnected)
  const fail = (step: string, text: string) => {
    run.failure = { step, at_us: time.now_us, text, violation: null }
  }
  if (unconnected !== undefined) fail("the beginning", `${unconnected.name} could not connect`)
  const last_us = Math.max(0, ...script.steps.map(({ when }) => when._tag === "At" ? when.at_us : 0))
  for (const { step, when } of script.steps) run.schedule(begins_us, when, step)
  while (run.failure === null && time.step(begins_us + last_us + afterwardsMs * 1000));
  if (run.failure === null && run.hasMissedSteps) {
    const missed = script.steps.find(({ when }) => when._tag === "After" && !when.holds(run))
    const text = missed?.when._tag === "After" ? missed.when.text : "a step"
    fail(missed?.step.text ?? "", `never happened: ${text}`)
  }
  const people = script.people.map(({ name }) => name)
  return { scenario, failure: run.failure, run, recording, context, people, begins_us }
}

/** Those of its people whom the failure names; all, when it names nobody. */
const concernedBy = ({ failure, people }: ScenarioResult): ReadonlyArray<string> => {
  const text = `${failure?.step} ${failure?.text}`
  const named = people.filter((name) => failure?.violation?.people.includes(name) || text.includes(name))
  return named.length === 0 ? people : named
}

/** For pages and traces: a scenario as any other run; its failure is what was broken. */
export const simulationOf = (scenarioResult: ScenarioResult): SimulationResult => {
  const { context, failure, run } = scenarioResult
  const violation = failure === null ? null : failure.violation ?? {
    invariant: "scenario",
    at_us: failure.at_us,
    text: `${failure.step}: ${failure.text}`,
    people: concernedBy(scenarioResult),
    session_id: [...context.world.stores.tables.chat_sessions.keys()].at(-1) ?? null
  }
  return {
    context,
    population: run.population,
    faults: run.faults,
    violations: violation === null ? [] : [violation],
    hash: context.trace.hash(),
    span_ms: context.world.time.now_ms - context.options.starts_at
  }
}

const decidingLines = 40

/** The lines that lead to the failure of a scenario, of those whom it is about. */
export const timelineOf = (scenarioResult: ScenarioResult): string => {
  const { begins_us, context } = scenarioResult
  return timeline(context.trace.entries, {
    people: concernedBy(scenarioResult),
    from_us: begins_us,
    to_us: context.world.time.now_us,
    zero_us: begins_us,
    linesMax: decidingLines
  })
}
