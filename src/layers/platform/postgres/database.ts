// The database of a server process: a given one, which must already have the right schema, or the
// embedded one of development, which is migrated and seeded here.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { SecureRandom } from "effect/crypto"
import * as SqlClient from "effect/sql/SqlClient"
import { isSqlError } from "effect/sql/SqlError"
import { makePoolShares, PoolShares } from "../../../services/platform/pool-shares.ts"
import { stoppingWithin } from "../../../services/platform/part.ts"
import { stopBudgets } from "../../../services/platform/stop-budgets.ts"
import * as RealTime from "../../../services/platform/real-time.ts"
import { startEmbeddedPostgres } from "../embedded-postgres/embedded-postgres.ts"
import { checkKeys } from "../../encryption/key-record.ts"
import * as Passwords from "../../accounts/passwords.ts"
import * as Staff from "../../accounts/staff.postgres.ts"
import * as Pricing from "../../payments/pricing.postgres.ts"
import * as Accounts from "../../accounts/accounts.postgres.ts"
import * as Pool from "./client.ts"
import { checkPostgresVersion } from "../../operations/least-versions.ts"
import { isRestarting } from "./failure.ts"
import { checkFitness } from "./fitness.ts"
import { migrate } from "./migrations.ts"
import { schemaState, windowProblem } from "./schema-window.ts"
import { serverName } from "./upgrade.ts"
import { seed, type SeedOptions } from "../seed.ts"

/** The schema is outside what this server can work with (schema-window.ts). */
export class SchemaMismatch extends Schema.TaggedError<SchemaMismatch>()("SchemaMismatch", {
  message: Schema.String
}) {}

export const checkSchema = Effect.gen(function*() {
  const problem = windowProblem(yield* schemaState)
  if (problem !== null) return yield* new SchemaMismatch({ message: problem })
})

export interface PoolSize {
  readonly connections_max: number
}

export const pool = (url: Redacted.Redacted, size: PoolSize) =>
  stoppingWithin(
    "database pool",
    stopBudgets.database_pool_ms,
    Layer.succeed(PoolShares)(makePoolShares(size.connections_max)).pipe(
      Layer.merge(Pool.layer({ url, application: serverName, connections_max: size.connections_max }))
    )
  )

/** What the seed needs where it runs without a whole server; the cipher is given. */
export const seedPorts = Layer.mergeAll(Accounts.layer, Pricing.layer, Staff.layer, Passwords.layer).pipe(
  Layer.provideMerge(SecureRandom.layerWebCrypto)
)

const waitEvery = "1 second"

export interface Waiting {
  readonly wait_seconds: number
}

const isPassingRestart = (error: unknown): boolean => isSqlError(error) && isRestarting(error)

/**
 * A database that restarts is waited for; anything else that is wrong (an address that does not exist, a
 * password, a certificate) is the operator's to mend, and ends the start at once.
 */
const whenItAnswers = <E, R>(
  checks: Effect.Effect<void, E, R>,
  { wait_seconds }: Waiting
) =>
  Effect.gen(function*() {
    const began = yield* Clock.currentTimeMillis
    let isTold = false
    yield* checks.pipe(
      Effect.tapError((error) => {
        if (isTold || !isPassingRestart(error)) return Effect.void
        isTold = true
        return Effect.logWarning(`the database does not answer yet: waiting up to ${wait_seconds} s`)
      }),
      Effect.retry({
        schedule: Schedule.spaced(waitEvery),
        while: (error) =>
          Effect.map(
            Clock.currentTimeMillis,
            (now) => isPassingRestart(error) && now - began < wait_seconds * 1_000
          )
      })
    )
    if (isTold) yield* Effect.logInfo("the database answers: the start goes on")
  })

/** A pool on a database that is migrated elsewhere, and whose sealed texts can be read here. */
export const layerChecked = (options: PoolSize & Waiting & { readonly url: Redacted.Redacted }) => {
  const checks = Effect.gen(function*() {
    yield* (yield* SqlClient.SqlClient)`SELECT 1`
    yield* checkPostgresVersion
    yield* checkFitness(options.connections_max)
    yield* checkSchema
    yield* checkKeys
  })
  return Layer.effectDiscard(whenItAnswers(checks, options)).pipe(
    Layer.provideMerge(pool(options.url, options))
  )
}

/** A pool on the embedded Postgres in `directory`, migrated and seeded; it stops with the scope. */
export const layerEmbedded = (
  options: PoolSize & { readonly directory: string; readonly seed: SeedOptions }
) =>
  Layer.unwrap(
    Effect.gen(function*() {
      const postgres = yield* startEmbeddedPostgres({
        directory: options.directory,
        log: (line) => Effect.runFork(Effect.logInfo(line))
      })
      yield* Effect.logInfo(
        `embedded PostgreSQL ${postgres.reused ? "found running" : "started"} in ${postgres.directory}`
      )
      const prepare = Effect.gen(function*() {
        const applied = yield* migrate
        if (applied.length > 0) yield* Effect.logInfo(`migrated: ${applied.length} migrations applied`)
        yield* checkKeys
        const added = yield* RealTime.onProductTime(seed(options.seed))
        // Phone numbers stay out of the log; `seed` shows them to the person who runs it.
        const named = added.map((what) => what.replace(/ \+\d+$/, ""))
        if (named.length > 0) yield* Effect.logInfo(`seeded: ${named.join(", ")}`)
      }).pipe(Effect.provide(seedPorts))
      return Layer.effectDiscard(prepare).pipe(Layer.provideMerge(pool(postgres.url, options)))
    })
  )
