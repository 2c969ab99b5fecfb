// The one direction imports may point: one line per folder of src, and what stands beside src.
import * as Path from "node:path"
import { isCode, lineOf, parse, type ProjectFile, type Rule, type Violation } from "./project-files.ts"

interface Allowed {
  /** Our own folders of src (or paths inside one). */
  readonly ours: ReadonlyArray<RegExp>
  readonly packages: ReadonlyArray<RegExp>
}

const effect = /^effect(\/|$)/
const pureEffect = /^effect\/(Schema|Result)$/
const node = /^node:/
/** All of src; never what stands beside it: production has none of that. */
const production: Allowed = { ours: [/^(?!\.\.\/)/, /^\.\.\/migrations\//], packages: [/./] }

const folders: Readonly<Record<string, Allowed>> = {
  domain: { ours: [/^domain\//], packages: [pureEffect] },
  contract: { ours: [/^(contract|domain)\//], packages: [effect] },
  services: { ours: [/^(services|domain)\//], packages: [effect] },
  config: { ours: [/^config\//], packages: [effect] },
  layers: { ours: [/^(layers|services|domain)\//, /^\.\.\/migrations\//], packages: [/./] },
  actors: { ours: [/^(actors|services|domain)\//], packages: [effect, /^@effect\/platform-node/] },
  http: {
    // Of the actors only how to call them.
    ours: [
      /^(http|contract|services|domain)\//,
      /^actors\/(\w+\/)?(protocol|requests|turn-call|staff-authority)\.ts$/
    ],
    packages: [effect, node, /^@effect\/platform-node/, /^jose$/, /^otpauth$/, /^ws$/]
  },
  "manual-clock": { ours: [/^(manual-clock|services|domain)\//], packages: [effect, node] },
  commands: production,
  "main.ts": production,
  "platform.ts": production,
  "server.ts": production,
  "cli.ts": production
}

/** What stands beside src may use all of src; nothing but tests uses tests. */
const beside: Readonly<Record<string, Allowed>> = {
  simulator: { ours: [/^(?!\.\.\/)/, /^\.\.\/(simulator|testkit)\//], packages: [/./] },
  // A page in a browser: of the server only what is said between the two, and the rules both know.
  console: {
    ours: [/^(contract|domain)\//, /^\.\.\/console\//],
    packages: [effect, /^react(-dom)?(\/|$)/, /^@mantine\//, /^@tabler\/icons-react$/, /^uqr$/, /^vite$/]
  },
  testkit: { ours: [/^(?!\.\.\/)/, /^\.\.\/testkit\//], packages: [/./] },
  // A phone's script must be playable without a line of ours.
  demo: { ours: [/^\.\.\/(demo\/|testkit\/(phone|command-line)\.mjs$)/], packages: [node, /^ws$/] }
}

const rulesFor = (path: string): Allowed | null => {
  // What builds the page and takes its pictures runs in Node; only console/src runs in a browser.
  if (/^console\/[^/]+\.mjs$/.test(path)) return { ours: [], packages: [node, /^vite$/] }
  // The phone of the demo and of the tests: an example for clients in any language.
  if (path === "testkit/phone.mjs") {
    return { ours: [/^\.\.\/testkit\/(phone-answers|server-clock)\.mjs$/], packages: [node, /^ws$/] }
  }
  const outside = beside[path.split("/")[0] ?? ""]
  if (outside !== undefined) return outside
  const [, folder] = /^src\/([^/]+)/.exec(path) ?? []
  if (folder === undefined) return null
  return folders[folder] ?? { ours: [], packages: [] }
}

/** What a file imports, re-exports or loads, as it is written. */
export const sourcesOf = (file: ProjectFile) => {
  const nodes = parse(file).program.body.flatMap((statement) =>
    "source" in statement && statement.source !== null ? [statement.source] : []
  )
  const dynamic = [...file.text.matchAll(/\bimport\("([^"]+)"\)/g)]
  return [
    ...nodes.map((source) => ({ value: String(source.value), start: source.start })),
    ...dynamic.map((found) => ({ value: found[1] ?? "", start: found.index }))
  ]
}

export const importsPointOneWay: Rule = (file) => {
  const rules = rulesFor(file.path)
  if (rules === null) return []
  return sourcesOf(file).flatMap(({ start, value }) => {
    const isOurs = value.startsWith(".")
    const target = isOurs
      ? Path.posix.relative("src", Path.posix.join(Path.posix.dirname(file.path), value))
      : value
    const allowed = isOurs ? rules.ours : rules.packages
    if (allowed.some((pattern) => pattern.test(target))) return []
    return [{ path: file.path, line: lineOf(file.text, start), message: `may not import ${target}` }]
  })
}

const runsInProduction = /^(src|migrations)\//
const packageOf = (specifier: string): string =>
  specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/")

/** A devDependency that production imports is missing only in the image. */
export const productionInstallsWhatItImports = (
  files: ReadonlyArray<ProjectFile>
): ReadonlyArray<Violation> => {
  const manifest = files.find(({ path }) => path === "package.json")
  const installed = Object.keys(JSON.parse(manifest?.text ?? "{}").dependencies ?? {})
  return files.filter(({ path }) => runsInProduction.test(path) && isCode(path)).flatMap((file) =>
    sourcesOf(file).flatMap(({ start, value }) => {
      if (value.startsWith(".") || node.test(value) || installed.includes(packageOf(value))) return []
      return [{ path: file.path, line: lineOf(file.text, start), message: `${value} is no dependency` }]
    })
  )
}
