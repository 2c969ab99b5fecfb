// A database's way to this version: expand, backfill, and only when it is asked for and nobody needs the old
// form any more, contract. What `migrate` does, and what it says it would do.
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import {
  type Backfill,
  type BackfillProgress,
  backfillProgress,
  backfills,
  runBackfill
} from "./backfills.ts"
import { allOf } from "./columns.ts"
import { allMigrations, migrateCluster, type Migration, migrateUpTo, schemaVersion } from "./migrations.ts"
import { raiseOldestCode, schemaState } from "./schema-window.ts"

/** Nothing was changed, and why. */
export class UpgradeRefused extends Schema.TaggedError<UpgradeRefused>()("UpgradeRefused", {
  message: Schema.String
}) {}

/** How a server's connections are called, so that an upgrade sees which versions are at work. */
export const serverName = `halobestie/${schemaVersion}`

export type Step =
  | { readonly _tag: "expand" | "contract"; readonly migration: Migration }
  | { readonly _tag: "backfill"; readonly backfill: Backfill }

/** Every step in order: a backfill follows its migration. */
export const steps = (
  migrations: ReadonlyArray<Migration> = allMigrations,
  fills: ReadonlyArray<Backfill> = backfills
): ReadonlyArray<Step> =>
  migrations.flatMap((migration): ReadonlyArray<Step> => [
    { _tag: migration.contract_needs === null ? "expand" : "contract", migration },
    ...fills.filter(({ after }) => after === migration.name).map((backfill) => ({
      _tag: "backfill" as const,
      backfill
    }))
  ])

export const isPending = Effect.fnUntraced(function*(step: Step, version: number) {
  if (step._tag !== "backfill") return step.migration.version > version
  if (Number.parseInt(step.backfill.after) > version) return true
  return !(yield* backfillProgress(step.backfill.name)).is_finished
})

const namesOf = allOf(Schema.Struct({ application_name: Schema.String }))

/** Servers at work whose code is older than `needs`, by the names of their connections. */
const olderAtWork = Effect.fnUntraced(function*(needs: number) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* Effect.flatMap(
    sql`SELECT DISTINCT coalesce(application_name, '') AS application_name FROM pg_stat_activity
        WHERE datname = current_database() AND application_name ~ '^halobestie(/\\d+)?$'`,
    namesOf
  )
  return rows.map((row) => row.application_name)
    .filter((name) => Number.parseInt(name.split("/")[1] ?? "0") < needs)
})

const contract = Effect.fnUntraced(function*(migration: Migration, needs: number) {
  const sql = yield* SqlClient.SqlClient
  const older = yield* olderAtWork(needs)
  if (older.length > 0) {
    return yield* new UpgradeRefused({
      message: `${migration.name} takes away what servers at work still read (${older.join(", ")}, needs ` +
        `halobestie/${needs} or newer). It was not applied: replace those servers, then run this again.`
    })
  }
  return yield* sql.withTransaction(
    Effect.tap(migrateUpTo(migration.version), () => raiseOldestCode(needs))
  )
})

export interface Telling<R> {
  readonly applied: (migration: string) => Effect.Effect<void, never, R>
  readonly progress: (backfill: string, progress: BackfillProgress) => Effect.Effect<void, never, R>
  /** The first contract that was left, because nobody asked for it. */
  readonly left: (migration: Migration) => Effect.Effect<void, never, R>
}

/** Goes as far as it may: without `with_contracts`, to the first pending contract. Safe to repeat. */
export const upgrade = Effect.fnUntraced(function*<R>(
  options: { readonly with_contracts: boolean },
  tell: Telling<R>
) {
  const before = yield* schemaState
  for (const step of steps()) {
    if (!(yield* isPending(step, before.version))) continue
    if (step._tag === "backfill") {
      yield* runBackfill(step.backfill, (progress) => tell.progress(step.backfill.name, progress))
      continue
    }
    const { migration } = step
    if (migration.contract_needs !== null && !options.with_contracts) {
      yield* tell.left(migration)
      break
    }
    yield* migration.contract_needs === null
      ? migrateUpTo(migration.version)
      : contract(migration, migration.contract_needs)
    yield* tell.applied(migration.name)
  }
  yield* migrateCluster
})
