// All chosen mutants of a file in one text, each behind a switch: a process that is warm tries one after the
// other, and counts which of them its worlds reach.
import type { MechanicalMutant } from "./operators.ts"

export interface NumberedMutant extends MechanicalMutant {
  readonly number: number
}

const mutated = (text: string, { after, end, start, whole }: MechanicalMutant): string =>
  `${text.slice(whole.start, start)}${after}${text.slice(end, whole.end)}`

const isInside = ({ whole }: MechanicalMutant, start: number, end: number): boolean =>
  whole.start >= start && whole.end <= end

const outermostFirst = (a: MechanicalMutant, b: MechanicalMutant): number =>
  a.whole.start - b.whole.start || b.whole.end - a.whole.end || Number(b.whole.is_statement) -
    Number(a.whole.is_statement)

const choice = (text: string, mutant: NumberedMutant, otherwise: string): string =>
  mutant.whole.is_statement
    ? `{ if (isMutant(${mutant.number})) { ${mutated(text, mutant)} } else { ${otherwise} } }`
    : `(isMutant(${mutant.number}) ? (${mutated(text, mutant)}) : (${otherwise}))`

const within = (
  text: string,
  start: number,
  end: number,
  mutants: ReadonlyArray<NumberedMutant>
): string => {
  let at = start
  let woven = ""
  let left = mutants
  for (let first = left[0]; first !== undefined; first = left[0]) {
    const { whole } = first
    const rest = left.slice(1)
    const nested = rest.filter((each) => isInside(each, whole.start, whole.end))
    const otherwise = within(text, whole.start, whole.end, nested)
    // What begins together with what it lies in stands behind the parenthesis of that.
    const needsStop = whole.opens_line && !whole.is_statement && whole.start !== start
    woven += `${text.slice(at, whole.start)}${needsStop ? ";" : ""}${choice(text, first, otherwise)}`
    at = whole.end
    left = rest.filter((each) => each.whole.start >= whole.end)
  }
  return woven + text.slice(at, end)
}

/** On the lines where it stood before: what fails says the line of the real file. */
export const woven = (text: string, mutants: ReadonlyArray<NumberedMutant>, switchFile: string): string =>
  `import { isMutant } from "${switchFile}";${within(text, 0, text.length, mutants.toSorted(outermostFirst))}`
