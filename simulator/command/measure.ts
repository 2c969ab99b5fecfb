// What a run costs, in time of the processor and not of the clock on the wall: how many times real time, and
// which share of it the rules take. The same run with and without them, in turn.
import { RuleTimes } from "../checkers/rule-times.ts"
import type { RunPlan } from "../run/plan.ts"
import { simulatePlan } from "../run/run.ts"
import { say } from "./terminal.ts"

/** Each of the two so often: the first of each warms up. */
const pairs = 2
const shownRules = 8

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

const play = (plan: RunPlan, isChecked: boolean) => {
  globalThis.gc?.()
  const { report } = simulatePlan(plan, { keepTrace: false, isChecked })
  return { cpu_ms: report.cpu_ms, hash: report.hash, speed: report.span_ms / report.cpu_ms }
}

/** False when a run without rules is another run than the one with them. */
export const measure = (plan: RunPlan): boolean => {
  const runs = Array.from({ length: pairs }, () => ({ bare: play(plan, false), checked: play(plan, true) }))
  const best = (which: "bare" | "checked") =>
    runs.map((pair) => pair[which]).reduce((a, b) => (b.cpu_ms < a.cpu_ms ? b : a))
  const [bare, checked] = [best("bare"), best("checked")]
  const text = ({ cpu_ms, speed }: typeof bare) =>
    `${(cpu_ms / 1_000).toFixed(1)} s of CPU, ${Math.round(speed)} x real time`
  say(`without rules   ${text(bare)}`)
  say(`with rules      ${text(checked)}`)
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
