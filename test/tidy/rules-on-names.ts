// Rules on what files and folders are called.
import { isCode, type Rule, type Violation } from "./project-files.ts"

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
