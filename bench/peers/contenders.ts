// Who is measured: this server in its production form (and perhaps another checkout of it), the seed stack
// and the floor. How each is started, which wire it speaks, and where it keeps what must be durable.
import { fork } from "node:child_process"
import { once } from "node:events"
import { resolve } from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import postgres, { type Sql } from "postgres"
import { keysVariable } from "../../test/support/keys.ts"
import {
  freePorts,
  type Ports,
  programOf,
  runCli,
  type ServerProcess,
  spawnRunner,
  whenReady
} from "../../test/support/server-process.ts"
import { baselineTables } from "./baselines/tables.ts"
import type { wires } from "./load/wires.ts"
import { jwtSecret } from "./people.ts"

export interface Surroundings {
  readonly database: string
  readonly valkey: string
  /** 0: everybody who is available is asked at once. */
  readonly wave: number
  readonly runners: number
}

export interface Runner {
  readonly port: number
  readonly pid: number
  readonly stop: Effect.Effect<void>
}

export interface Contender {
  readonly name: string
  readonly wire: keyof typeof wires
  readonly webhook_token: string
  /** Makes an empty database one that it can start on. */
  readonly prepare: (url: string) => Effect.Effect<void>
  readonly configure: (sql: Sql, around: Surroundings) => Promise<void>
  /** Ready when it is given. */
  readonly start: (around: Surroundings, ports: Ports) => Effect.Effect<Runner, Error, Scope.Scope>
  readonly tables: {
    readonly offers: string
    /** The column of the offers' table that names the chat. */
    readonly chat_of_offer: string
    readonly chats: string
  }
}

const here = fileURLToPath(new URL("../..", import.meta.url))
const webhookToken = "a-token-of-the-bench"

const production = {
  NODE_ENV: "production",
  RUNNER_HOST: "127.0.0.1",
  AUTH_JWT_SECRET: jwtSecret,
  PAYMENT_WEBHOOK_TOKEN: webhookToken,
  ADMIN_EMAIL: "admin@bench.example",
  ADMIN_PASSWORD: "a password of the bench",
  MESSAGE_ENCRYPTION_KEYS: keysVariable("bench"),
  // Every phone and every asker has an address of its own: limits per address are not what is measured.
  TRUSTED_PROXY_HOPS: "1"
}

const commanded = (command: string, database: string, checkout: string) =>
  Effect.flatMap(
    runCli(command, { ...production, DATABASE_URL: database }, programOf(checkout)),
    ({ code, output }) =>
      code === 0 ? Effect.void : Effect.die(new Error(`${command} ended with ${code}: ${output}`))
  )

const runnerOf = (server: ServerProcess, port: number): Runner => ({
  port,
  pid: server.child.pid ?? 0,
  stop: Effect.asVoid(server.end("SIGTERM"))
})

const product = (name: string, checkout: string): Contender => ({
  name,
  wire: "product",
  webhook_token: webhookToken,
  prepare: (url) => Effect.andThen(commanded("migrate", url, checkout), commanded("seed", url, checkout)),
  configure: async (sql, { wave }) => {
    await sql`INSERT INTO settings (key, value, updated_at)
      VALUES ('pairing_wave_size', ${sql.json(wave)}, now())`
  },
  start: Effect.fnUntraced(function*(around, ports) {
    const environment = { ...production, VALKEY_URL: around.valkey }
    const server = yield* spawnRunner(around.database, ports, environment, programOf(checkout))
    yield* whenReady(server)
    return runnerOf(server, ports[0])
  }),
  tables: {
    offers: "chat_request_notifications",
    chat_of_offer: "session_id",
    chats: "chat_sessions"
  }
})

const scripts = {
  "seed.ts": new URL("./baselines/seed.ts", import.meta.url),
  "floor.ts": new URL("./baselines/floor.ts", import.meta.url)
}

const baselineProcess = (script: keyof typeof scripts, around: Surroundings, port: number) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const child = fork(fileURLToPath(scripts[script]), {
        execArgv: [],
        env: {
          PATH: process.env["PATH"] ?? "",
          NODE_ENV: "production",
          DATABASE_URL: around.database,
          VALKEY_URL: around.valkey,
          PUBLIC_PORT: String(port),
          AUTH_JWT_SECRET: jwtSecret,
          WAVE_SIZE: String(around.wave),
          RUNNERS: String(around.runners)
        }
      })
      await once(child, "message")
      const stop = async () => {
        if (child.exitCode !== null || child.signalCode !== null) return
        child.kill("SIGTERM")
        await once(child, "exit")
      }
      return { port, pid: child.pid ?? 0, stop: Effect.promise(stop) } satisfies Runner
    }),
    ({ stop }) => stop
  )

const baseline = (name: string, script: keyof typeof scripts): Contender => ({
  name,
  wire: "plain",
  webhook_token: webhookToken,
  prepare: (url) =>
    Effect.promise(async () => {
      const sql = postgres(url, { max: 1, onnotice: () => {} })
      await sql.unsafe(baselineTables)
      await sql.end()
    }),
  configure: async () => {},
  start: (around, ports) => baselineProcess(script, around, ports[0]),
  tables: { offers: "offers", chat_of_offer: "chat_id", chats: "chats" }
})

export const ours = "ours"

export const contendersOf = (
  only: ReadonlyArray<string>,
  against: string | null
): ReadonlyArray<Contender> => {
  const all = [
    product(ours, here),
    ...(against === null ? [] : [product("against", resolve(against))]),
    baseline("seed", "seed.ts"),
    baseline("floor", "floor.ts")
  ]
  const unknown = only.find((name) => all.every((one) => one.name !== name))
  if (unknown !== undefined) throw new Error(`There is no contender "${unknown}": ours, seed, floor`)
  return all.filter(({ name }) => only.includes(name) || name === "against")
}

/** As many runners as asked for, each on ports that it keeps through a restart. */
export const portsFor = (runners: number) =>
  Effect.promise(() => Promise.all(Array.from({ length: runners }, () => freePorts(true))))
