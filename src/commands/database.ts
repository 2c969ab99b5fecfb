// `migrate` and `seed`: what an operator runs before the new version starts. Both are safe to repeat and
// need DATABASE_URL; the embedded database of development is prepared by `serve` itself.
import { existsSync } from "node:fs"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { ConfigProblem, ServerConfig, type ServerConfigValues } from "../config/server-config.ts"
import { startEmbeddedPostgres } from "../layers/platform/embedded-postgres/embedded-postgres.ts"
import { pool, seedPorts } from "../layers/platform/postgres/database.ts"
import { checkKeys } from "../layers/encryption/key-record.ts"
import { schemaVersion } from "../layers/platform/postgres/migrations.ts"
import { grantServing, type ServingRole } from "../layers/platform/postgres/serving-role.ts"
import { type SchemaState, schemaState, window } from "../layers/platform/postgres/schema-window.ts"
import { withHost } from "../layers/platform/postgres/url.ts"
import { isPending, type Step, steps, upgrade, UpgradeRefused } from "../layers/platform/postgres/upgrade.ts"
import { seed as plant } from "../layers/platform/seed.ts"
import { cipher, seedOf } from "../platform.ts"

/** The database at DATABASE_URL, for one command. */
export const given = Effect.fnUntraced(function*(config: ServerConfigValues) {
  if (config.database_url !== null) return pool(config.database_url, { connections_max: 4 })
  return yield* new ConfigProblem({
    message: "DATABASE_URL is not set: expected postgres://user:password@host:port/database.\n" +
      "The embedded development database is migrated and seeded by `npm start` itself."
  })
})

/** To look only: the same, or the embedded one of this machine, whether its server runs or not. */
export const embeddedToo = (config: ServerConfigValues) =>
  Layer.unwrap(Effect.gen(function*() {
    const directory = `${config.data_dir}/postgres`
    if (config.database_url !== null || !existsSync(directory)) return yield* given(config)
    const { url } = yield* startEmbeddedPostgres({ directory, log: () => {} })
    return pool(url, { connections_max: 4 })
  }))

const refuseBackwards = ({ oldest_code, version }: SchemaState) =>
  version <= schemaVersion ? Effect.void : Effect.fail(
    new UpgradeRefused({
      message: `The database is at schema version ${version}, this code knows up to ${schemaVersion}. ` +
        "Nothing was changed: migrations only go forward. " +
        (oldest_code <= schemaVersion
          ? "This version may run on it as it is: nothing it reads is gone."
          : "Deploy the newer version, or restore a backup from before its migration " +
            "(docs/operations/restore-a-backup.md).")
    })
  )

const stepName = (step: Step) => step._tag === "backfill" ? step.backfill.name : step.migration.name

const status = Effect.gen(function*() {
  const state = yield* schemaState
  for (const step of steps()) {
    const word = (yield* isPending(step, state.version)) ? "pending" : "applied"
    yield* Console.log(`${word} ${step._tag} ${stepName(step)}`)
  }
  yield* Console.log(
    `schema version ${state.version}, for code of ${state.oldest_code} or newer; ` +
      `this code is of ${window.written_for} and needs ${window.from} at least`
  )
  yield* refuseBackwards(state)
})

const nameAndPassword = (url: Redacted.Redacted): ServingRole => {
  const { password, username } = new URL(withHost(Redacted.value(url)))
  return {
    name: decodeURIComponent(username),
    password: password === "" ? null : decodeURIComponent(password)
  }
}

/** Only where the two are told apart: with one url, the role that migrates serves. */
const partRoles = Effect.fnUntraced(function*({ database_migrate_url, database_url }: ServerConfigValues) {
  if (database_migrate_url === null || database_url === null) return
  const role = nameAndPassword(database_url)
  const parted = yield* grantServing(role)
  yield* Console.log(
    parted ? `${role.name} may read and write rows, and no more` : `${role.name} both migrates and serves`
  )
})

/** What a run would do, without a change and without a lock. */
const dryRun = (with_contracts: boolean) =>
  Effect.gen(function*() {
    const state = yield* schemaState
    yield* refuseBackwards(state)
    let [isLeft, found] = [false, 0]
    for (const step of steps()) {
      if (!(yield* isPending(step, state.version))) continue
      found += 1
      isLeft ||= step._tag === "contract" && !with_contracts
      yield* Console.log(`${isLeft ? "would leave" : "would apply"} ${step._tag} ${stepName(step)}`)
    }
    yield* Console.log(found === 0 ? "nothing to do" : "nothing was changed")
  })

export interface MigrateOptions {
  /** Only say what is applied and what is pending. */
  readonly status: boolean
  /** Only say what a run would do. */
  readonly dry_run: boolean
  /** Also take away what only older versions read. */
  readonly with_contracts: boolean
}

export const migrate = Effect.fnUntraced(function*(options: MigrateOptions) {
  const config = yield* ServerConfig
  const database = yield* given({
    ...config,
    database_url: config.database_migrate_url ?? config.database_url
  })
  if (options.status) return yield* Effect.provide(status, database)
  if (options.dry_run) return yield* Effect.provide(dryRun(options.with_contracts), database)
  yield* Effect.gen(function*() {
    const before = yield* schemaState
    yield* refuseBackwards(before)
    yield* upgrade(options, {
      applied: (name) => Console.log(`applied ${name}`),
      progress: (name, { is_finished, rows_done }) =>
        Console.log(`backfill ${name}: ${rows_done} rows${is_finished ? ", finished" : ""}`),
      left: ({ contract_needs, name }) =>
        Console.log(
          `left ${name}: it takes away what code older than ${contract_needs} reads. When no such server ` +
            "runs any more: npm run migrate -- --contract"
        )
    })
    yield* Console.log(`schema version ${before.version} -> ${(yield* schemaState).version}`)
    yield* partRoles(config)
  }).pipe(Effect.provide(database))
})

export const seed = Effect.gen(function*() {
  const config = yield* ServerConfig
  const database = yield* given(config)
  const added = yield* Effect.andThen(checkKeys, plant(seedOf(config))).pipe(
    Effect.provide(seedPorts),
    Effect.provide(database),
    Effect.provide(cipher(config))
  )
  yield* Console.log(added.length === 0 ? "nothing to add" : added.map((what) => `added ${what}`).join("\n"))
})
