// The rule on the project's vocabulary: a word that was retired does not return in an identifier.
import { isCode, lineOf, nodesOf, programOf, type ProjectFile, type Rule } from "./project-files.ts"
import { keptIdentifiers, pendingWords, type RetiredWord, retiredWords } from "./retired-words.ts"

/** Camel case and snake case fall into the same words. */
const wordsOf = (identifier: string): ReadonlyArray<string> =>
  identifier
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll(/([A-Z])([A-Z][a-z])/g, "$1_$2")
    .toLowerCase()
    .split("_")

const isWord = (found: string | undefined, word: string): boolean => found === word || found === `${word}s`

const wordsOfRetired = new Map(retiredWords.map((retired) => [retired, wordsOf(retired.word)]))

const contains = (identifier: string, found: ReadonlyArray<string>, retired: RetiredWord): boolean => {
  if (retired.isExact === true) return identifier === retired.word
  const words = wordsOfRetired.get(retired) ?? []
  return found.some((_, start) => words.every((word, index) => isWord(found[start + index], word)))
}

const known = new Map<string, ReadonlyArray<RetiredWord>>()

/** Every retired word in an identifier. Identifiers repeat by the thousand, so each is looked at once. */
const retiredInName = (identifier: string): ReadonlyArray<RetiredWord> => {
  const seen = known.get(identifier)
  if (seen !== undefined) return seen
  const words = wordsOf(identifier)
  const found = keptIdentifiers.has(identifier)
    ? []
    : retiredWords.filter((retired) => contains(identifier, words, retired))
  known.set(identifier, found)
  return found
}

const roots = /^(src|simulator|testkit|test)\//

/** Names the file spells itself: identifiers and private names, also the keys of records. */
const identifiersOf = (file: ProjectFile) =>
  nodesOf(programOf(file)).flatMap((node) =>
    node.type === "Identifier" || node.type === "PrivateIdentifier"
      ? [{ name: String(node["name"]), start: node.start }]
      : []
  )

interface Found {
  readonly word: RetiredWord
  readonly name: string
  readonly start: number
}

const retiredIn = (file: ProjectFile): ReadonlyArray<Found> => {
  if (!roots.test(file.path) || !isCode(file.path)) return []
  return identifiersOf(file).flatMap(({ name, start }) =>
    retiredInName(name).filter(({ below = "" }) => file.path.startsWith(below)).map((word) => ({
      name,
      start,
      word
    }))
  )
}

const rootOf = (path: string) => `${path.split("/")[0] ?? ""}/`

export const noRetiredWords: Rule = (file) => {
  const pending = pendingWords[rootOf(file.path)] ?? []
  return retiredIn(file).filter(({ word }) => !pending.includes(word.word)).map(({ name, start, word }) => ({
    path: file.path,
    line: lineOf(file.text, start),
    message: `says ${name}: "${word.word}" was retired, write ${word.write}`
  }))
}

/** Pending words that stand nowhere in their folder any more. */
export const unneededPending = (files: ReadonlyArray<ProjectFile>): ReadonlyArray<string> => {
  const standing = new Set(
    files.flatMap((file) => retiredIn(file).map(({ word }) => `${rootOf(file.path)} ${word.word}`))
  )
  return Object.entries(pendingWords).flatMap(([root, words]) =>
    words.map((word) => `${root} ${word}`).filter((each) => !standing.has(each))
  )
}
