// `npm run mutants`: mechanical mutants of the server, all put into one second working copy behind a switch,
// each tried by the cheapest thing that could see it: the compiler, the nearest unit tests, small worlds, and
// the nearest integration tests. What was tried is kept and not tried again.
import * as Fs from "node:fs"
import { flagsOf, numberOf, understood } from "../../../testkit/command-line.mjs"
import { say } from "../../command/terminal.ts"
import { stopwatch } from "../../run/stopwatch.ts"
import { groups } from "./by-hand.ts"
import { soundWorlds } from "./sound-worlds.ts"
import { applied, idOf } from "./operators.ts"
import { makeRelated, type Related } from "./related.ts"
import {
  compiledSoFar,
  folder,
  keep,
  keepCompiled,
  type Result,
  resultsSoFar,
  summary,
  type Way,
  ways as allWays
} from "./results.ts"
import { sampleOf } from "./sample.ts"
import { plantedMutants } from "./planted.ts"
import { makeTree, type Tree } from "./tree.ts"
import { learnUnitReach, type UnitReach } from "./unit-reach.ts"
import { type NumberedMutant, woven } from "./weave.ts"
import { mutantPlans, type NamedPlan, type Played, startWorlds, type Worlds } from "./worlds.ts"

const usage =
  `npm run mutants -- --minutes 30 --seed 1     plants one small change after the other, and sees what notices
  --count 300                                so many, drawn by the seed from all there are
  --under src/domain,src/actors              only in these folders
  --by types,unit,worlds,integration         what may notice: the compiler, tests, small simulated worlds
  --worlds 24                                so many small worlds are made
  --each 8                                   so many of those that reach a mutant it must live through
  --by-hand                                  the bugs of by-hand.ts instead of those that are drawn
  --group unseen                             of those only these: known, blind, unseen
  --only one-name,another                    of those only these
  --list                                     names them and plants none`

const options = understood(usage, process.argv.slice(2), (args) => {
  const given = flagsOf(args, {
    count: { type: "string", default: "300" },
    minutes: { type: "string", default: "30" },
    under: { type: "string", default: "src/domain,src/actors,src/http,src/layers" },
    seed: { type: "string", default: "1" },
    worlds: { type: "string", default: "24" },
    each: { type: "string", default: "8" },
    "by-hand": { type: "boolean", default: false },
    group: { type: "string", default: "" },
    only: { type: "string", default: "" },
    by: { type: "string", default: "types,unit,worlds,integration" },
    list: { type: "boolean", default: false }
  })
  numberOf("--minutes", given.minutes, 0)
  for (const name of ["count", "worlds", "each"] as const) numberOf(`--${name}`, given[name], 1)
  const nowhere = given.under.split(",").filter((path) => !Fs.existsSync(path))
  if (nowhere.length > 0) throw new Error(`--under names no folder: ${nowhere.join(", ")}`)
  const unknown = given.group.split(",").filter((name) => name !== "" && groups[name] === undefined)
  if (unknown.length > 0) throw new Error(`--group takes ${Object.keys(groups).join(", ")}`)
  const nobody = given.by.split(",").filter((way) => !(allWays as ReadonlyArray<string>).includes(way))
  if (nobody.length > 0) throw new Error(`--by takes ${allWays.join(", ")}; given: ${nobody.join(", ")}`)
  return given
})

const ways = new Set(String(options.by).split(",") as ReadonlyArray<Way>)
const unitFilesMax = 60
const testsWithinMs = 150_000
const typesWithinMs = 600_000
const worldWithinMs = 480_000
const whyLine = /FAIL .*|AssertionError.*|Error: .*/

const byFile = (mutants: ReadonlyArray<NumberedMutant>): ReadonlyMap<string, ReadonlyArray<NumberedMutant>> =>
  Map.groupBy(mutants, ({ file }) => file)

/** One mutant of each file at a time: the compiler's complaints of a file are about its mutant. */
const refusedByTypes = async (
  tree: Tree,
  mutants: ReadonlyArray<NumberedMutant>
): Promise<ReadonlySet<number>> => {
  const known = compiledSoFar()
  const refused = new Set(
    mutants.filter((mutant) => known.get(idOf(mutant)) === false).map(({ number }) => number)
  )
  const files = byFile(mutants.filter((mutant) => !known.has(idOf(mutant))))
  const rounds = Math.max(0, ...[...files.values()].map(({ length }) => length))
  for (let round = 0; round < rounds; round += 1) {
    for (const [file, some] of files) {
      const text = Fs.readFileSync(file, "utf8")
      const mutant = some[round]
      tree.put(file, mutant === undefined ? text : applied(text, mutant))
    }
    // oxlint-disable-next-line no-await-in-loop
    const { output } = await tree.run(
      "node_modules/.bin/tsc",
      ["-p", ".", "--pretty", "false"],
      typesWithinMs
    )
    const wrong = new Set([...output.matchAll(/^(src\/[^(]+)\(/gm)].map(([, file]) => file))
    for (const [file, some] of files) {
      const mutant = some[round]
      if (mutant === undefined) continue
      known.set(idOf(mutant), !wrong.has(file))
      if (wrong.has(file)) refused.add(mutant.number)
    }
  }
  keepCompiled(known)
  return refused
}

const switchFrom = (file: string): string =>
  `${"../".repeat(file.split("/").length - 1)}simulator/mutants/mechanical/switch.ts`

const weave = (tree: Tree, mutants: ReadonlyArray<NumberedMutant>): void => {
  for (const [file, some] of byFile(mutants)) {
    tree.put(file, woven(Fs.readFileSync(file, "utf8"), some, switchFrom(file)))
  }
}

const greenWithout = new Map<string, boolean>()

/** What is red without a mutant proves nothing about one. */
const isGreenWithout = async (tree: Tree, project: string, file: string): Promise<boolean> => {
  const known = greenWithout.get(file)
  if (known !== undefined) return known
  const isGreen = await tests(tree, project, [file], -1) === "green"
  greenWithout.set(file, isGreen)
  return isGreen
}

const tests = async (
  tree: Tree,
  project: string,
  files: ReadonlyArray<string>,
  mutant: number
): Promise<string> => {
  if (files.length === 0) return "no test is near"
  const args = ["run", "--project", project, "--bail", "1", ...files]
  const { isLate, isRed, output } = await tree.run("node_modules/.bin/vitest", args, testsWithinMs, {
    MUTANT: String(mutant)
  })
  if (!isRed) return "green"
  const failing = /FAIL .*?(test\/\S+\.ts)/.exec(output)?.[1]
  if (failing !== undefined && mutant >= 0 && !(await isGreenWithout(tree, project, failing))) {
    return `no verdict: ${failing} is red without the mutant`
  }
  // How long tests take is decided by what else the machine does.
  return isLate ? "no verdict: too late" : `red: ${whyLine.exec(output)?.[0]?.trim() ?? output.slice(-200)}`
}

type Plans = ReadonlyArray<NamedPlan>

const tryWorlds = async (
  worlds: Worlds,
  plans: Plans,
  sound: ReadonlyArray<Played>,
  { is_static, number, profile: fitting }: NumberedMutant
): Promise<string> => {
  const reaching = plans.map(({ plan, profile }, index) => ({ plan, profile, base: sound[index]! }))
    .filter(({ base }) => is_static || base.reached.includes(number))
  const those = [
    ...reaching.filter(({ profile }) => profile === fitting),
    ...reaching.filter(({ profile }) => profile !== fitting)
  ].slice(0, Number(options.each))
  if (those.length === 0) return "not reached"
  let hasChanged = false
  for (const { base, plan } of those) {
    // oxlint-disable-next-line no-await-in-loop
    const { hash, rule, text } = await worlds.play(number, plan)
    if (rule !== null) return `red: ${plan.seed} ${rule}: ${text.slice(0, 200)}`
    hasChanged ||= hash !== base.hash
  }
  return hasChanged ? "green" : "nothing changed"
}

interface Bench {
  readonly tree: Tree
  readonly worlds: Worlds
  readonly plans: Plans
  readonly sound: ReadonlyArray<Played>
  readonly related: (file: string, most: number) => Related
  readonly reach: UnitReach | null
  readonly refused: ReadonlySet<number>
}

/** The nearest of those that come past it, then the cheapest; by imports what no test meets at run time. */
const unitFilesFor = (bench: Bench, { file, is_static, number }: NumberedMutant): ReadonlyArray<string> => {
  const near = bench.related(file, unitFilesMax).unit
  if (bench.reach === null || is_static) return near
  const files = bench.reach.filesOf(number)
  const isNear = (name: string) => near.slice(0, 4).includes(name)
  return [...files.filter(isNear), ...files.filter((name) => !isNear(name))].slice(0, unitFilesMax)
}

const tryOne = async (
  bench: Bench,
  mutant: NumberedMutant,
  before: Result | undefined
): Promise<Result> => {
  const elapsed = stopwatch()
  const said: Partial<Record<Way, string>> = { ...before?.ways }
  const asks = (way: Way) => ways.has(way) && said[way] === undefined
  const isSeen = () => Object.values(said).some((each) => each.startsWith("red"))
  const { integration } = bench.related(mutant.file, unitFilesMax)
  if (ways.has("types")) said.types = bench.refused.has(mutant.number) ? "red" : "green"
  if (said.types !== "red") {
    if (asks("unit")) {
      said.unit = await tests(bench.tree, "unit", unitFilesFor(bench, mutant), mutant.number)
    }
    if (asks("worlds")) {
      const own = mutant.is_static
        ? startWorlds(bench.tree.folder, worldWithinMs, mutant.number)
        : bench.worlds
      said.worlds = await tryWorlds(own, bench.plans, bench.sound, mutant)
      if (own !== bench.worlds) own.stop()
    }
    if (asks("integration") && !isSeen()) {
      said.integration = await tests(bench.tree, "integration", integration, mutant.number)
    }
  }
  const by = (Object.entries(said).find(([, each]) => each.startsWith("red"))?.[0] ?? null) as Way | null
  const { file, kind } = mutant
  return { id: idOf(mutant), kind, file, ways: said, by, seconds: Math.round(elapsed() / 1000) }
}

const prepared = async (mutants: ReadonlyArray<NumberedMutant>): Promise<Bench> => {
  const tree = makeTree(`${folder}/tree`)
  const refused = ways.has("types") ? await refusedByTypes(tree, mutants) : new Set<number>()
  weave(tree, mutants)
  const worlds = startWorlds(tree.folder, worldWithinMs)
  const { plans, sound } = await soundWorlds(
    tree,
    worlds,
    mutantPlans(ways.has("worlds") ? Number(options.worlds) : 0)
  )
  const reach = ways.has("unit") ? await learnUnitReach(tree) : null
  const few = `${refused.size} refused by the compiler`
  say(`prepared        ${mutants.length} mutants, ${few}, ${plans.length} worlds`)
  return { tree, worlds, plans, sound, related: makeRelated(), reach, refused }
}

const main = async (): Promise<void> => {
  Fs.mkdirSync(folder, { recursive: true })
  const results = resultsSoFar()
  const folders = String(options.under).split(",")
  const names = String(options.only).split(",").filter((name) => name !== "")
  const mutants = options["by-hand"] === true
    ? plantedMutants(String(options.group), names)
    : sampleOf(folders, String(options.seed), Number(options.count))
  if (options.list) {
    for (const mutant of mutants) say(idOf(mutant))
    return
  }
  const isDone = (result: Result | undefined) =>
    result !== undefined && (result.by !== null || [...ways].every((way) => result.ways[way] !== undefined))
  const elapsed = stopwatch()
  const bench = await prepared(mutants)
  try {
    for (const mutant of mutants) {
      if (elapsed() > Number(options.minutes) * 60_000) break
      const before = results.get(idOf(mutant))
      if (isDone(before)) continue
      // oxlint-disable-next-line no-await-in-loop
      const result = await tryOne(bench, mutant, before)
      results.set(result.id, result)
      keep(result)
    }
  } finally {
    bench.worlds.stop()
  }
  const ids = new Set(mutants.map(idOf))
  summary([...results.values()].filter(({ id }) => ids.has(id)))
}

await main()
