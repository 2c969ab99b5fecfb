// Runs one scenario: makes the world, lets every app connect, and does each step at its instant. Lines
// have one fixed latency here, so that what is sent together arrives together.
import * as Effect from "effect/Effect"
import { PhoneApp } from "../clients/phone-app.ts"
import { adminEmail, adminPassword, mitraPhone } from "../clients/seed-data.ts"
import { streamNames } from "../kernel/prng.ts"
import { start } from "../kernel/runtime.ts"
import { production } from "../stores/timings.ts"
import { timeline } from "../report/timeline.ts"
import { devCode } from "../server/runner.ts"
import { makeRunContext, type Population, type RunContext } from "../simulation.ts"
import { Customer } from "./people/customer.ts"
import { Mitra } from "./people/mitra.ts"
import type { Person } from "./people/person.ts"
import type { Step } from "./step.ts"
import { type Scenario, Script, type When } from "./script.ts"

export interface ScenarioResult {
  readonly scenario: Scenario
  /** Null: every expectation held. */
  readonly failure: { readonly step: string; readonly at_us: number; readonly text: string } | null
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
    try {
      step.execute(this)
    } catch (error) {
      this.failure = {
        step: step.text,
        at_us: world.time.now_us,
        text: error instanceof Error ? error.message : String(error)
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

export const runScenario = (scenario: Scenario, seed = "1"): ScenarioResult => {
  const script = new Script()
  scenario.write(script)
  const context = makeRunContext({
    seed,
    hours: 0,
    ...script.options,
    mitras: script.people.filter((person) => person instanceof Mitra).length,
    customers: 0,
    starts_at: Date.UTC(2026, 0, 5, 9),
    timings: production,
    keepTrace: true,
    phoneLatency: { low_ms: phoneLatencyMs, high_ms: phoneLatencyMs }
  })
  const { time } = context.world
  const run = new ScenarioRun(context, script.people)
  time.afterStep = () => run.checkWaiting()
  time.runUntil(time.now_us + startingMs * 1000)
  for (const app of run.population.apps) run.launch(app)
  time.runUntil(time.now_us + connectingMs * 1000)
  const begins_us = time.now_us
  const unconnected = run.population.apps.find((app) => !app.isConnected)
  if (unconnected !== undefined) {
    run.failure = { step: "the beginning", at_us: begins_us, text: `${unconnected.name} could not connect` }
  }
  const last_us = Math.max(0, ...script.steps.map(({ when }) => when._tag === "At" ? when.at_us : 0))
  for (const { step, when } of script.steps) run.schedule(begins_us, when, step)
  while (run.failure === null && time.step(begins_us + last_us + afterwardsMs * 1000));
  if (run.failure === null && run.hasMissedSteps) {
    const missed = script.steps.find(({ when }) => when._tag === "After" && !when.holds(run))
    const text = missed?.when._tag === "After" ? missed.when.text : "a step"
    run.failure = { step: missed?.step.text ?? "", at_us: time.now_us, text: `never happened: ${text}` }
  }
  return { scenario, failure: run.failure, context, people: script.people.map(({ name }) => name), begins_us }
}

/** The timeline of all its people, for a scenario that failed. */
export const timelineOf = ({ begins_us, context, people }: ScenarioResult): string =>
  timeline(context.trace.entries, {
    people,
    from_us: begins_us,
    to_us: context.world.time.now_us,
    zero_us: begins_us,
    linesMax: 200
  })
