// The folder one embedded Postgres lives in: data/, its password, its log, and users/, which holds one
// file per process that works with it. The last user to leave stops the server.
import * as Crypto from "node:crypto"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { type Account, accountFor, canReach, give, reachableFolder } from "./account.ts"

export interface Home {
  readonly root: string
  readonly data: string
  readonly log: string
  readonly password: string
  readonly users: string
  readonly account: Account | null
}

const at = (root: string, account: Account | null): Home => ({
  root,
  data: Path.join(root, "data"),
  log: Path.join(root, "server.log"),
  password: Path.join(root, "password"),
  users: Path.join(root, "users"),
  account
})

/** Prepares the folder; as root and behind a closed folder it moves to /var/tmp and says so. */
export const prepareHome = (directory: string, log: (line: string) => void): Home => {
  let root = Path.resolve(directory)
  Fs.mkdirSync(root, { recursive: true })
  const account = accountFor(Path.join(root, "data"))
  if (account !== null && !canReach(account, Path.join(root, "data"))) {
    const name = Crypto.createHash("sha256").update(root).digest("hex").slice(0, 12)
    const moved = reachableFolder(`halobestie-${name}`)
    log(`running as root, and ${account.name} cannot reach ${root}: Postgres keeps its data in ${moved}`)
    root = moved
  }
  const home = at(root, account)
  Fs.mkdirSync(home.users, { recursive: true })
  if (!Fs.existsSync(home.password)) {
    Fs.writeFileSync(home.password, Crypto.randomBytes(18).toString("base64url"), { mode: 0o600, flag: "wx" })
    give(account, home.password)
  }
  return home
}

/** The log of the last run stays beside the new one: it is what tells why Postgres stopped. */
export const openLog = (home: Home): number => {
  if (Fs.existsSync(home.log)) Fs.renameSync(home.log, `${home.log}.previous`)
  return Fs.openSync(home.log, "a", 0o600)
}

export const lastLines = (home: Home, count: number): string =>
  Fs.existsSync(home.log)
    ? Fs.readFileSync(home.log, "utf8").trimEnd().split("\n").slice(-count).join("\n")
    : ""

/** Killed, but not yet buried by its parent: it still has a pid and does nothing any more. Linux only. */
const isZombie = (pid: number): boolean => {
  try {
    return / Z /.test(Fs.readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\)/, ""))
  } catch {
    return false
  }
}

/** A process has this number, if only a dead one. */
const exists = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it exists, but belongs to another account.
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
}

export const isAlive = (pid: number): boolean => exists(pid) && !isZombie(pid)

export const enter = (home: Home): void => Fs.writeFileSync(Path.join(home.users, String(process.pid)), "")

export const leave = (home: Home): void =>
  Fs.rmSync(Path.join(home.users, String(process.pid)), { force: true })

/** Other living processes that use this server. Files of processes that were killed are cleared away. */
export const otherUsers = (home: Pick<Home, "users">): ReadonlyArray<number> => {
  const names = Fs.existsSync(home.users) ? Fs.readdirSync(home.users) : []
  return names.map(Number).filter((pid) => {
    if (pid === process.pid) return false
    if (!isAlive(pid)) Fs.rmSync(Path.join(home.users, String(pid)), { force: true })
    return isAlive(pid)
  })
}

export interface Postmaster {
  readonly pid: number
  readonly port: number
  readonly ready: boolean
}

/** /proc tells whether a living pid really is this Postgres; without /proc we believe the file. */
const isPostgres = (pid: number, data: string): boolean => {
  const commandLine = `/proc/${pid}/cmdline`
  if (!Fs.existsSync("/proc/self/cmdline")) return true
  if (!Fs.existsSync(commandLine)) return false
  const line = Fs.readFileSync(commandLine, "utf8")
  return line.includes("postgres") && line.includes(data)
}

/**
 * What postmaster.pid says, if the process it names is alive and is Postgres. If the pid is another process's
 * or a zombie's, the file is removed, because Postgres would refuse to start; a pid without a process it
 * ignores by itself. Children that live on it still notices by the shared memory.
 */
export const runningPostmaster = (data: string): Postmaster | null => {
  const file = Path.join(data, "postmaster.pid")
  if (!Fs.existsSync(file)) return null
  const lines = Fs.readFileSync(file, "utf8").split("\n").map((line) => line.trim())
  const pid = Number(lines[0])
  if (!Number.isInteger(pid) || pid <= 1) return null
  if (isAlive(pid) && isPostgres(pid, data)) {
    return { pid, port: Number(lines[3]), ready: lines[7] === "ready" }
  }
  if (exists(pid)) Fs.rmSync(file, { force: true })
  return null
}
