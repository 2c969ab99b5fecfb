// A PostgreSQL server from Debian's own programs, for the drill: the embedded ones lack pg_basebackup. Runs
// as the account postgres where we are root, because Postgres refuses root.
import { execFile, execFileSync, spawn } from "node:child_process"
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync } from "node:fs"
import { promisify } from "node:util"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { accountFor } from "../../src/layers/platform/embedded-postgres/account.ts"

const versions = "/usr/lib/postgresql"

const programs = (): string => {
  const newest = existsSync(versions)
    ? readdirSync(versions).toSorted((a, b) => Number(b) - Number(a))[0]
    : undefined
  if (newest === undefined) {
    throw new Error("the drill needs Debian's package postgresql (.ci/run installs it)")
  }
  return `${versions}/${newest}/bin`
}

export const account = accountFor("/nowhere")

/** A folder that only the account may read. */
export const folderOf = (path: string): string => {
  mkdirSync(path, { recursive: true })
  if (account !== null) chownSync(path, account.uid, account.gid)
  chmodSync(path, 0o700)
  return path
}

const as = account === null ? {} : { uid: account.uid, gid: account.gid }

const pathOf = (command: string): string =>
  command.includes("/") || command === "du" ? command : `${programs()}/${command}`

const optionsWith = (env: Readonly<Record<string, string>>) => ({
  ...as,
  cwd: "/",
  env: { PATH: `${programs()}:${process.env["PATH"] ?? ""}`, ...env },
  encoding: "utf8" as const
})

/** Runs one of the programs, or a script that uses them, as the account. */
export const run = (
  command: string,
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {}
): string =>
  execFileSync(pathOf(command), [...args], { ...optionsWith(env), stdio: ["ignore", "pipe", "pipe"] })

/** The same while phones of this process go on saying that they are there. */
export const runBeside = (script: string, env: Readonly<Record<string, string>>): Promise<unknown> =>
  promisify(execFile)(pathOf(script), [], optionsWith(env))

export const urlAt = (port: number, database: string): string =>
  `postgres://postgres@127.0.0.1:${port}/${database}`

const answers = (port: number, recovering: "t" | "f") =>
  Effect.sync(() => run("psql", [urlAt(port, "postgres"), "-Atc", "SELECT pg_is_in_recovery()"]).trim()).pipe(
    Effect.catchDefect(() => Effect.fail("not yet" as const)),
    Effect.flatMap((said) => said === recovering ? Effect.void : Effect.fail("not yet" as const)),
    Effect.retry(Schedule.spaced("200 millis")),
    Effect.timeout("60 seconds"),
    Effect.orDie
  )

export interface Postgres {
  readonly port: number
  /** As a lost machine: at once, without a word. */
  readonly kill: Effect.Effect<void>
}

/** Serves a data folder until the scope closes; ready when it takes writes, or as a standby when it reads. */
export const serve = Effect.fnUntraced(function*(
  data: string,
  port: number,
  settings: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
  as_standby = false
) {
  const flags = Object.entries({ ...settings, port: String(port), unix_socket_directories: "" })
    .flatMap(([name, value]) => ["-c", `${name}=${value}`])
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(`${programs()}/postgres`, ["-D", data, ...flags], {
        ...as,
        cwd: "/",
        env: { PATH: `${programs()}:${process.env["PATH"] ?? ""}`, ...env },
        stdio: "ignore"
      })
    ),
    (process) => Effect.sync(() => void process.kill("SIGQUIT"))
  )
  yield* answers(port, as_standby ? "t" : "f")
  const kill = Effect.callback<void>((resume) => {
    child.once("close", () => resume(Effect.void))
    child.kill("SIGQUIT")
  })
  return { port, kill } satisfies Postgres
})
