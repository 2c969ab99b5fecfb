// What a text refers to: files, tests by their titles, npm commands, words of the code. Docs and comments are
// read the same way, so that neither goes on naming what was moved or renamed.
import { isCode, lineOf, parse, type ProjectFile } from "../tidy/project-files.ts"

export interface Reference {
  readonly line: number
  readonly name: string
}

/** A document is read whole; of code only its comments, as one text with the lines of the file. */
export const proseOf = (file: ProjectFile): string | null => {
  if (/\.md$|(^|\/)Dockerfile$|^\.ci\//.test(file.path)) return file.text
  if (!isCode(file.path)) return null
  const blank = file.text.replaceAll(/[^\n]/g, " ")
  return parse(file).comments.reduce(
    (text, { end, start }) => text.slice(0, start) + file.text.slice(start, end) + text.slice(end),
    blank
  )
}

/** The other half: code without its comments, and whole what has no comments we can tell. */
export const codeOf = (file: ProjectFile): string => {
  if (!isCode(file.path)) return file.path.endsWith(".md") ? "" : file.text
  return parse(file).comments.reduceRight(
    (text, { end, start }) => text.slice(0, start) + text.slice(end),
    file.text
  )
}

const found = (text: string, pattern: RegExp): ReadonlyArray<Reference> =>
  [...text.matchAll(pattern)].map((match) => ({
    line: lineOf(text, match.index),
    name: (match[1] ?? match[0]).replace(/[./]+$/, "")
  }))

const pathBody = String.raw`[\w@.*-]+(?:\/[\w@.*-]+)*`
const withExtension = new RegExp(
  String.raw`(?<![\w/:.-])\.{0,2}\/?(${pathBody}\.(?:ts|mts|mjs|js|md|html|json))(?![\w/-])`,
  "g"
)
const roots = "src|simulator|testkit|test|migrations|demo|bench|soak|docs|ops"
const foldersOfSrc = "domain|contract|services|layers|actors|http|manual-clock|commands|config"
const underRoot = new RegExp(String.raw`(?<![\w/.:-])(?:${roots}|${foldersOfSrc})\/[\w@./*-]*`, "g")

/** Files that a document speaks of and that are not in the repository, each for a reason. */
const elsewhere = new Map([
  ["run.html", "the reader's own file"],
  ["mutant.html", "the reader's own file"],
  ["path/to/mine.ts", "the reader's own file"],
  ["console/dist/index.html", "built by `npm ci`"],
  ["run/secrets/firebase.json", "mounted where the server runs"],
  ["ops/secrets", "the operator's own, never committed"],
  ["data/simulate/failing-seeds.json", "written by a farm"]
])

/** Paths and base names, with their globs; `../` is dropped, because a name is looked for anywhere. */
export const pathsIn = (text: string): ReadonlyArray<Reference> => {
  const inside = ({ name }: Reference) =>
    !elsewhere.has(name) && !name.startsWith("-") && !/^docs\/decisions\/\d{4}$/.test(name)
  return [...found(text, withExtension), ...found(text, underRoot)].filter(inside)
}

const escaped = (text: string) => text.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`)

/** A base name, the end of a path or a glob means every file that ends so; a path also means a folder. */
export const filesNamed = (name: string, paths: ReadonlyArray<string>): ReadonlyArray<string> => {
  const pattern = new RegExp(String.raw`(^|\/)${escaped(name).replaceAll("*", "[^/]*")}(\.ts|\/.*)?$`)
  return paths.filter((path) => pattern.test(path))
}

export interface Quote extends Reference {
  /** The test file, or glob, that was named before the title in the same line. */
  readonly file: string
}

/** A title in quotes belongs to the test file named before it in its line. */
export const titlesIn = (text: string): ReadonlyArray<Quote> =>
  text.split("\n").flatMap((line, index) => {
    let file = ""
    return [...line.matchAll(/`([\w./*-]+)`|"([^"]+)"/g)].flatMap(([, named, title]) => {
      if (named !== undefined && /^(test|testkit)\/|\.test\.ts$/.test(named)) file = named
      else if (named !== undefined) file = ""
      return title === undefined || file === "" ? [] : [{ file, line: index + 1, name: title }]
    })
  })

/** Scripts of package.json by name. */
export const scriptsIn = (text: string): ReadonlyArray<Reference> =>
  found(text, /\bnpm run (?:--silent )?([\w:-]+)/g)

export interface Handed extends Reference {
  readonly script: string
}

/** What is handed to scripts after the two dashes, up to the end of the command. */
const handedIn = (text: string): ReadonlyArray<Handed> =>
  [...text.matchAll(/npm run (?:--silent )?([\w:-]+) -- ([^\n#|`]*)/g)].map((match) => ({
    line: lineOf(text, match.index),
    name: match[2] ?? "",
    script: match[1] ?? ""
  }))

/** The flags among it. */
export const flagsIn = (text: string): ReadonlyArray<Handed> =>
  handedIn(text).flatMap((handed) =>
    [...handed.name.matchAll(/(?<![\w-])--([a-z][\w-]*)/g)].map(([, name = ""]) => ({ ...handed, name }))
  )

/** Its first word, where that is no flag: what a script is to do. */
export const wordsIn = (text: string): ReadonlyArray<Handed> =>
  handedIn(text).flatMap((handed) => {
    const [, name = ""] = /^([a-z][\w.-]*)/.exec(handed.name) ?? []
    return name === "" ? [] : [{ ...handed, name }]
  })

/** What stands after `npm run call --`, as a shell would part it. */
export const callsIn = (text: string): ReadonlyArray<Reference> =>
  handedIn(text).filter(({ script }) => script === "call")

/** The words of a line, single quotes taken off. */
export const shellWords = (line: string): ReadonlyArray<string> =>
  (line.match(/(?:'[^']*'|[^\s'])+/g) ?? []).map((word) => word.replaceAll("'", ""))

/** Commands of the server, as they are called without npm. */
export const commandsIn = (text: string): ReadonlyArray<Reference> =>
  found(text, /(?:\bsrc\/cli\.ts|\bnpx halobestie) ([a-z][a-z-]*)/g)

/** Identifiers between backticks: a name, members of it, a table, an index; not the names of files. */
export const identifiersIn = (text: string): ReadonlyArray<Reference> => {
  const prose = text.replaceAll(/```[\s\S]*?```/g, (block) => block.replaceAll(/[^\n]/g, " "))
  return found(prose, /`([A-Za-z_]\w*(?:\.\w+)*)(?:\(\))?`/g).filter(({ name }) =>
    !/\.(md|ts|json)$/.test(name)
  )
}

/** "Decision 13", "decisions/0013". */
export const decisionsIn = (text: string): ReadonlyArray<Reference> =>
  [...text.matchAll(/\b[Dd]ecision (\d+)\b|\bdecisions\/(\d{4})\b/g)].map((match) => ({
    line: lineOf(text, match.index),
    name: (match[1] ?? match[2] ?? "").padStart(4, "0")
  }))
