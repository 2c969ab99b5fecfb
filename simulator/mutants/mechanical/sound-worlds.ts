// The worlds that mutants are tried in, played once without any: what each reaches, and which are red by
// themselves. Kept for the next run on the same tree.
import { say } from "../../command/terminal.ts"
import { replayCommand } from "../../run/plan.ts"
import { contentsOf, keptAnswers } from "./kept.ts"
import type { Tree } from "./tree.ts"
import type { NamedPlan, Played, Worlds } from "./worlds.ts"

type Plans = ReadonlyArray<NamedPlan>

const worldsAreMadeOf = ["src", "simulator", "testkit", "migrations"]

/** A world that is red by itself is a finding of its own, and proves nothing about a mutant. */
export const soundWorlds = async (
  tree: Tree,
  worlds: Worlds,
  plans: Plans
): Promise<{ readonly plans: Plans; readonly sound: ReadonlyArray<Played> }> => {
  const sound: Array<Played> = []
  const left: Array<Plans[number]> = []
  const kept = keptAnswers<Played>("sound-worlds", contentsOf(tree.folder, worldsAreMadeOf))
  for (const named of plans) {
    const { plan } = named
    const key = JSON.stringify(plan)
    // oxlint-disable-next-line no-await-in-loop
    const each = kept.get(key) ?? await worlds.play(-1, plan)
    if (each.rule === null) kept.put(key, each)
    if (each.rule === null) {
      sound.push(each)
      left.push(named)
    } else {
      say(`left out        ${plan.seed} is red without any mutant: ${each.rule}: ${each.text}`)
      say(`                ${replayCommand(plan)}`)
    }
  }
  return { plans: left, sound }
}
