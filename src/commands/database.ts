// `migrate` and `seed`: what an operator runs before the new version starts. Both are safe to repeat and
// need DATABASE_URL; the embedded database of development is prepared by `serve` itself.
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { ConfigProblem, ServerConfig, type ServerConfigValues } from "../config/server-config.ts"
import { pool, seedPorts } from "../layers/platform/postgres/database.ts"
import { checkKeys } from "../layers/encryption/key-record.ts"
import {
  currentVersion,
  migrate as applyMigrations,
  migrationNames,
  schemaVersion
} from "../layers/platform/postgres/migrations.ts"
import { grantServing, type ServingRole } from "../layers/platform/postgres/serving-role.ts"
import { withHost } from "../layers/platform/postgres/url.ts"
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

/** Migrations only go forward: what a newer version wrote, this one cannot take back. */
class DatabaseIsNewer extends Schema.TaggedError<DatabaseIsNewer>()("DatabaseIsNewer", {
  message: Schema.String
}) {}

const refuseBackwards = (version: number) =>
  version <= schemaVersion ? Effect.void : Effect.fail(
    new DatabaseIsNewer({
      message: `The database is at schema version ${version}, this code knows up to ${schemaVersion}. ` +
        "Nothing was changed: migrations only go forward. Deploy the newer version, or restore a backup " +
        "from before its migration (docs/operations/restore-a-backup.md)."
    })
  )

const status = Effect.gen(function*() {
  const version = yield* currentVersion
  for (const [number, name] of migrationNames) {
    yield* Console.log(`${number <= version ? "applied" : "pending"} ${name}`)
  }
  yield* Console.log(`schema version ${version}, this code needs ${schemaVersion}`)
  yield* refuseBackwards(version)
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

export interface MigrateOptions {
  /** Only say what is applied and what is pending. */
  readonly look_only: boolean
}

export const migrate = Effect.fnUntraced(function*(options: MigrateOptions) {
  const config = yield* ServerConfig
  const database = yield* given({
    ...config,
    database_url: config.database_migrate_url ?? config.database_url
  })
  if (options.look_only) return yield* Effect.provide(status, database)
  yield* Effect.gen(function*() {
    const before = yield* currentVersion
    yield* refuseBackwards(before)
    const applied = yield* applyMigrations
    for (const [id, name] of applied) yield* Console.log(`applied ${String(id).padStart(4, "0")} ${name}`)
    yield* Console.log(`schema version ${before} -> ${schemaVersion}`)
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
