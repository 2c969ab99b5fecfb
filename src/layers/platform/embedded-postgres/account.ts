// Which operating-system account runs Postgres. Postgres refuses root, so root borrows an account
// without rights: the one that owns existing data, else `postgres`, else `nobody`.
import * as Fs from "node:fs"
import * as Path from "node:path"

export interface Account {
  readonly uid: number
  readonly gid: number
  readonly name: string
}

const known = (name: string): Account | null => {
  if (!Fs.existsSync("/etc/passwd")) return null
  const line = Fs.readFileSync("/etc/passwd", "utf8").split("\n").find((entry) =>
    entry.startsWith(`${name}:`)
  )
  const [, , uid, gid] = line?.split(":") ?? []
  return Number(uid) > 0 ? { uid: Number(uid), gid: Number(gid), name } : null
}

/** null: Postgres runs as ourselves (we are not root, or the platform has no such idea). */
export const accountFor = (dataDirectory: string): Account | null => {
  if (process.getuid?.() !== 0) return null
  const data = Fs.statSync(dataDirectory, { throwIfNoEntry: false })
  if (data !== undefined && data.uid !== 0) return { uid: data.uid, gid: data.gid, name: `uid ${data.uid}` }
  return known("postgres") ?? known("nobody") ?? { uid: 65_534, gid: 65_534, name: "uid 65534" }
}

/** Whether the account may walk down to this path, judged by the mode bits of every folder above it. */
export const canReach = (account: Account, path: string): boolean => {
  const parent = Path.dirname(path)
  if (parent === path) return true
  const stat = Fs.statSync(parent, { throwIfNoEntry: false })
  if (stat === undefined) return canReach(account, parent)
  const bit = stat.uid === account.uid ? 0o100 : stat.gid === account.gid ? 0o010 : 0o001
  return (stat.mode & bit) !== 0 && canReach(account, parent)
}

/** Makes the path belong to the account; nothing to do when we run Postgres as ourselves. */
export const give = (account: Account | null, path: string): void => {
  if (account !== null) Fs.chownSync(path, account.uid, account.gid)
}

/**
 * A folder of ours under /var/tmp, for what the account must reach. Every account may write there, so a
 * folder that another account made there first is refused.
 */
export const reachableFolder = (name: string): string => {
  const path = Path.join("/var/tmp", name)
  Fs.mkdirSync(path, { recursive: true, mode: 0o755 })
  const stat = Fs.lstatSync(path)
  if (!stat.isDirectory() || stat.uid !== process.getuid?.() || (stat.mode & 0o022) !== 0) {
    throw new Error(`${path} is not a folder that only this user can write; remove it and try again`)
  }
  Fs.chmodSync(path, 0o755)
  return path
}
