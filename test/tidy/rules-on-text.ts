// Rules a reader could check with a ruler: headers, lengths, unfinished business, registry hosts.
import { isCode, lineOf, type ProjectFile, type Rule, type Violation } from "./project-files.ts"

const headerLengthMin = 40
const lineLengthMax = 110
const fileLengthMax = 300

const at = (file: ProjectFile, line: number, message: string): Violation => ({
  path: file.path,
  line,
  message
})

/** The first lines say what the file owns. */
export const opensWithHeader: Rule = (file) => {
  if (!isCode(file.path)) return []
  const lines = file.text.split("\n")
  const first = lines[0]?.startsWith("#!") === true ? 1 : 0
  const after = lines.findIndex((line, index) => index >= first && !line.startsWith("//"))
  const header = lines.slice(first, after === -1 ? lines.length : after).join(" ")
  return header.length >= headerLengthMin ? [] : [at(file, 1, "does not open with a comment on what it owns")]
}

export const linesFit: Rule = (file) =>
  isCode(file.path)
    ? file.text.split("\n").flatMap((line, index) =>
      [...line].length <= lineLengthMax ? [] : [at(file, index + 1, `is ${[...line].length} columns wide`)]
    )
    : []

export const fileFits: Rule = (file) => {
  const count = file.text.trimEnd().split("\n").length
  return isCode(file.path) && count > fileLengthMax ? [at(file, count, `the file has ${count} lines`)] : []
}

// Built from halves, so that this file does not accuse itself.
const unfinishedWords = new RegExp(
  `\\b(${["TO|DO", "FIX|ME", "HA|CK", "X|XX"].map((word) => word.replace("|", "")).join("|")})\\b`,
  "g"
)

export const nothingUnfinished: Rule = (file) =>
  [...file.text.matchAll(unfinishedWords)].map((found) =>
    at(file, lineOf(file.text, found.index), `says ${found[0]}: do it or write an issue`)
  )

const registryHosts = /registry\.(npmjs|yarnpkg|npmmirror)|npm\.pkg\.github|[a-z0-9.-]+\/artifactory\//g

/** Installing must work behind any mirror: no file may name a registry. */
export const namesNoRegistry: Rule = (file) =>
  [...file.text.matchAll(registryHosts)].map((found) =>
    at(file, lineOf(file.text, found.index), `names the registry host ${found[0]}`)
  )

interface LockedPackage {
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/** `npm ci` refuses a lock file that lacks a platform's package, even on every other platform. */
export const lockKnowsEveryPlatform: Rule = (file) => {
  if (file.path !== "package-lock.json") return []
  const packages: Readonly<Record<string, LockedPackage>> = JSON.parse(file.text).packages
  // As npm looks: beside the package that asks, then in every node_modules above it.
  const isLocked = (from: string, name: string): boolean => {
    const folders = from.split("node_modules/").map((_, index, all) =>
      all.slice(0, index + 1).join("node_modules/")
    )
    return folders.some((folder) => `${folder}node_modules/${name}` in packages)
  }
  return Object.entries(packages).flatMap(([path, { optionalDependencies }]) =>
    Object.keys(optionalDependencies ?? {})
      .filter((name) => !isLocked(path === "" ? "" : `${path}/`, name))
      .map((name) => at(file, 1, `lacks ${name}, an optional dependency of ${path === "" ? "ours" : path}`))
  )
}
