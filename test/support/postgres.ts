// What an integration test asks for: a database of its own, fresh and migrated, gone when its scope closes.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type { PgClient } from "@effect/sql-pg"
import type * as SqlClient from "effect/sql/SqlClient"
import { inject } from "vitest"
import * as Pool from "../../src/layers/platform/postgres/client.ts"
import { copyOf } from "../../testkit/postgres/databases.ts"

/** The url of a fresh database, for tests that start processes of their own. */
export const freshDatabaseUrl = Effect.suspend(() =>
  copyOf(Redacted.make(inject("postgresUrl")), inject("templateDatabase"))
).pipe(Effect.map(Redacted.value), Effect.orDie)

/** The url of a fresh database without any table, as an operator's first `migrate` finds it. */
export const emptyDatabaseUrl = Effect.suspend(() =>
  copyOf(Redacted.make(inject("postgresUrl")), "template0")
).pipe(Effect.map(Redacted.value), Effect.orDie)

/** PgClient and SqlClient over a pool on a fresh database. */
export const freshDatabase: Layer.Layer<PgClient.PgClient | SqlClient.SqlClient> = Layer.unwrap(
  Effect.map(freshDatabaseUrl, (url) => databaseAt(url))
)

/** Another pool on a database that exists: a second runner, say. */
export const databaseAt = (url: string, connectionsMax = 8) =>
  Layer.orDie(
    Pool.layer({ url: Redacted.make(url), application: "test", connections_max: connectionsMax })
  )
