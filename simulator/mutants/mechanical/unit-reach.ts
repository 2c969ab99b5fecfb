// Which unit test files reach which mutants, learned by playing all of them once: a mutant is then tried by
// the files that come past it, the nearest first, and by no other.
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Url from "node:url"
import { contentsOf, keptAnswers } from "./kept.ts"
import type { Tree } from "./tree.ts"

interface FileReach {
  readonly file: string
  readonly reached: ReadonlyArray<number>
  readonly ms: number
}

/** As it lies in the tree. */
const config = Path.relative(".", Url.fileURLToPath(new URL("./reach.config.ts", import.meta.url)))
const withinMs = 900_000
const reachFile = "reach.jsonl"

export interface UnitReach {
  /** Of a mutant that is met while a test runs: all files that meet it, the cheapest first. */
  readonly filesOf: (mutant: number) => ReadonlyArray<string>
}

const written = async (tree: Tree): Promise<string> => {
  const file = Path.resolve(tree.folder, reachFile)
  Fs.rmSync(file, { force: true })
  await tree.run(
    "node_modules/.bin/vitest",
    ["run", "--config", config, "--root", "."],
    withinMs,
    { REACH_FILE: file, MUTANT: "-1" }
  )
  return Fs.readFileSync(file, "utf8")
}

export const learnUnitReach = async (tree: Tree): Promise<UnitReach> => {
  const kept = keptAnswers<string>(
    "unit-reach",
    contentsOf(tree.folder, ["src", "simulator", "testkit", "test"])
  )
  const lines = (kept.get(reachFile) ?? await written(tree)).trim().split("\n").map((line): FileReach =>
    JSON.parse(line)
  )
  kept.put(reachFile, lines.map((line) => JSON.stringify(line)).join("\n"))
  const byMutant = new Map<number, Array<string>>()
  for (const { file, reached } of lines.toSorted((a, b) => a.ms - b.ms)) {
    const name = Path.relative(tree.folder, file)
    for (const mutant of reached) byMutant.set(mutant, [...byMutant.get(mutant) ?? [], name])
  }
  return { filesOf: (mutant) => byMutant.get(mutant) ?? [] }
}
