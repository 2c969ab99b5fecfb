// `npm run mutants`: mechanical mutants of the server, each tried by the cheapest thing that could see it:
// the unit tests that reach its file, then seeds of the simulator, then worlds on a real PostgreSQL. What was
// tried is kept and not tried again; the rest of the time box goes to the next.
import * as Fs from "node:fs"
import { flagsOf, numberOf, understood } from "../../../testkit/command-line.mjs"
import { Prng } from "../../kernel/prng.ts"
import { stopwatch } from "../../run/stopwatch.ts"
import { applied, idOf, type MechanicalMutant, mutantsOf } from "./operators.ts"
import { makeTree, type Tree, type Tried } from "./tree.ts"

const usage =
  `npm run mutants -- --minutes 30 --seed 1     plants one small change after the other, and sees what notices
  --count 300                                so many, drawn by the seed from all there are
  --under src/domain,src/actors              only in these folders
  --by unit,seeds,postgres                   what may notice: unit tests, seeds, worlds on a real PostgreSQL
  --seeds 6                                  how many seeds each must live through
  --list                                     names them and plants none`

const options = understood(usage, process.argv.slice(2), (args) => {
  const given = flagsOf(args, {
    count: { type: "string", default: "300" },
    minutes: { type: "string", default: "30" },
    under: { type: "string", default: "src/domain,src/actors,src/http,src/layers" },
    seed: { type: "string", default: "1" },
    seeds: { type: "string", default: "6" },
    by: { type: "string", default: "unit,seeds" },
    list: { type: "boolean", default: false }
  })
  for (const name of ["count", "minutes", "seeds"] as const) numberOf(`--${name}`, given[name], 1)
  const nowhere = given.under.split(",").filter((path) => !Fs.existsSync(path))
  if (nowhere.length > 0) throw new Error(`--under names no folder: ${nowhere.join(", ")}`)
  const nobody = given.by.split(",").filter((way) => !["unit", "seeds", "postgres"].includes(way))
  if (nobody.length > 0) throw new Error(`--by takes unit, seeds and postgres; given: ${nobody.join(", ")}`)
  return given
})

const folder = ".data/mutants"
const resultsFile = `${folder}/results.jsonl`
const survivorsPage = "simulator/mutants/mechanical/survivors.md"

interface Result {
  readonly id: string
  readonly kind: string
  readonly file: string
  /** What saw it; null: nothing did. */
  readonly by: string | null
  readonly why: string
  readonly seconds: number
}

const filesUnder = (path: string): ReadonlyArray<string> =>
  Fs.readdirSync(path, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts")).map((
    name
  ) => `${path}/${name}`).toSorted()

/** As many of each folder as its share of all, drawn by the seed: the same list on every machine. */
const chosen = (): ReadonlyArray<MechanicalMutant> => {
  const all = String(options.under).split(",").flatMap(filesUnder).flatMap((file) =>
    mutantsOf(file, Fs.readFileSync(file, "utf8"))
  )
  const prng = new Prng(`mechanical mutants/${options.seed}`)
  return all.map((mutant) => ({ mutant, rank: prng.fraction() })).toSorted((a, b) => a.rank - b.rank)
    .slice(0, Number(options.count)).map(({ mutant }) => mutant)
}

const resultsSoFar = (): ReadonlyArray<Result> =>
  Fs.existsSync(resultsFile)
    ? Fs.readFileSync(resultsFile, "utf8").trim().split("\n").filter((line) => line !== "").map((line) =>
      JSON.parse(line)
    )
    : []

const unitWithinMs = 180_000
const seedsWithinMs = 240_000
const whyLine = /FAIL .*|AssertionError.*|^  \d* ?[a-z0-9 ]+: .*|Error: .*/m

const ways: Readonly<Record<string, (tree: Tree, file: string) => Promise<Tried>>> = {
  unit: (tree, file) =>
    tree.run(
      "node_modules/.bin/vitest",
      ["related", "--run", "--project", "unit", "--bail", "1", file],
      unitWithinMs
    ),
  seeds: (tree) =>
    tree.run("npm", [
      "run",
      "--silent",
      "simulate",
      "--",
      "--seeds",
      String(options.seeds),
      "--hours",
      "0.3",
      "--jobs",
      "1",
      "--stop-at-first",
      "--profile",
      "busy"
    ], seedsWithinMs),
  postgres: (tree) =>
    tree.run("npm", ["run", "--silent", "simulate", "--", "--postgres", "--hours", "0.05"], seedsWithinMs)
}

const tryOne = async (tree: Tree, mutant: MechanicalMutant): Promise<Result> => {
  const elapsed = stopwatch()
  const text = Fs.readFileSync(mutant.file, "utf8")
  const result = (by: string | null, why: string): Result => ({
    id: idOf(mutant),
    kind: mutant.kind,
    file: mutant.file,
    by,
    why,
    seconds: Math.round(elapsed() / 1000)
  })
  tree.put(mutant.file, applied(text, mutant))
  try {
    for (const way of String(options.by).split(",")) {
      // oxlint-disable-next-line no-await-in-loop
      const tried = await ways[way]!(tree, mutant.file)
      if (tried.isRed) {
        return result(way, tried.isLate ? "too late" : whyLine.exec(tried.output)?.[0]?.trim() ?? "")
      }
    }
    return result(null, "")
  } finally {
    tree.put(mutant.file, text)
  }
}

/** What is red without a mutant proves nothing about one. */
const beGreen = async (tree: Tree): Promise<void> => {
  for (const way of String(options.by).split(",")) {
    // oxlint-disable-next-line no-await-in-loop
    const tried = await ways[way]!(tree, "src/domain/uuid.ts")
    if (tried.isRed) throw new Error(`"${way}" is red without any mutant:\n${tried.output.slice(-2_000)}`)
  }
}

const say = (text: string) => process.stdout.write(`${text}\n`)

const summary = (results: ReadonlyArray<Result>): void => {
  const caught = results.filter(({ by }) => by !== null)
  const known = Fs.readFileSync(survivorsPage, "utf8")
  say(`tried           ${results.length}`)
  for (const [by, some] of Map.groupBy(results, ({ by }) => by ?? "nothing")) {
    say(`  by ${by.padEnd(11)} ${some.length} (${Math.round(100 * some.length / results.length)} %)`)
  }
  for (const [kind, some] of Map.groupBy(results, ({ kind }) => kind)) {
    say(`  ${kind.padEnd(15)}${some.filter(({ by }) => by !== null).length} of ${some.length} caught`)
  }
  say(`caught          ${caught.length} of ${results.length}`)
  const unjudged = results.filter(({ by, id }) => by === null && !known.includes(id))
  if (unjudged.length > 0) say(`without a verdict in ${survivorsPage}:`)
  for (const { id } of unjudged) say(`  ${id}`)
}

const main = async (): Promise<void> => {
  Fs.mkdirSync(folder, { recursive: true })
  const results = [...resultsSoFar()]
  const mutants = chosen()
  if (options.list) {
    for (const mutant of mutants) say(idOf(mutant))
    return
  }
  const done = new Set(results.map(({ id }) => id))
  const elapsed = stopwatch()
  const tree = makeTree(`${folder}/tree`)
  await beGreen(tree)
  for (const mutant of mutants) {
    if (elapsed() > Number(options.minutes) * 60_000) break
    if (done.has(idOf(mutant))) continue
    // oxlint-disable-next-line no-await-in-loop
    const result = await tryOne(tree, mutant)
    results.push(result)
    Fs.appendFileSync(resultsFile, `${JSON.stringify(result)}\n`)
    say(`${(result.by ?? "SURVIVED").padEnd(9)} ${String(result.seconds).padStart(4)} s  ${result.id}`)
  }
  const ids = new Set(mutants.map(idOf))
  summary(results.filter(({ id }) => ids.has(id)))
}

await main()
