// Many seeds, a few at a time: counts, shows how far it is, and collects the seeds that broke something.
export interface FarmProgress {
  readonly finished: number
  readonly of: number
  readonly failed: number
  readonly virtual_ms: number
}

export interface FarmOptions<Plan, Report> {
  readonly plans: ReadonlyArray<Plan>
  readonly jobs: number
  readonly run: (plan: Plan) => Promise<Report>
  readonly isFailure: (report: Report) => boolean
  readonly virtualMsOf: (report: Report) => number
  readonly onProgress: (progress: FarmProgress) => void
  /** Starts no further run once so many have failed. */
  readonly failuresMax: number
}

export interface FarmResult<Plan, Report> {
  readonly reports: ReadonlyArray<Report>
  readonly failures: ReadonlyArray<{ readonly plan: Plan; readonly report: Report }>
  /** Runs that could not be run to their end. */
  readonly crashes: ReadonlyArray<{ readonly plan: Plan; readonly error: string }>
}

export const runFarm = async <Plan, Report>(
  options: FarmOptions<Plan, Report>
): Promise<FarmResult<Plan, Report>> => {
  const reports: Array<Report> = []
  const failures: Array<{ readonly plan: Plan; readonly report: Report }> = []
  const crashes: Array<{ readonly plan: Plan; readonly error: string }> = []
  const queue = options.plans.values()
  let virtual_ms = 0

  const runOne = async (plan: Plan): Promise<void> => {
    try {
      const report = await options.run(plan)
      reports.push(report)
      virtual_ms += options.virtualMsOf(report)
      if (options.isFailure(report)) failures.push({ plan, report })
    } catch (error) {
      crashes.push({ plan, error: error instanceof Error ? error.message : String(error) })
    }
    const failed = failures.length + crashes.length
    options.onProgress({
      finished: reports.length + crashes.length,
      of: options.plans.length,
      failed,
      virtual_ms
    })
  }
  // Each job takes the next plan when it is done with its last one.
  const job = async (): Promise<void> => {
    for (const plan of queue) {
      if (failures.length + crashes.length >= options.failuresMax) return
      // oxlint-disable-next-line no-await-in-loop
      await runOne(plan)
    }
  }
  await Promise.all(Array.from({ length: options.jobs }, job))
  return { reports, failures, crashes }
}
