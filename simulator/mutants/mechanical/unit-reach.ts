// Which unit test files reach which mutants, learned by playing all of them once: a mutant is then tried by
// the files that come past it, the nearest first, and by no other.
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Url from "node:url"
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

export const learnUnitReach = async (tree: Tree): Promise<UnitReach> => {
  const written = Path.resolve(tree.folder, reachFile)
  Fs.rmSync(written, { force: true })
  await tree.run(
    "node_modules/.bin/vitest",
    ["run", "--config", config, "--root", "."],
    withinMs,
    { REACH_FILE: written, MUTANT: "-1" }
  )
  const lines = Fs.readFileSync(written, "utf8").trim().split("\n").map((line): FileReach => JSON.parse(line))
  const byMutant = new Map<number, Array<string>>()
  for (const { file, reached } of lines.toSorted((a, b) => a.ms - b.ms)) {
    const name = Path.relative(tree.folder, file)
    for (const mutant of reached) byMutant.set(mutant, [...byMutant.get(mutant) ?? [], name])
  }
  return { filesOf: (mutant) => byMutant.get(mutant) ?? [] }
}
