// `simulate`: one run, a farm of seeds, the mutants, or a scenario. Progress goes to the error stream,
// results to the output; the exit code is 1 when something was broken that should not be.
import { farm, runFailing } from "./farm-run.ts"
import { guidedFarm } from "./guided-run.ts"
import { measure } from "./measure.ts"
import { runMutants } from "./mutants-run.ts"
import { one } from "./one-run.ts"
import { checkOptions, planOf, type SimulateOptions } from "./options.ts"
import { scenarios } from "./scenario-runs.ts"

/** True when all is well. */
export const simulateCommand = async (options: SimulateOptions): Promise<boolean> => {
  checkOptions(options)
  if (options.scenario !== null) return scenarios(options.scenario, options)
  if (options.mutants) return runMutants(options)
  if (options.hoursOfFarm !== null) return guidedFarm(options, options.hoursOfFarm)
  if (options.failing) return runFailing(options)
  if (options.seeds !== null) return farm(options, options.seeds)
  if (options.measure) return measure(planOf(options, options.seed))
  const { html, script, trace } = options
  return one(planOf(options, options.seed), { html, script, trace })
}
