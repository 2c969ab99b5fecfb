// A real PostgreSQL without an installation: starts the programs that npm brought along, on a free port
// of 127.0.0.1, and gives the url. For development and tests; production always has a DATABASE_URL.
import { execFile, spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { stopBudgets } from "../../../services/platform/stop-budgets.ts"
import { give } from "./account.ts"
import { type Binaries, binariesFor } from "./binaries.ts"
import { attempt, EmbeddedPostgresFailed } from "./failure.ts"
import {
  enter,
  type Home,
  isAlive,
  lastLines,
  leave,
  openLog,
  otherUsers,
  type Postmaster,
  prepareHome,
  runningPostmaster
} from "./home.ts"
import { freePort } from "../free-port.ts"

export interface EmbeddedPostgresOptions {
  /** Where everything of this server lives, for example `.data/postgres`. */
  readonly directory: string
  /** Server settings on top of ours, for example `{ fsync: "off" }`. */
  readonly settings?: Readonly<Record<string, string>>
  readonly log: (line: string) => void
}

export interface EmbeddedPostgres {
  readonly url: Redacted.Redacted
  readonly port: number
  /** Where the data really is; differs from what was asked when root had to move it. */
  readonly directory: string
  /** A server that an earlier, killed run left behind was still alive and is used again. */
  readonly reused: boolean
}

const failed = (message: string) => Effect.fail(new EmbeddedPostgresFailed({ message }))

const pollEveryMs = 30

/** Counts its looks instead of using a time-out: it also runs in finalizers, which nothing interrupts. */
const poll = Effect.fnUntraced(function*<A>(forSeconds: number, look: () => A | null) {
  for (let left = forSeconds * 1000 / pollEveryMs; left > 0; left--) {
    const found = look()
    if (found !== null) return found
    yield* Effect.sleep(`${pollEveryMs} millis`)
  }
  return null
})

const portForPostgres = Effect.mapError(
  freePort,
  (error) => new EmbeddedPostgresFailed({ message: `No free port on 127.0.0.1: ${error.message}` })
)

/** Nothing of our environment reaches Postgres: PGDATA or PGPORT of a developer must not bend it. */
const processOptions = (home: Home) => ({
  cwd: home.root,
  env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C", TZ: "UTC" },
  windowsHide: true,
  ...(home.account === null ? {} : { uid: home.account.uid, gid: home.account.gid })
})

/** Makes the cluster beside its final place; the rename means that a killed initdb leaves no half of one. */
const initialize = Effect.fnUntraced(function*(home: Home, binaries: Binaries) {
  const partial = `${home.data}.${process.pid}`
  yield* attempt(`Cannot prepare ${partial}`, () => {
    Fs.rmSync(partial, { recursive: true, force: true })
    Fs.mkdirSync(partial, { mode: 0o700 })
    give(home.account, partial)
  })
  const args = ["-D", partial, "-U", "postgres", "--auth=scram-sha-256", `--pwfile=${home.password}`]
  const encoding = ["--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]
  yield* Effect.callback<void, EmbeddedPostgresFailed>((resume, signal) => {
    const options = { ...processOptions(home), timeout: 120_000, signal }
    execFile(binaries.initdb, [...args, ...encoding], options, (error, _out, problem) =>
      resume(
        error === null
          ? Effect.void
          : failed(`initdb could not make ${home.data}: ${problem.trim() || error.message}`)
      ))
  })
  yield* attempt(`Cannot move ${partial} into place`, () => {
    try {
      Fs.renameSync(partial, home.data)
    } catch (error) {
      Fs.rmSync(partial, { recursive: true, force: true })
      // Another first start at the same moment won; its cluster is as good as ours.
      if (!Fs.existsSync(Path.join(home.data, "PG_VERSION"))) throw error
    }
  })
})

const checkVersion = (home: Home, binaries: Binaries) =>
  attempt(`Cannot read the data in ${home.data}`, () => {
    const version = Fs.readFileSync(Path.join(home.data, "PG_VERSION"), "utf8").trim()
    if (version === binaries.major) return
    throw new EmbeddedPostgresFailed({
      message: `${home.data} was made by PostgreSQL ${version}, but the installed programs are ` +
        `${binaries.major}: remove ${home.root} to start over, or set DATABASE_URL.`
    })
  })

/** In its own process group: Ctrl-C in the terminal reaches only us, and we stop it after the drain. */
const launch = (home: Home, binaries: Binaries, port: number, settings: Readonly<Record<string, string>>) =>
  attempt(`Cannot run ${binaries.postgres}`, () => {
    const log = openLog(home)
    const all = { listen_addresses: "127.0.0.1", unix_socket_directories: "", ...settings }
    const flags = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`])
    const child = spawn(binaries.postgres, ["-D", home.data, "-p", String(port), ...flags], {
      ...processOptions(home),
      detached: true,
      stdio: ["ignore", log, log]
    })
    Fs.closeSync(log)
    const state = { exited: null as string | null }
    child.on("error", (error) => (state.exited = error.message))
    child.on("exit", (code, signal) => (state.exited = `it ended with ${signal ?? `exit code ${code}`}`))
    child.unref()
    return state
  })

/**
 * Starts and waits until it takes connections. Tried more than once: another program may take the port
 * first, and the memory of a server killed a moment ago stays locked until its last child is gone.
 */
const start = Effect.fnUntraced(function*(
  home: Home,
  binaries: Binaries,
  settings: Readonly<Record<string, string>>
) {
  let why = ""
  for (let tries = 0; tries < 4; tries++) {
    const child = yield* launch(home, binaries, yield* portForPostgres, settings)
    const outcome = yield* poll(60, () => {
      if (child.exited !== null) return child.exited
      const postmaster = runningPostmaster(home.data)
      return postmaster?.ready === true ? postmaster : null
    })
    if (outcome !== null && typeof outcome !== "string") return outcome
    why = outcome ?? "it was not ready within 60 seconds"
    if (outcome === null) break
    yield* Effect.sleep("500 millis")
  }
  return yield* failed(`PostgreSQL did not start in ${home.data}: ${why}.\n${lastLines(home, 5)}`)
})

/** SIGINT is Postgres' fast shutdown: sessions are cut, data is written. SIGQUIT is the emergency exit. */
const stop = (home: Home, log: (line: string) => void) =>
  Effect.gen(function*() {
    leave(home)
    const others = otherUsers(home)
    if (others.length > 0) return log(`PostgreSQL keeps running for process ${others.join(", ")}`)
    const postmaster = runningPostmaster(home.data)
    if (postmaster === null) return
    const gone = () => isAlive(postmaster.pid) ? null : true
    process.kill(postmaster.pid, "SIGINT")
    if ((yield* poll(stopBudgets.embedded_postgres_fast_ms / 1000, gone)) !== null) return
    process.kill(postmaster.pid, "SIGQUIT")
    if ((yield* poll(stopBudgets.embedded_postgres_immediate_ms / 1000, gone)) === null) {
      log(`PostgreSQL (pid ${postmaster.pid}) does not stop`)
    }
  }).pipe(
    Effect.catchDefect((error) => Effect.sync(() => log(`PostgreSQL could not be stopped: ${String(error)}`)))
  )

const urlOf = (home: Home, port: number) =>
  attempt(`Cannot read ${home.password}`, () => {
    const password = Fs.readFileSync(home.password, "utf8").trim()
    return Redacted.make(`postgres://postgres:${password}@127.0.0.1:${port}/postgres`)
  })

/** Runs until the scope closes; then stops, unless another process of ours still works with it. */
export const startEmbeddedPostgres = Effect.fnUntraced(function*(
  options: EmbeddedPostgresOptions
): Effect.fn.Return<EmbeddedPostgres, EmbeddedPostgresFailed, Scope.Scope> {
  const home = yield* attempt(
    `Cannot keep PostgreSQL in ${options.directory}`,
    () => prepareHome(options.directory, options.log)
  )
  const binaries = yield* attempt(
    "Cannot prepare the PostgreSQL programs",
    () => binariesFor(home.account, options.log)
  )
  if (!Fs.existsSync(home.data)) yield* initialize(home, binaries)
  yield* checkVersion(home, binaries)
  // Entered before looking: a server that has a user is not stopped by another process that leaves.
  yield* Effect.acquireRelease(
    attempt(`Cannot write to ${home.users}`, () => enter(home)),
    () => stop(home, options.log)
  )
  const alive = runningPostmaster(home.data)
  const reused: Postmaster | null = alive === null
    ? null
    : yield* poll(
      30,
      () => runningPostmaster(home.data)?.ready === true ? runningPostmaster(home.data) : null
    )
  const { port } = reused ?? (yield* start(home, binaries, options.settings ?? {}))
  return { url: yield* urlOf(home, port), port, directory: home.root, reused: reused !== null }
})
