// What a run used, from /proc: CPU of a process with all its children, what else ran on the machine
// meanwhile, and the memory of a process. Linux only.
import { existsSync, readdirSync, readFileSync } from "node:fs"

const msPerTick = 10

const statOf = (pid: number): ReadonlyArray<string> => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  } catch {
    return []
  }
}

const childrenOf = (pid: number): ReadonlyArray<number> => {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" ").filter((one) => one !== "")
        .map(Number)
    )
  } catch {
    return []
  }
}

const treeOf = (pid: number): ReadonlyArray<number> => [pid, ...childrenOf(pid).flatMap(treeOf)]

/** Its own time and that of its dead children, so that a process which ended in between is still counted. */
const cpuOf = (pid: number): number => {
  const fields = statOf(pid)
  return [11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field] ?? 0), 0) * msPerTick
}

/** CPU of these processes and all their children so far, each counted once, in ms. */
export const cpuMs = (pids: ReadonlyArray<number>): number =>
  [...new Set(pids.flatMap(treeOf))].reduce((sum, pid) => sum + cpuOf(pid), 0)

/** CPU that anything used on this machine so far, in ms: neither idle nor waiting for a disk. */
const machineMs = (): number => {
  const fields = readFileSync("/proc/stat", "utf8").split("\n")[0]?.split(/\s+/).slice(1, 9).map(Number) ?? []
  return fields.reduce((sum, ticks, index) => index === 3 || index === 4 ? sum : sum + ticks, 0) * msPerTick
}

export const parentOf = (pid: number): number => Number(statOf(pid)[1] ?? 0)

export const isPostgres = (pid: number): boolean =>
  existsSync(`/proc/${pid}/comm`) && readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "postgres"

/** Resident memory in KiB. */
export const memoryKiB = (pids: ReadonlyArray<number>): number =>
  pids.reduce((sum, pid) => {
    const status = readFileSync(`/proc/${pid}/status`, "utf8")
    return sum + Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0)
  }, 0)

/** Whose bill is whose: roots of process trees. */
export interface Accounts {
  readonly server: ReadonlyArray<number>
  readonly postgres: ReadonlyArray<number>
  readonly valkey: ReadonlyArray<number>
}

export interface Costs {
  readonly server_ms: number
  readonly postgres_ms: number
  readonly valkey_ms: number
  readonly total_ms: number
  /** What everybody else on the machine used meanwhile, in cores. */
  readonly strangers: number
}

const read = (accounts: Accounts) => ({
  at: performance.now(),
  machine: machineMs(),
  // The bench with all its children: servers, load, what it started of Postgres and Valkey.
  own: cpuMs([process.pid, ...accounts.postgres, ...accounts.valkey, ...accounts.server]),
  server: cpuMs(accounts.server),
  postgres: cpuMs(accounts.postgres),
  valkey: cpuMs(accounts.valkey)
})

/** What `work` cost. */
export const costing = async <A>(accounts: Accounts, work: () => Promise<A>) => {
  const before = read(accounts)
  const value = await work()
  const after = read(accounts)
  const [server_ms, postgres_ms, valkey_ms] = [
    after.server - before.server,
    after.postgres - before.postgres,
    after.valkey - before.valkey
  ]
  const strangersMs = after.machine - before.machine - (after.own - before.own)
  const costs: Costs = {
    server_ms,
    postgres_ms,
    valkey_ms,
    total_ms: server_ms + postgres_ms + valkey_ms,
    strangers: Math.max(0, strangersMs / (after.at - before.at))
  }
  return { value, costs }
}
