// Small worlds that a mutant is tried in, played by one warm process in the tree. Worlds that do not reach a
// mutant are not played: without one, each world says which it reaches.
import { type ChildProcess, fork } from "node:child_process"
import * as Path from "node:path"
import * as Url from "node:url"
import { fittingProfiles } from "../fitting-profiles.ts"
import { profileNamed, profilePlan } from "../workload-profiles.ts"
import type { RunPlan } from "../../run/plan.ts"

export interface Played {
  /** The rule that was broken, if one was. */
  readonly rule: string | null
  readonly text: string
  readonly hash: string
  readonly reached: ReadonlyArray<number>
}

const workerScript = Url.fileURLToPath(new URL("./world-worker.ts", import.meta.url))

const minutes = 8
const profiles = ["busy", "free-extensions", "kept-offers", "open-doors", "dead-payments", "lost-answers"]
const people: Readonly<Record<string, number>> = { mitras: 4, customers: 8, runners: 1 }
const calls = {
  visits_per_day: "150",
  staff_errands_per_day: "600",
  staff_settings_per_day: "120",
  staff_force_closes_per_day: "100",
  staff_reroutes_per_day: "300",
  curious_per_hour: "60",
  at_the_tick_share: "0.1",
  signs_out_share: "0.05"
}

export interface NamedPlan {
  readonly profile: string
  readonly plan: RunPlan
}

/** Of one runner for the most part: several cost more and reach little else. */
const smallPlans = (count: number): ReadonlyArray<NamedPlan> =>
  Array.from({ length: count }, (_, index) => {
    const name = profiles[index % profiles.length]!
    const profile = name === "lost-answers" ? profileNamed("busy") : profileNamed(name)
    const plan = profilePlan(profile, `mechanical-${index + 1}`)
    const small: RunPlan = {
      ...plan,
      ...people,
      runners: index % 4 === 3 ? 2 : 1,
      valkey: index % 2 === 1,
      hours: minutes / 60,
      workload: { ...plan.workload, ...calls },
      hazards: index % 3 === 2
    }
    return { profile: name, plan: small }
  })

/** A third of small ones with faults, and the rest of those that are dense in one thing. */
export const mutantPlans = (count: number): ReadonlyArray<NamedPlan> => {
  const small = smallPlans(Math.floor(count / 3))
  const names = Object.keys(fittingProfiles)
  const fitting = Array.from({ length: count - small.length }, (_, index): NamedPlan => {
    const profile = names[index % names.length]!
    return { profile, plan: profilePlan(profileNamed(profile), `fitting-${index + 1}`) }
  })
  return [...fitting, ...small]
}

const late: Played = { rule: "too late", text: "", hash: "", reached: [] }

export interface Worlds {
  readonly play: (mutant: number, plan: RunPlan) => Promise<Played>
  readonly stop: () => void
}

/** A mutant that never ends loses its process; the next one gets another. */
export const startWorlds = (tree: string, withinMs: number, fixed: number | null = null): Worlds => {
  let worker: ChildProcess | null = null
  const started = (): ChildProcess =>
    worker ??= fork(Path.resolve(tree, Path.relative(".", workerScript)), {
      cwd: tree,
      execArgv: ["--max-semi-space-size=32", "--import", "./simulator/run/without-async-context.ts"],
      env: { ...process.env, ...(fixed === null ? {} : { MUTANT: String(fixed) }) }
    })
  const stop = (): void => {
    worker?.kill("SIGKILL")
    worker = null
  }
  return {
    stop,
    play: (mutant, plan) =>
      new Promise((resolve) => {
        const child = started()
        const bound = AbortSignal.timeout(withinMs)
        const settle = (played: Played): void => {
          bound.removeEventListener("abort", giveUp)
          child.removeAllListeners()
          resolve(played)
        }
        const giveUp = (): void => {
          settle(late)
          stop()
        }
        bound.addEventListener("abort", giveUp)
        child.once("message", (played) => settle(played as Played))
        child.once("exit", (code) => {
          worker = null
          settle({ ...late, rule: `the process ended with ${code}` })
        })
        child.send({ mutant, plan })
      })
  }
}
