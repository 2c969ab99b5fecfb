// The real programs that tests try our files with: alerts, proxies, backups, hosts of our own, and a browser.
// On Debian as root the first run installs what is missing; elsewhere it says what to install.
import { execFileSync } from "node:child_process"
import { existsSync, readdirSync } from "node:fs"
import { delimiter, join } from "node:path"

const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"]
const isThere = (program: string): boolean => folders.some((folder) => existsSync(join(folder, program)))

/** Debian keeps the server's programs, pg_basebackup among them, by version and off the path. */
const postgresPrograms = "/usr/lib/postgresql"
const hasBaseBackup = (): boolean =>
  existsSync(postgresPrograms) &&
  readdirSync(postgresPrograms).some((version) =>
    existsSync(join(postgresPrograms, version, "bin/pg_basebackup"))
  )

/** What is looked for, and Debian's package that brings it. */
const wanted: ReadonlyArray<readonly [string, string]> = [
  ["promtool", "prometheus"],
  ["nginx", "nginx"],
  ["caddy", "caddy"],
  ["pgbouncer", "pgbouncer"],
  ["gpg", "gpg"],
  ["ip", "iproute2"],
  ["chromium", "chromium"]
]

const missing = (): ReadonlyArray<string> => [
  ...wanted.filter(([program]) => !isThere(program)).map(([, name]) => name),
  ...(hasBaseBackup() ? [] : ["postgresql"])
]

/** Takes a few minutes on a machine that has none. No service starts by itself. */
export const installPrograms = (): string => {
  const names = missing()
  if (names.length === 0) return "present"
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" }
  try {
    execFileSync("apt-get", ["update", "-qq"], { env, stdio: "ignore", timeout: 120_000 })
    const install = ["install", "--yes", "-qq", "--no-install-recommends", ...names]
    execFileSync("apt-get", install, { env, stdio: "ignore", timeout: 600_000 })
  } catch (error) {
    throw new Error(`these tests need ${names.join(", ")}: install them (on Debian: apt-get install)`, {
      cause: error
    })
  }
  return `installed now: ${names.join(", ")}`
}
