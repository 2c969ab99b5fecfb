// What a run costs, in time of the processor and not of the clock on the wall: how many times real time, and
// which share of it the rules take: the same run without them, with them, and with a clock in each.
import { RuleTimes } from "../checkers/rule-times.ts"
import type { RunPlan } from "../run/plan.ts"
import { simulatePlan } from "../run/run.ts"
import { say } from "./terminal.ts"

const shownRules = 8

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

const play = (plan: RunPlan, name: string, isChecked: boolean) => {
  const { report: { cpu_ms, hash, span_ms } } = simulatePlan(plan, { keepTrace: false, isChecked })
  say(
    `${name.padEnd(15)} ${(cpu_ms / 1_000).toFixed(1)} s of CPU, ${Math.round(span_ms / cpu_ms)} x real time`
  )
  return { cpu_ms, hash }
}

/** A little of the same, so that neither of the two that are compared pays for warming up. */
const warmUpHours = 0.1

/** False when the run without rules is another run than the one with them. */
export const measure = (plan: RunPlan): boolean => {
  simulatePlan({ ...plan, hours: Math.min(plan.hours, warmUpHours) }, { keepTrace: false })
  const bare = play(plan, "without rules", false)
  const checked = play(plan, "with rules", true)
  say(`rules           ${percent(1 - bare.cpu_ms / checked.cpu_ms)} of the run`)
  const times = new RuleTimes()
  const { report } = simulatePlan(plan, { keepTrace: false, times })
  const dearest = times.dearest.slice(0, shownRules).map(([name, ms]) =>
    `${name} ${percent(ms / report.cpu_ms)}`
  )
  say(`dearest         ${dearest.join(", ")} (with a clock in each, of all of the run's time)`)
  const isSame = bare.hash === checked.hash
  say(
    `hash            ${checked.hash}${isSame ? "" : `, without rules ${bare.hash}: the rules change the run`}`
  )
  return isSame
}
