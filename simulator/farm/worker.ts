// The other end of workers.ts: plays one plan after the other, and answers with its report.
import "effect/schema/SchemaJITCompiler/enable"
import { simulatePlan } from "../run/run.ts"
import type { RunPlan } from "../run/plan.ts"

process.on("message", (plan: RunPlan) => {
  try {
    process.send?.({ report: simulatePlan(plan, { keepTrace: false }).report })
  } catch (error) {
    process.send?.({ crash: error instanceof Error ? error.stack ?? error.message : String(error) })
  }
})
