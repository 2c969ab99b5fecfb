// Which mechanical mutants are tried: drawn by a seed from all folders alike, at most a few of a file, only
// what can be read as code and chosen at run time.
import * as Fs from "node:fs"
import { parseSync } from "oxc-parser"
import { Prng } from "../../kernel/prng.ts"
import { applied, type MechanicalMutant, mutantsOf } from "./operators.ts"
import { type NumberedMutant, woven } from "./weave.ts"

const ofOneFile = 2

const filesUnder = (path: string): ReadonlyArray<string> =>
  Fs.readdirSync(path, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"))
    .map((name) => `${path}/${name}`).toSorted()

const isCode = (file: string, text: string): boolean => parseSync(file, text).errors.length === 0

/** Neither apart nor one in the other: no text can hold both. */
const areEntangled = ({ whole: a }: MechanicalMutant, { whole: b }: MechanicalMutant): boolean =>
  a.start < b.end && b.start < a.end &&
  !(a.start <= b.start && b.end <= a.end) && !(b.start <= a.start && a.end <= b.end)

const ofFile = (file: string, prng: Prng): ReadonlyArray<MechanicalMutant> => {
  const text = Fs.readFileSync(file, "utf8")
  const shuffled = mutantsOf(file, text).map((mutant) => ({ mutant, rank: prng.fraction() }))
    .toSorted((a, b) => a.rank - b.rank).map(({ mutant }) => mutant)
  const chosen: Array<MechanicalMutant> = []
  for (const mutant of shuffled) {
    if (chosen.length === ofOneFile) break
    if (chosen.some((other) => areEntangled(other, mutant))) continue
    const readable = isCode(file, applied(text, mutant)) &&
      isCode(file, woven(text, [{ ...mutant, number: 0 }], "./switch.ts"))
    if (readable) chosen.push(mutant)
  }
  return chosen
}

/** In turn from each folder, so that whatever the time box holds is a sample of all of them. */
export const sampleOf = (
  folders: ReadonlyArray<string>,
  seed: string,
  count: number
): ReadonlyArray<NumberedMutant> => {
  const prng = new Prng(`mechanical mutants/${seed}`)
  const queues = folders.map((folder) =>
    filesUnder(folder).flatMap((file) => ofFile(file, prng)).map((mutant) => ({
      mutant,
      rank: prng.fraction()
    })).toSorted((a, b) => a.rank - b.rank).map(({ mutant }) => mutant)
  )
  const longest = Math.max(...queues.map(({ length }) => length))
  return Array.from({ length: longest }, (_, index) => queues.flatMap((queue) => queue[index] ?? []))
    .flat().slice(0, count).map((mutant, number) => ({ ...mutant, number }))
}
