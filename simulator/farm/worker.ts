// The other end of workers.ts: plays one plan after the other, and answers with its report.
import "effect/schema/SchemaJITCompiler/enable"
import type { RunPlan } from "../run/plan.ts"
import { playPlan } from "../run/play-plan.ts"

process.on("message", (plan: RunPlan) => {
  playPlan(plan, { keepTrace: false }).then(
    ({ report }) => process.send?.({ report }),
    (error) =>
      process.send?.({ crash: error instanceof Error ? error.stack ?? error.message : String(error) })
  )
})
