// The project's own files, as the tidy rules see them: path from the root, text, and the parsed code of
// TypeScript and JavaScript.
import * as Fs from "node:fs"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import { type Comment, parseSync, type Program } from "oxc-parser"

export interface ProjectFile {
  /** With forward slashes, for example `src/domain/ledger.ts`. */
  readonly path: string
  readonly text: string
}

export interface Violation {
  readonly path: string
  readonly line: number
  readonly message: string
}

export type Rule = (file: ProjectFile) => ReadonlyArray<Violation>

const root = fileURLToPath(new URL("../..", import.meta.url))
const notOurs = new Set(["node_modules", ".git", ".data", "coverage", "dist"])
const notText = /\.(log|png|jpg|wasm|tgz)$/

const walk = (folder: string): ReadonlyArray<string> =>
  Fs.readdirSync(Path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = Path.posix.join(folder, entry.name)
    if (notOurs.has(entry.name)) return []
    return entry.isDirectory() ? walk(path) : entry.isFile() ? [path] : []
  })

/** Pictures among them. */
export const projectPaths = (): ReadonlyArray<string> => walk(".")

export const projectFiles = (): ReadonlyArray<ProjectFile> =>
  projectPaths().filter((path) => !notText.test(path)).map((path) => ({
    path,
    text: Fs.readFileSync(Path.join(root, path), "utf8")
  }))

export const isCode = (path: string): boolean => /\.(ts|tsx|mts|js|mjs)$/.test(path)

export const lineOf = (text: string, offset: number): number => {
  let line = 1
  for (let at = text.indexOf("\n"); at !== -1 && at < offset; at = text.indexOf("\n", at + 1)) line += 1
  return line
}

export interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [key: string]: unknown
}

interface Parsed {
  readonly program: Program
  readonly comments: ReadonlyArray<Comment>
}

const parsed = new WeakMap<ProjectFile, Parsed>()

/** Parsed once per file. Text that is not valid code is left to the type checker. */
export const parse = (file: ProjectFile): Parsed => {
  const known = parsed.get(file)
  if (known !== undefined) return known
  const { comments, program } = parseSync(file.path, file.text)
  parsed.set(file, { comments, program })
  return { comments, program }
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string"

export const childrenOf = (node: Node): ReadonlyArray<Node> =>
  Object.values(node).flatMap((value) =>
    Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : []
  )

/** Every node under this one, itself first, parents before children. */
export const nodesOf = (node: Node): ReadonlyArray<Node> => {
  const known = walked.get(node)
  if (known !== undefined) return known
  const found: Array<Node> = []
  const collect = (each: Node): void => {
    found.push(each)
    for (const child of childrenOf(each)) collect(child)
  }
  collect(node)
  walked.set(node, found)
  return found
}

/** Several rules walk the same programs. */
const walked = new WeakMap<Node, ReadonlyArray<Node>>()

export const programOf = (file: ProjectFile): Node => parse(file).program as unknown as Node
