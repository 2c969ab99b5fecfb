// Rules on what files and folders are called and how many live together.
import * as Path from "node:path"
import { isCode, type ProjectFile, type Rule, type Violation } from "./project-files.ts"

const kebabCase = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/
const migration = /^\d{4}_[a-z0-9]+(_[a-z0-9]+)*\.ts$/
const emptyWords = new Set([
  "utils",
  "util",
  "helpers",
  "helper",
  "common",
  "manager",
  "misc",
  "shared",
  "stuff"
])
const folderSizeMax = 14

const at = (path: string, message: string): Violation => ({ path, line: 1, message })

export const namesAreKebabCase: Rule = ({ path }) => {
  const parts = path.split("/")
  const file = parts.at(-1) ?? ""
  if (!isCode(path) || (parts[0] === "migrations" && migration.test(file))) return []
  return parts.every((part) => kebabCase.test(part)) ? [] : [at(path, "is not in kebab-case")]
}

/** A name that says nothing collects everything. */
export const namesSaySomething: Rule = ({ path }) =>
  path.toLowerCase().split(/[/._-]/).filter((word) => emptyWords.has(word)).map((word) =>
    at(path, `is called "${word}", which says nothing about what it owns`)
  )

/** One name, one place: an index that re-exports its folder gives everything two. */
export const noBarrels: Rule = ({ path }) =>
  /(^|\/)index\.(ts|mts|js|mjs)$/.test(path) ? [at(path, "is an index; import the file itself")] : []

/** One file per port, adapter, migration or test subject: how many there are is not their choice. */
const mayBeLarge = (folder: string) => /^(src\/(services|layers)$|(test|docs|migrations)(\/|$))/.test(folder)

export const foldersFit = (files: ReadonlyArray<ProjectFile>): ReadonlyArray<Violation> => {
  const sizes = Map.groupBy(
    files.filter(({ path }) => path.includes("/")),
    ({ path }) => Path.posix.dirname(path)
  )
  return [...sizes].flatMap(([folder, inside]) =>
    inside.length <= folderSizeMax || mayBeLarge(folder) ? [] : [at(folder, `holds ${inside.length} files`)]
  )
}
