// The other end of workers.ts: plays one plan after the other, and answers with its report.
import "effect/schema/SchemaJITCompiler/enable"
import { playPlan } from "../run/run.ts"
import type { RunPlan } from "../run/plan.ts"

process.on("message", (plan: RunPlan) => {
  try {
    process.send?.({ report: playPlan(plan, { keepTrace: false }).report })
  } catch (error) {
    process.send?.({ crash: error instanceof Error ? error.stack ?? error.message : String(error) })
  }
})
