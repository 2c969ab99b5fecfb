// The Dockerfile's steps by hand: no engine runs here, so its COPY and RUN lines are done in a folder. Read
// from the file itself, and bound by .dockerignore, so that what a test sees is what an image would hold.
import { execFile } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join, posix } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import * as Effect from "effect/Effect"

const context = fileURLToPath(new URL("../..", import.meta.url))

export interface Image {
  readonly from: string
  /** Where its WORKDIR lies on this machine. */
  readonly folder: string
  readonly environment: Readonly<Record<string, string>>
  /** ENTRYPOINT, CMD and the health check's command, each in its exec form. */
  readonly entrypoint: ReadonlyArray<string>
  readonly command: ReadonlyArray<string>
  readonly healthCheck: ReadonlyArray<string>
}

interface Instruction {
  readonly name: string
  readonly rest: string
}

/** One stage while it is built: `root` is its file system's root. */
interface Stage {
  readonly name: string
  readonly from: string
  readonly root: string
  readonly environment: Record<string, string>
  readonly lists: Record<string, ReadonlyArray<string>>
  workingFolder: string
}

export const instructionsOf = (dockerfile: string): ReadonlyArray<Instruction> =>
  dockerfile.split("\n").filter((line) => !line.startsWith("#")).join("\n").replaceAll(/\\\n\s*/g, " ").split(
    "\n"
  )
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [, name = "", rest = ""] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? []
      return { name, rest }
    })

/** Our .dockerignore shuts out everything and names what may enter. */
const mayEnter = (): ReadonlyArray<string> => {
  const lines = readFileSync(join(context, ".dockerignore"), "utf8").split("\n").filter((line) =>
    line !== "" && !line.startsWith("#")
  )
  const [everything, ...entering] = lines
  if (everything !== "*" || entering.some((line) => !line.startsWith("!"))) {
    throw new Error(".dockerignore: expected * and then only what may enter")
  }
  return entering.map((line) => line.slice(1))
}

/** npm's own settings of this machine stay; those of the `npm test` around us do not. */
const buildEnvironment = () => {
  const kept = /^npm_config_(registry|cache|userconfig|globalconfig|cafile|\w*proxy)$/i
  const inherited = Object.entries(process.env).filter(([name]) =>
    name !== "NODE_ENV" && name !== "NODE_OPTIONS" &&
    (!name.toLowerCase().startsWith("npm_") || kept.test(name))
  )
  return { ...Object.fromEntries(inherited), npm_config_prefer_offline: "true" }
}

const inside = (stage: Stage, path: string): string =>
  join(stage.root, posix.resolve(stage.workingFolder, path))

const copy = (stage: Stage, stages: ReadonlyArray<Stage>, rest: string) => {
  const words = rest.split(/\s+/)
  const from = /^--from=(.+)$/.exec(words[0] ?? "")?.[1]
  const [destination = "", ...sources] = (from === undefined ? words : words.slice(1)).toReversed()
  const origin = stages.find(({ name }) => name === from)
  for (const source of sources) {
    if (origin === undefined && !mayEnter().includes(source)) {
      throw new Error(`.dockerignore keeps ${source} out`)
    }
    const path = origin === undefined ? join(context, source) : inside(origin, source)
    // Docker copies a folder's content, a file under its name into a folder.
    const intoFolder = destination.endsWith("/") && statSync(path).isFile()
    const target = inside(stage, destination)
    cpSync(path, intoFolder ? join(target, basename(source)) : target, {
      recursive: true,
      verbatimSymlinks: true
    })
  }
}

const run = async (stage: Stage, command: string) => {
  await promisify(execFile)("/bin/sh", ["-c", command], {
    cwd: inside(stage, "."),
    env: { ...buildEnvironment(), ...stage.environment },
    timeout: 240_000
  })
}

const apply = async (stage: Stage, stages: ReadonlyArray<Stage>, { name, rest }: Instruction) => {
  switch (name) {
    case "WORKDIR":
      stage.workingFolder = posix.resolve(stage.workingFolder, rest)
      return mkdirSync(inside(stage, "."), { recursive: true })
    case "COPY":
      return copy(stage, stages, rest)
    case "RUN":
      return run(stage, rest)
    case "ENV": {
      const [, variable = "", value = ""] = /^(\w+)=(\S*)$/.exec(rest) ?? []
      stage.environment[variable] = value
      return
    }
    case "ENTRYPOINT":
    case "CMD":
      stage.lists[name] = JSON.parse(rest)
      return
    case "HEALTHCHECK":
      stage.lists[name] = JSON.parse(rest.slice(rest.indexOf("CMD ") + 4))
      return
    // What only an engine can do.
    case "USER":
    case "EXPOSE":
    case "STOPSIGNAL":
      return
    default:
      throw new Error(`no test does ${name} by hand`)
  }
}

const build = async (folder: string): Promise<Image> => {
  const stages: Array<Stage> = []
  const args = new Map<string, string>()
  for (const instruction of instructionsOf(readFileSync(join(context, "Dockerfile"), "utf8"))) {
    const stage = stages.at(-1)
    if (instruction.name === "ARG") {
      const [, name = "", value = ""] = /^(\w+)=(\S+)$/.exec(instruction.rest) ?? []
      args.set(name, value)
    } else if (instruction.name === "FROM") {
      const [given = "", , name = ""] = instruction.rest.split(/\s+/)
      const from = given.replaceAll(/\$\{(\w+)\}/g, (_, arg: string) => args.get(arg) ?? "")
      const root = join(folder, String(stages.length))
      stages.push({ name, from, root, environment: {}, lists: {}, workingFolder: "/" })
    } else if (stage !== undefined) await apply(stage, stages, instruction)
  }
  const last = stages.at(-1)
  if (last === undefined) throw new Error("the Dockerfile has no stage")
  return {
    from: last.from,
    folder: inside(last, "."),
    environment: last.environment,
    entrypoint: last.lists["ENTRYPOINT"] ?? [],
    command: last.lists["CMD"] ?? [],
    healthCheck: last.lists["HEALTHCHECK"] ?? []
  }
}

/** The last stage, until the scope closes. */
export const builtByHand = Effect.acquireRelease(
  Effect.sync(() => realpathSync(mkdtempSync(join(tmpdir(), "halobestie-image-")))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
).pipe(Effect.flatMap((folder) => Effect.promise(() => build(folder))))
