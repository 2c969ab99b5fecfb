// A real server as its own process on a test's database: seeded, on free ports, ready; asked to stop when the
// scope closes. Tests may also kill it and start another. What it logged is part of every failure.
import { type ChildProcess, execFile, spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { type AddressInfo, createServer, type Server } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"

/** A server's program: where it runs, and Node's words before the command. */
export interface Program {
  readonly folder: string
  readonly words: ReadonlyArray<string>
}

const root = fileURLToPath(new URL("../..", import.meta.url))

/** Of this checkout, or of another one that a bench compares with: as its own `npm start` starts it. */
export const programOf = (folder: string): Program => {
  const { scripts } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
  const flags = scripts.start.split(" ").filter((word: string) => word.startsWith("--"))
  return { folder, words: [...flags, join(folder, "src/cli.ts")] }
}
const checkout = programOf(root)
const webhookToken = "golden-webhook-token"
/** As a development's server has it when nothing else is said. */
export const admin = { email: "admin@halobestie.local", password: "development-admin" }
const linesKept = 4_000

/** Compiled code of earlier processes: a third less time until the next one is ready. */
const inherited = {
  PATH: process.env["PATH"] ?? "",
  NODE_COMPILE_CACHE: join(tmpdir(), "halobestie-test-compile-cache")
}

type Environment = Readonly<Record<string, string>>
/** Public, internal, runner. */
export type Ports = readonly [number, number, number]

export interface ServerProcess {
  readonly httpUrl: string
  readonly socketUrl: string
  readonly internalUrl: string
  readonly webhookToken: string
  /** The runner's address as the database knows it. */
  readonly runner: string
  readonly lines: ReadonlyArray<string>
  readonly child: ChildProcess
  /** Sends the signal and waits for the end: the exit code, or the name of the signal that ended it. */
  readonly end: (signal: NodeJS.Signals) => Effect.Effect<number | string>
}

const listening = (port: number) =>
  new Promise<Server | null>((resolve) => {
    const server = createServer()
    server.once("error", () => resolve(null)).listen(port, "127.0.0.1", () => resolve(server))
  })

const openAt = async (port: () => number): Promise<Server> => await listening(port()) ?? openAt(port)

// Below what the kernel gives away, so that no process takes one between a death and the next start.
const lasting = () => 10_000 + Math.floor(Math.random() * 20_000)

/** Held together, so that they differ. `keep`: for more than one process in turn. */
export const freePorts = async (keep = false): Promise<Ports> => {
  const servers: Array<Server> = []
  while (servers.length < 3) servers.push(await openAt(keep ? lasting : () => 0))
  const [one, two, three] = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return [one!, two!, three!]
}

const ended = (child: ChildProcess): number | string | null => child.exitCode ?? child.signalCode

const endWith = (child: ChildProcess) => (signal: NodeJS.Signals) =>
  Effect.callback<number | string>((resume) => {
    const already = ended(child)
    if (already !== null) return resume(Effect.succeed(already))
    child.once("close", (code, by) => resume(Effect.succeed(code ?? by ?? "unknown")))
    child.kill(signal)
  }).pipe(Effect.timeoutOrElse({
    duration: "30 seconds",
    orElse: () => Effect.sync(() => (child.kill("SIGKILL"), "did not end within 30 s"))
  }))

const spawned = (environment: Environment, { folder, words }: Program) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(process.execPath, [...words, "serve"], {
        cwd: folder,
        env: environment,
        stdio: ["ignore", "pipe", "pipe"]
      })
      const lines: Array<string> = []
      for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream }).on("line", (line) => {
          lines.push(line)
          if (lines.length > linesKept) lines.shift()
        })
      }
      return { child, lines }
    }),
    ({ child }) => Effect.asVoid(endWith(child)("SIGTERM"))
  )

export const whenReady = ({ child, httpUrl, lines }: ServerProcess) =>
  Effect.tryPromise(async () => {
    const answer = await fetch(`${httpUrl}/readyz`, { signal: AbortSignal.timeout(2_000) })
    await answer.body?.cancel()
    if (answer.status !== 200) throw new Error(`/readyz says ${answer.status}`)
  }).pipe(
    Effect.retry({ schedule: Schedule.spaced("100 millis"), while: () => ended(child) === null }),
    Effect.timeout("60 seconds"),
    Effect.mapError((error) => new Error(`the server is not ready: ${error}\n${lines.join("\n")}`))
  )

/** Runs a command of the CLI, with its flags, to its end. */
export const runCli = (
  command: string,
  environment: Environment,
  { folder, words }: Program = checkout
) =>
  Effect.callback<{ readonly code: number | string; readonly output: string }>((resume) => {
    const env = { ...inherited, ...environment }
    execFile(
      process.execPath,
      [...words, ...command.split(" ")],
      { cwd: folder, env, timeout: 60_000 },
      (error, out, problems) =>
        resume(Effect.succeed({ code: error === null ? 0 : error.code ?? "killed", output: out + problems }))
    )
  })

/** By the command, as an operator would: where variables decide how. */
const seedByCommand = (databaseUrl: string, extra: Environment) =>
  Effect.promise(() =>
    promisify(execFile)(process.execPath, [...checkout.words, "seed"], {
      cwd: checkout.folder,
      env: { ...inherited, DATABASE_URL: databaseUrl, ...extra }
    })
  )

/** What the command does, in this process: a server's whole program is seconds of every test otherwise. */
const seedHere = Effect.fnUntraced(function*(databaseUrl: string) {
  const [{ pool, seedPorts }, { seed }, Cipher] = yield* Effect.promise(() =>
    Promise.all([
      import("../../src/layers/platform/postgres/database.ts"),
      import("../../src/layers/platform/seed.ts"),
      import("../../src/layers/encryption/cipher.ts")
    ])
  )
  yield* seed({
    admin_email: admin.email,
    admin_password: Redacted.make(admin.password),
    demo: true
  }).pipe(
    Effect.provide(seedPorts),
    Effect.provide(pool(Redacted.make(databaseUrl), { connections_max: 1 })),
    Effect.provide(Cipher.layerFor(null)),
    Effect.orDie
  )
})

/** Demo people, tiers and the admin. */
export const seedDatabase = (databaseUrl: string, extra: Environment = {}): Effect.Effect<void> =>
  Object.keys(extra).length === 0
    ? seedHere(databaseUrl)
    : Effect.asVoid(seedByCommand(databaseUrl, extra))

/** Starts it and gives the handle at once: it may never become ready. */
export const spawnRunner = Effect.fnUntraced(function*(
  databaseUrl: string | null,
  [publicPort, internalPort, runnerPort]: Ports,
  extra: Environment = {},
  program: Program = checkout
) {
  const environment = {
    ...inherited,
    ...(databaseUrl === null ? {} : { DATABASE_URL: databaseUrl }),
    PUBLIC_HOST: "127.0.0.1",
    PUBLIC_PORT: String(publicPort),
    INTERNAL_PORT: String(internalPort),
    RUNNER_PORT: String(runnerPort),
    PAYMENT_WEBHOOK_TOKEN: webhookToken,
    ...extra
  }
  const { child, lines } = yield* spawned(environment, program)
  const server: ServerProcess = {
    httpUrl: `http://127.0.0.1:${publicPort}`,
    socketUrl: `ws://127.0.0.1:${publicPort}/ws`,
    internalUrl: `http://127.0.0.1:${internalPort}`,
    webhookToken,
    runner: `127.0.0.1:${runnerPort}`,
    lines,
    child,
    end: endWith(child)
  }
  return server
})

/**
 * On a database that is seeded already, or on the embedded default when null; runs until the scope closes or
 * the test ends it.
 */
export const startRunner = Effect.fnUntraced(function*(
  databaseUrl: string | null,
  extra: Environment = {},
  program: Program = checkout
) {
  const server = yield* spawnRunner(databaseUrl, yield* Effect.promise(() => freePorts()), extra, program)
  yield* whenReady(server)
  return server
})

export const startServer = Effect.fnUntraced(function*(databaseUrl: string, extra: Environment = {}) {
  const { MESSAGE_ENCRYPTION_KEYS: keys } = extra
  yield* seedDatabase(databaseUrl, keys === undefined ? {} : { MESSAGE_ENCRYPTION_KEYS: keys })
  return yield* startRunner(databaseUrl, extra)
})
