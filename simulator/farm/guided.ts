// A search that learns: plans that reached a pair of crossings that no plan before them reached are kept, and
// the next plan is mostly one of them with a few things changed. Rare pairs are tried more often.
import { defaultWorkload } from "../clients/workload.ts"
import { faultKinds } from "../faults/plan.ts"
import type { Prng } from "../kernel/prng.ts"
import type { RunPlan } from "../run/plan.ts"
import type { RunReport } from "../run/report.ts"

export interface Kept {
  readonly plan: RunPlan
  /** The pairs that it was the first to reach. */
  readonly found: ReadonlyArray<string>
}

/** What a search has learnt: small enough to be one file. */
export interface Corpus {
  readonly kept: ReadonlyArray<Kept>
  /** How many runs reached each pair. */
  readonly reached: Readonly<Record<string, number>>
  readonly runs: number
}

export const emptyCorpus: Corpus = { kept: [], reached: {}, runs: 0 }

/** A crossing that was reached often is another state than one that was reached once. */
const statesOf = ({ coverage }: Pick<RunReport, "coverage">): ReadonlyArray<string> =>
  Object.entries(coverage).flatMap(([name, count]) =>
    count === 0 ? [] : count >= 8 ? [name, `${name} (often)`] : [name]
  )

export const pairsOf = (report: Pick<RunReport, "coverage">): ReadonlyArray<string> => {
  const states = statesOf(report).toSorted()
  return states.flatMap((
    first,
    index
  ) => [first, ...states.slice(index + 1).map((second) => `${first} + ${second}`)])
}

export const learn = (corpus: Corpus, plan: RunPlan, report: Pick<RunReport, "coverage">): Corpus => {
  const pairs = pairsOf(report)
  const reached = { ...corpus.reached }
  for (const pair of pairs) reached[pair] = (reached[pair] ?? 0) + 1
  const found = pairs.filter((pair) => corpus.reached[pair] === undefined)
  return {
    runs: corpus.runs + 1,
    reached,
    kept: found.length === 0 ? corpus.kept : [...corpus.kept, { plan, found }]
  }
}

/** The rarest of what it found decides how often a plan is taken up again. */
const weightOf = ({ found }: Kept, reached: Corpus["reached"]): number =>
  1 / Math.min(...found.map((pair) => reached[pair] ?? 1))

const chosen = (corpus: Corpus, prng: Prng): RunPlan => {
  const weights = corpus.kept.map((kept) => weightOf(kept, corpus.reached))
  let left = prng.fraction() * weights.reduce((sum, weight) => sum + weight, 0)
  const index = weights.findIndex((weight) => (left -= weight) < 0)
  return corpus.kept[Math.max(0, index)]!.plan
}

const isShare = (key: string): boolean => key.endsWith("_share")

/** Another value for one key of the workload: now and then one at its edge. */
const workloadChanged = ({ workload }: RunPlan, prng: Prng): RunPlan["workload"] => {
  const key = prng.pick(Object.keys(defaultWorkload)) as keyof typeof defaultWorkload
  const now = Number(workload[key] ?? defaultWorkload[key])
  const value = isShare(key)
    ? prng.pick([0, 1, prng.fraction()])
    : prng.pick([0, now / 4, now / 2, now * 2, now * 5, defaultWorkload[key]])
  return { ...workload, [key]: String(Number(value.toFixed(3))) }
}

const faultsChanged = ({ faults }: RunPlan, prng: Prng): ReadonlyArray<string> => {
  const { name } = prng.pick(faultKinds)
  return faults.includes(name) ? faults.filter((each) => each !== name) : [...faults, name]
}

const changes: ReadonlyArray<(plan: RunPlan, prng: Prng) => Partial<RunPlan>> = [
  (plan, prng) => ({ workload: workloadChanged(plan, prng) }),
  (plan, prng) => ({ workload: workloadChanged(plan, prng) }),
  (plan, prng) => ({ faults: faultsChanged(plan, prng) }),
  (_, prng) => ({ runners: prng.integer(1, 4) }),
  (plan) => ({ valkey: !plan.valkey }),
  (plan) => ({ pace: plan.pace === "fitting" ? "production" : "fitting" }),
  (plan) => ({ hazards: plan.hazards !== true }),
  (_, prng) => ({ faultRate: prng.pick([1, 3, 10, 30]) }),
  (plan, prng) => ({ mitras: prng.integer(1, 8), customers: Math.max(2, Math.min(40, plan.customers * 2)) })
]

const freshShare = 0.25

/** The next plan: `fresh` as it is, or a kept one with up to four things changed and another seed. */
export const nextPlan = (corpus: Corpus, fresh: RunPlan, prng: Prng): RunPlan => {
  if (corpus.kept.length === 0 || prng.chance(freshShare)) return fresh
  let plan: RunPlan = chosen(corpus, prng)
  // The same seed keeps the arrivals and the decisions, another one tries the same kind of world again.
  if (prng.chance(0.6)) plan = { ...plan, seed: fresh.seed }
  for (let count = prng.integer(1, 4); count > 0; count -= 1) {
    plan = { ...plan, ...prng.pick(changes)(plan, prng) }
  }
  return plan
}
