// What became of every mechanical mutant that was tried: a line each, which a later run goes on from, and the
// rates that they come to.
import * as Fs from "node:fs"
import { say } from "../../command/terminal.ts"

export const folder = ".data/mutants"
const resultsFile = `${folder}/results.jsonl`
export const survivorsPage = "simulator/mutants/mechanical/survivors.md"

export const ways = ["types", "unit", "worlds", "integration"] as const
export type Way = (typeof ways)[number]

export interface Result {
  readonly id: string
  readonly kind: string
  readonly file: string
  /** What each way said that was tried: why it is red, "green", or why it could not say anything. */
  readonly ways: Readonly<Partial<Record<Way, string>>>
  /** The first that saw it; null: nothing did. */
  readonly by: Way | null
  readonly seconds: number
}

/** By the mutant's id; of several lines about one the last, which knows what was said before. */
export const resultsSoFar = (): Map<string, Result> => {
  const lines = Fs.existsSync(resultsFile) ? Fs.readFileSync(resultsFile, "utf8").trim().split("\n") : []
  const results = lines.filter((line) => line !== "").map((line): Result => JSON.parse(line))
  return new Map(results.map((result) => [result.id, result]))
}

const compiledFile = `${folder}/compiled.json`

/** Whether the compiler lets a mutant through: it takes long to say so, and says it of many at once. */
export const compiledSoFar = (): Map<string, boolean> =>
  new Map(Fs.existsSync(compiledFile) ? JSON.parse(Fs.readFileSync(compiledFile, "utf8")) : [])

export const keepCompiled = (known: ReadonlyMap<string, boolean>): void =>
  Fs.writeFileSync(compiledFile, JSON.stringify([...known]))

export const keep = (result: Result): void => {
  Fs.appendFileSync(resultsFile, `${JSON.stringify(result)}\n`)
  say(`${(result.by ?? "SURVIVED").padEnd(11)} ${String(result.seconds).padStart(4)} s  ${result.id}`)
}

const rate = (of: ReadonlyArray<Result>, is: (result: Result) => boolean): string => {
  const some = of.filter(is).length
  return `${some} of ${of.length} (${Math.round(100 * some / Math.max(1, of.length))} %)`
}

const isRed = (said: string | undefined): boolean => said?.startsWith("red") === true

/** Of those that the compiler lets through. */
export const summary = (results: ReadonlyArray<Result>): void => {
  const known = Fs.readFileSync(survivorsPage, "utf8")
  const compiled = results.filter(({ by }) => by !== "types")
  say(`tried           ${results.length}; the compiler refuses ${results.length - compiled.length}`)
  say(`seen            ${rate(compiled, ({ by }) => by !== null)}`)
  for (const way of ["unit", "worlds", "integration"] as const) {
    say(
      `  by ${way.padEnd(12)}${
        rate(compiled.filter(({ ways }) => ways[way]), ({ ways }) => isRed(ways[way]))
      }`
    )
  }
  for (const unchanged of ["not reached", "nothing changed"]) {
    say(`  worlds: ${unchanged.padEnd(16)}${rate(compiled, ({ ways }) => ways.worlds === unchanged)}`)
  }
  for (const by of [({ file }: Result) => file.split("/", 2).join("/"), ({ kind }: Result) => kind]) {
    for (const [name, some] of Map.groupBy(compiled, by)) {
      say(`  ${name.padEnd(15)}${rate(some, (result) => result.by !== null)}`)
    }
  }
  const unjudged = results.filter(({ by, id }) => by === null && !known.includes(id))
  if (unjudged.length > 0) say(`without a verdict in ${survivorsPage}:`)
  for (const { id, ways } of unjudged) say(`  ${id} [worlds: ${ways.worlds ?? "not tried"}]`)
}
