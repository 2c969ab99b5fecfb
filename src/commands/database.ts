// `migrate` and `seed`: what an operator runs before the new version starts. Both are safe to repeat and
// need DATABASE_URL; the embedded database of development is prepared by `serve` itself.
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { ConfigProblem, ServerConfig, type ServerConfigValues } from "../config/server-config.ts"
import { pool, seedPorts } from "../layers/platform/postgres/database.ts"
import { checkKeys } from "../layers/encryption/key-record.ts"
import {
  currentVersion,
  migrate as applyMigrations,
  schemaVersion
} from "../layers/platform/postgres/migrations.ts"
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

export const migrate = Effect.gen(function*() {
  const database = yield* given(yield* ServerConfig)
  yield* Effect.gen(function*() {
    const before = yield* currentVersion
    const applied = yield* applyMigrations
    for (const [id, name] of applied) yield* Console.log(`applied ${String(id).padStart(4, "0")} ${name}`)
    yield* Console.log(`schema version ${before} -> ${schemaVersion}`)
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
