// Makes a failing run smaller while it keeps failing the same way: fewer faults, fewer keys of the workload,
// fewer clients, fewer runners, less time. Sound because chance is split by name: without one client the
// others act the same.

/** What a run is made of, as far as it can be made smaller. */
export interface Shrinkable {
  readonly hours: number
  readonly runners: number
  readonly mitras: number
  readonly customers: number
  /** By name; already chosen, not drawn. */
  readonly faults: ReadonlyArray<string>
  /** What differs from the default workload, by key. */
  readonly workload: Readonly<Record<string, string>>
}

export interface ShrinkProgress<Plan> {
  readonly runs: number
  readonly runsMax: number
  /** The smallest that fails so far. */
  readonly best: Plan
}

const fewer = (count: number, least: number): ReadonlyArray<number> =>
  [...new Set([least, Math.ceil(count / 4), Math.ceil(count / 2), count - 1])].filter((next) =>
    next >= least && next < count
  )

const without = (names: ReadonlyArray<string>): ReadonlyArray<ReadonlyArray<string>> => {
  if (names.length === 0) return []
  const half = Math.ceil(names.length / 2)
  const halves = names.length > 2 ? [names.slice(0, half), names.slice(half)] : []
  return [[], ...halves, ...names.map((_, index) => names.toSpliced(index, 1))]
}

/** Smaller runs, the boldest first. */
export const smaller = <Plan extends Shrinkable>(plan: Plan): ReadonlyArray<Plan> => [
  ...without(plan.faults).map((faults) => ({ ...plan, faults })),
  ...without(Object.keys(plan.workload)).map((keys) => ({
    ...plan,
    workload: Object.fromEntries(Object.entries(plan.workload).filter(([key]) => keys.includes(key)))
  })),
  ...fewer(plan.customers, 1).map((customers) => ({ ...plan, customers })),
  ...fewer(plan.mitras, 1).map((mitras) => ({ ...plan, mitras })),
  ...fewer(plan.runners, 1).map((runners) => ({ ...plan, runners })),
  ...[plan.hours / 4, plan.hours / 2, plan.hours * 0.8].filter((hours) => hours >= 0.05).map((hours) => ({
    ...plan,
    hours
  }))
]

export interface Shrunk<Plan> {
  readonly plan: Plan
  readonly runs: number
}

/** `fails` says whether a run breaks the same invariant. Gives up asking after `runsMax` runs. */
export const shrink = async <Plan extends Shrinkable>(
  plan: Plan,
  fails: (plan: Plan) => Promise<boolean>,
  runsMax: number,
  onProgress: (progress: ShrinkProgress<Plan>) => void = () => {}
): Promise<Shrunk<Plan>> => {
  let [best, runs, improves] = [plan, 0, true]
  while (improves) {
    improves = false
    for (const candidate of smaller(best)) {
      if (runs >= runsMax) return { plan: best, runs }
      runs += 1
      onProgress({ runs, runsMax, best })
      // One after the other: the first success decides what is tried next.
      // oxlint-disable-next-line no-await-in-loop
      if (!(await fails(candidate))) continue
      best = candidate
      improves = true
      break
    }
  }
  return { plan: best, runs }
}
