// Which schemas this version runs on: from the last migration that adds something it needs, up to any newer
// schema which has not yet taken away what it reads. Two versions can so share one database during a deploy.
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { firstOf } from "./columns.ts"
import { allMigrations, currentVersion, schemaVersion } from "./migrations.ts"

/** What a database says of itself. */
export interface SchemaState {
  /** The last migration it had; 0 when it was never migrated. */
  readonly version: number
  /** The lowest schema version of code that may still run on it. */
  readonly oldest_code: number
}

/** What a version of the code can work with, as schema versions. */
export interface CodeWindow {
  /** The oldest schema that has all it needs. */
  readonly from: number
  /** The schema it was written for. */
  readonly written_for: number
}

/** Contracts only take away: a version does not need those that came with it. */
export const window: CodeWindow = {
  from: Math.max(...allMigrations.flatMap((one) => one.contract_needs === null ? [one.version] : [])),
  written_for: schemaVersion
}

/** Why code with this window cannot run on that schema; null when it can. */
export const windowProblem = (schema: SchemaState, code: CodeWindow = window): string | null => {
  const at = `The database schema is at version ${schema.version}, this server needs ${code.from}`
  if (schema.version < code.from) return `${at}. Run \`npm run migrate\` first.`
  if (code.written_for >= schema.oldest_code) return null
  return `${at} to ${code.written_for}, and what it reads is gone since: only code written for ` +
    `${schema.oldest_code} or newer runs on it. This code is older than the database: deploy the newer one.`
}

const oldestOf = firstOf(Schema.Struct({ oldest_code: Schema.Int }))

/** Reads it; databases from before the window was written down take every code. */
export const schemaState: Effect.Effect<SchemaState, unknown, SqlClient.SqlClient> = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const version = yield* currentVersion
  const [found] = yield* sql<{ exists: boolean }>`SELECT to_regclass('schema_window') IS NOT NULL AS exists`
  if (found?.exists !== true) return { version, oldest_code: 0 }
  const row = yield* Effect.flatMap(sql`SELECT oldest_code FROM schema_window`, oldestOf)
  return { version, oldest_code: row?.oldest_code ?? 0 }
})

/** Written in the same transaction as the contracts that raise it. */
export const raiseOldestCode = (needs: number) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) => sql`UPDATE schema_window SET oldest_code = greatest(oldest_code, ${needs}::int)`
  )
