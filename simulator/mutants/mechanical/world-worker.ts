// The other end of worlds.ts: plays plans with one mutant planted or none, in a process that stays warm.
import "effect/schema/SchemaJITCompiler/enable"
import { playPlan } from "../../run/play-plan.ts"
import type { RunPlan } from "../../run/plan.ts"
import { plant, takeReached } from "./switch.ts"

const broken = (error: unknown): string => `crash: ${error instanceof Error ? error.message : String(error)}`

process.on("message", ({ mutant, plan }: { readonly mutant: number; readonly plan: RunPlan }) => {
  plant(mutant)
  takeReached()
  playPlan(plan, { keepTrace: false }).then(
    ({ report }) => ({
      rule: report.violations[0]?.invariant ?? null,
      text: report.violations[0]?.text ?? "",
      hash: report.hash
    }),
    (error) => ({ rule: broken(error), text: "", hash: "" })
  ).then((played) => process.send?.({ ...played, reached: takeReached() }))
})
