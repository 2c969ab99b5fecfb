// `doctor`: what must be true around a server, one line each, before it is started or when it misbehaves.
// ok, warn or FAIL with what to do; exit code 1 when anything failed.
import { statfsSync } from "node:fs"
import { createServer } from "node:net"
import { PgClient } from "@effect/sql-pg"
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { ServerConfig, type ServerConfigValues } from "../config/server-config.ts"
import { checkKeys } from "../layers/encryption/key-record.ts"
import { postgresVersionMin, versionNumberOf, versionsMin } from "../layers/operations/least-versions.ts"
import { pool } from "../layers/platform/postgres/database.ts"
import { schemaState, windowProblem } from "../layers/platform/postgres/schema-window.ts"
import * as Valkey from "../layers/platform/valkey/connection.ts"
import { cipher } from "../platform.ts"
import * as RealTime from "../services/platform/real-time.ts"
import { explainError } from "./explain.ts"

type Verdict = readonly ["ok" | "warn" | "FAIL" | "skip", string]

class DoctorFailed extends Schema.TaggedError<DoctorFailed>()("DoctorFailed", { message: Schema.String }) {}

const driftMaxMs = 500
const freeMinBytes = 1024 ** 3
const lookWithin = "5 seconds"

const ok = (found: string): Verdict => ["ok", found]
const fail = (found: string): Verdict => ["FAIL", found]
const warn = (found: string): Verdict => ["warn", found]

const sql = Effect.map(PgClient.PgClient, (client) => client)

const server = Effect.gen(function*() {
  const [row] = yield* (yield* sql)<{ number: number; version: string }>`
    SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS version`
  const number = row?.number ?? 0
  return number >= postgresVersionMin * 10_000
    ? ok(`PostgreSQL ${row?.version}`)
    : fail(`PostgreSQL ${row?.version}: ${postgresVersionMin} is the least`)
})

const schema = Effect.map(schemaState, (state) => {
  const problem = windowProblem(state)
  return problem === null ? ok(`schema version ${state.version}`) : fail(problem)
})

const rights = Effect.gen(function*() {
  const [row] = yield* (yield* sql)<{ missing: string | null; read_only: boolean }>`
    SELECT current_setting('transaction_read_only') = 'on' AS read_only,
      (SELECT string_agg(relname, ', ') FROM pg_class
        WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
          -- Parts are used through the table they are of.
          AND relname !~ 'audit|append|_\\d{4,}_\\d\\d$|_first$|_rest$'
          AND NOT has_table_privilege(oid, 'SELECT, INSERT')) AS missing`
  if (row?.read_only === true) return fail("the server is read-only: does DATABASE_URL name a replica?")
  return row?.missing == null ? ok("may read and write its tables") : fail(`may not use ${row.missing}`)
})

/** Whoever owns the log can switch off what guards it. */
const auditLog = Effect.gen(function*() {
  const [row] = yield* (yield* sql)<{ can_rewrite: boolean }>`
    SELECT has_table_privilege(to_regclass('audit_log'), 'UPDATE')
      OR has_table_privilege(to_regclass('audit_log'), 'DELETE') AS can_rewrite`
  return row?.can_rewrite === true
    ? warn("the role of DATABASE_URL may rewrite the audit log: see DATABASE_MIGRATE_URL")
    : ok("the role of DATABASE_URL can only add to the audit log")
})

const connections = (config: ServerConfigValues) =>
  Effect.gen(function*() {
    const [row] = yield* (yield* sql)<{ most: number; used: number }>`
      SELECT current_setting('max_connections')::int AS most,
        (SELECT count(*)::int FROM pg_stat_activity) AS used`
    const { most = 0, used = 0 } = row ?? {}
    const found = `${used} of ${most} connections in use, one runner takes up to ${
      config.database_pool_max + 3
    }`
    return most - used > config.database_pool_max + 3 ? ok(found) : warn(found)
  })

const clock = Effect.gen(function*() {
  const before = yield* Clock.currentTimeMillis
  // The database's clock is what is looked at: when it says this very statement began.
  const [row] = yield* (yield* sql)<{ ms: number | null }>`
    SELECT (extract(epoch FROM query_start) * 1000)::float8 AS ms
    FROM pg_stat_activity WHERE pid = pg_backend_pid()`
  const after = yield* Clock.currentTimeMillis
  const ms = row?.ms ?? null
  if (ms === null) return warn("the database does not say its time: track_activities is off")
  const drift = Math.round(ms - (before + after) / 2)
  const found = `this machine and the database differ by ${drift} ms`
  return Math.abs(drift) <= driftMaxMs ? ok(found) : warn(`${found}: is the time synchronised on both?`)
})

const archive = Effect.gen(function*() {
  const [row] = yield* (yield* sql)<{ mode: string; failed: boolean }>`
    SELECT current_setting('archive_mode') AS mode,
      (SELECT last_failed_time > coalesce(last_archived_time, '-infinity')
        FROM pg_stat_archiver) IS TRUE AS failed`
  if (row?.mode === "off") return warn("no WAL is archived here: a managed service may do it elsewhere")
  return row?.failed === true ? fail("archiving WAL fails: pg_stat_archiver says why") : ok("WAL is archived")
})

const keys = Effect.as(checkKeys, ok("the keys open what is sealed"))

const valkey = Effect.gen(function*() {
  const { call } = yield* Valkey.Valkey
  const info = String(yield* call("INFO", "server"))
  const [, version = "unknown"] = /(?:valkey_version|redis_version):([\d.]+)/.exec(info) ?? []
  if (versionNumberOf(version) < versionNumberOf(versionsMin.valkey)) {
    return fail(`Valkey ${version}: ${versionsMin.valkey} is the least`)
  }
  const memory = String(yield* call("INFO", "memory"))
  const [, policy = "unknown"] = /maxmemory_policy:(\S+)/.exec(memory) ?? []
  yield* call("SET", "halobestie:doctor", "1", "PX", 1000)
  return policy === "noeviction"
    ? ok(`Valkey ${version}, writes, forgets nothing`)
    : warn(`Valkey ${version} evicts by ${policy}: maxmemory-policy should be noeviction`)
})

const disk = (config: ServerConfigValues) =>
  Effect.sync(() => {
    const { bavail, bsize } = statfsSync(".")
    const free = bavail * bsize
    const found = `${(free / 1024 ** 3).toFixed(1)} GiB free here (${config.data_dir})`
    return free >= freeMinBytes ? ok(found) : warn(found)
  })

const port = (host: string, number: number) =>
  Effect.callback<Verdict>((resume) => {
    if (number === 0) return resume(Effect.succeed(ok("any free one")))
    const probe = createServer()
      .once("error", (error) => resume(Effect.succeed(warn(`${host}:${number}: ${error.message}`))))
      .listen(number, host, () => probe.close(() => resume(Effect.succeed(ok(`${host}:${number} is free`)))))
  })

/** Any answer will do: it is there, and the way to it is open. */
const reachable = (url: string) =>
  Effect.tryPromise((signal) => fetch(url, { signal, method: "HEAD" })).pipe(
    Effect.as(ok(`${new URL(url).host} answers`))
  )

type Check = readonly [string, Effect.Effect<Verdict, unknown>]

const databaseChecks = (config: ServerConfigValues): ReadonlyArray<Check> => {
  const { database_url } = config
  if (database_url === null) {
    return [["postgres", Effect.succeed(["skip", "DATABASE_URL is not set: embedded"])]]
  }
  const needs = Layer.merge(pool(database_url, { connections_max: 4 }), cipher(config))
  const checks = {
    postgres: server,
    schema,
    rights,
    "audit log": auditLog,
    connections: connections(config),
    clock,
    wal: archive,
    keys
  }
  return Object.entries(checks).map(([name, check]) => [name, Effect.provide(check, needs)] as const)
}

const checksOf = (config: ServerConfigValues): ReadonlyArray<Check> => [
  ...databaseChecks(config),
  [
    "valkey",
    config.valkey_url === null
      ? Effect.succeed(["skip", "VALKEY_URL is not set: PostgreSQL alone serves"])
      : Effect.provide(valkey, Valkey.layer({ url: config.valkey_url }))
  ],
  ["disk", disk(config)],
  ["public port", port(config.public_host, config.public_port)],
  ["internal port", port(config.internal_host, config.internal_port)],
  ["runner port", port(config.runner_host, config.runner_port)],
  ...(config.xendit_enabled ? [["xendit", reachable(config.xendit_url)] as const] : []),
  ...(config.fazpass_enabled ? [["fazpass", reachable(config.fazpass_url)] as const] : [])
]

const secretsOf = (config: ServerConfigValues): ReadonlyArray<string> =>
  [config.database_url, config.valkey_url].flatMap((secret) =>
    secret === null ? [] : [Redacted.value(secret)]
  )

export const doctor = Effect.gen(function*() {
  const config = yield* ServerConfig
  let failed = 0
  for (const [name, check] of checksOf(config)) {
    const [verdict, found] = yield* check.pipe(
      RealTime.timeout(lookWithin),
      Effect.catchCause((cause) => Effect.succeed(fail(explainError(cause, secretsOf(config)))))
    )
    if (verdict === "FAIL") failed += 1
    yield* Console.log(`${verdict.padEnd(5)} ${name.padEnd(14)} ${found}`)
  }
  if (failed > 0) return yield* new DoctorFailed({ message: `${failed} checks failed.` })
})
