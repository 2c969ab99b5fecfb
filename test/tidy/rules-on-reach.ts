// The dead-file detector: a file that no entry point reaches is deleted, not kept. Entry points are the files
// that package.json and the Dockerfile name.
import * as Path from "node:path"
import { isCode, type ProjectFile, type Violation } from "./project-files.ts"
import { sourcesOf } from "./rules-on-imports.ts"

const guarded = /^(src|simulator|testkit|demo|bench|soak)\//
const isTypesOnly = (path: string) => path.endsWith(".d.mts") || path.endsWith(".d.ts")

/** Imports, and the threads and processes started by a URL beside `import.meta.url`. */
const targetsOf = (file: ProjectFile): ReadonlyArray<string> => {
  const started = [...file.text.matchAll(/new URL\("([^"]+\.m?[jt]s)", import\.meta\.url\)/g)]
  const relative = sourcesOf(file).map(({ value }) => value).filter((value) => value.startsWith("."))
  return [...relative, ...started.map(([, path = ""]) => path)].map((path) =>
    Path.posix.join(Path.posix.dirname(file.path), path)
  )
}

const namedIn = (files: ReadonlyArray<ProjectFile>): ReadonlyArray<string> =>
  files.filter(({ path }) => path === "package.json" || path === "Dockerfile").flatMap(({ text }) =>
    text.match(/[\w./-]+\.(?:ts|mjs)\b/g) ?? []
  ).map((path) => Path.posix.normalize(path))

const reachedFrom = (roots: ReadonlyArray<string>, byPath: ReadonlyMap<string, ProjectFile>) => {
  const reached = new Set<string>()
  const waiting = [...roots]
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const file = byPath.get(path)
    if (file === undefined || reached.has(path) || !isCode(path)) continue
    reached.add(path)
    waiting.push(...targetsOf(file))
  }
  return reached
}

/**
 * Tests keep testkit alive, but not the product: code that only its own test uses is dead. Nor does what
 * stands beside src keep a file of src alive.
 */
export const noDeadFiles = (files: ReadonlyArray<ProjectFile>): ReadonlyArray<Violation> => {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const named = namedIn(files)
  const production = reachedFrom(named.filter((path) => path.startsWith("src/")), byPath)
  const run = reachedFrom(named, byPath)
  const tested = reachedFrom([...byPath.keys()].filter((path) => path.startsWith("test/")), byPath)
  const isTested = (path: string) => path.startsWith("testkit/") && tested.has(path)
  const isReached = (path: string) =>
    path.startsWith("src/") ? production.has(path) : run.has(path) || isTested(path)
  return files.filter(({ path }) => guarded.test(path) && isCode(path) && !isTypesOnly(path))
    .filter(({ path }) => !isReached(path))
    .map(({ path }) => ({ path, line: 1, message: "is reached by no entry point" }))
}
