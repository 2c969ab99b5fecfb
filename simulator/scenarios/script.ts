// The language of scenarios: people, exact instants, what they do, what goes wrong, and what they must see.
// A scenario writes a script, a list of steps; run.ts runs it in a world.
import type { FaultKind } from "../faults/fault.ts"
import { chosenFaults } from "../faults/plan.ts"
import { Prng, streamNames } from "../kernel/prng.ts"
import { Customer } from "./people/customer.ts"
import { Mitra } from "./people/mitra.ts"
import type { Person } from "./people/person.ts"
import { Staff } from "./people/staff.ts"
import type { ScenarioRun } from "./run.ts"
import { type Sight, type Step, Unexpected } from "./step.ts"

/** "12 s", "12.01 s", "250 ms", "3 min", "1 h": from the moment all apps are connected. */
export type Instant = `${number} ${"us" | "ms" | "s" | "min" | "h"}`

const units = { us: 1, ms: 1_000, s: 1_000_000, min: 60_000_000, h: 3_600_000_000 } as const

export const microseconds = (instant: Instant): number => {
  const [amount = "", unit = ""] = instant.split(" ")
  const factor = units[unit as keyof typeof units]
  if (factor === undefined || Number.isNaN(Number(amount))) {
    throw new Error(`"${instant}" is no time; expected for example "12 s", "12.01 s", "250 ms" or "3 min"`)
  }
  return Math.round(Number(amount) * factor)
}

/** When a step happens: at an instant, or a while after something was seen. */
export type When =
  | { readonly _tag: "At"; readonly at_us: number }
  | {
    readonly _tag: "After"
    readonly text: string
    readonly holds: (run: ScenarioRun) => boolean
    readonly delay_us: number
  }

export interface Scenario {
  readonly name: string
  /** What it is about, for the list. */
  readonly about: string
  readonly write: (script: Script) => void
}

export interface ScriptOptions {
  readonly runners: number
  readonly valkey: boolean
  /** After each step, the rules of the checkers as well. */
  readonly rules: boolean
  /** A planted bug by name, and the settings of time that it needs; see mutants/. */
  readonly mutant: string | null
}

export class Script {
  readonly steps: Array<{ readonly when: When; readonly step: Step }> = []
  readonly people: Array<Person> = []
  options: ScriptOptions = { runners: 1, valkey: false, rules: false, mutant: null }

  /** More runners, or a Valkey. Say it first. */
  with(options: Partial<ScriptOptions>): void {
    this.options = { ...this.options, ...options }
  }

  customer(name: string): Customer {
    return this.#joins(new Customer(name))
  }

  mitra(name: string): Mitra {
    return this.#joins(new Mitra(name, this.people.filter((person) => person instanceof Mitra).length + 1))
  }

  staff(name = "staff"): Staff {
    return this.#joins(new Staff(name))
  }

  /** Several steps of one instant happen in the order they are named. */
  at(instant: Instant, ...steps: ReadonlyArray<Step>): void {
    const at_us = microseconds(instant)
    for (const step of steps) this.steps.push({ when: { _tag: "At", at_us }, step })
  }

  /** As soon as `sight` is true, or a while later. */
  when(sight: Sight, ...steps: ReadonlyArray<Step>): void {
    this.after("0 ms", sight, ...steps)
  }

  after(delay: Instant, sight: Sight, ...steps: ReadonlyArray<Step>): void {
    const delay_us = microseconds(delay)
    for (const step of steps) this.steps.push({ when: { _tag: "After", ...sight, delay_us }, step })
  }

  /** The first one that is running has number 1. */
  runner(number: number) {
    const named = (run: ScenarioRun) => {
      const runner = run.context.world.runners[number - 1]
      if (runner === undefined) {
        throw new Error(`there is no runner ${number}; say script.with({ runners: ${number} })`)
      }
      return runner
    }
    const step = (text: string, execute: (run: ScenarioRun) => void): Step => ({
      text: `runner ${number} ${text}`,
      fault: { runner: `runner-${number}` },
      execute
    })
    return {
      isKilled: () => step("is killed", (run) => run.context.world.killRunner(named(run))),
      starts: () => step("starts", (run) => run.context.world.startRunner(named(run))),
      isStopped: () => step("is stopped (SIGTERM)", (run) => run.context.world.stopRunner(named(run))),
      freezes: () => step("freezes", (run) => named(run).process.freeze()),
      wakes: () => step("wakes up", (run) => named(run).process.wake()),
      losesTheDatabase: () =>
        step("loses the database", (run) => run.context.world.stores.postgres.cutOff(named(run).process)),
      hasTheDatabaseAgain: () =>
        step(
          "has the database again",
          (run) => run.context.world.stores.postgres.reconnect(named(run).process)
        )
    }
  }

  readonly postgres = {
    goesDown: (): Step => ({
      text: "Postgres goes down",
      fault: { runner: null },
      execute: ({ context: { world: { stores } } }) => {
        stores.postgres.goDown()
        stores.leases.disconnectAll()
        for (const channel of stores.channels) channel.disconnect()
      }
    }),
    comesUp: (): Step => ({
      text: "Postgres is back",
      fault: { runner: null },
      execute: ({ context }) => context.world.stores.postgres.comeUp()
    }),
    losesAnswers: (share: number): Step => ({
      text: `${share * 100} % of Postgres' answers are lost`,
      fault: { runner: null },
      execute: ({ context }) => context.world.stores.postgres.loseAnswers(share)
    })
  }

  /** A fault from the menu, undone after `lasts` if it is one that lasts. */
  fault(kind: FaultKind): Step {
    return {
      text: `fault: ${kind.name}`,
      fault: { runner: null },
      execute: ({ context, marks, population }) => {
        const note = (text: string, runner: string) => {
          const { now_us } = context.world.time
          marks.push({ name: kind.name, runner, text, from_us: now_us, to_us: now_us })
        }
        const fault = kind.strike(
          { run: context, population, note },
          context.world.prng.split(`${streamNames.script}/${kind.name}`)
        )
        const { outside, time } = context.world
        if (fault !== null) time.after(fault.lasts_ms, outside, fault.undo)
      }
    }
  }

  /** The same by its name. */
  faultNamed(name: string): Step {
    return this.fault(chosenFaults([name], new Prng("by name"))[0]!)
  }

  expect(
    text: string,
    holds: (run: ScenarioRun) => boolean,
    found: (run: ScenarioRun) => unknown = () => undefined
  ): Step {
    return {
      text,
      execute: (run) => {
        if (!holds(run)) throw new Unexpected(text, found(run))
      }
    }
  }

  #joins<P extends Person>(person: P): P {
    if (this.people.some(({ name }) => name === person.name)) {
      throw new Error(`there are two people called ${person.name}`)
    }
    this.people.push(person)
    return person
  }
}

export const scenario = (name: string, about: string, write: (script: Script) => void): Scenario => ({
  name,
  about,
  write
})
