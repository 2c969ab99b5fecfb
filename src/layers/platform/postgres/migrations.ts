// Migrations: forward only, run by the CLI (and by the embedded default), never on a production boot.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SqlRunnerStorage } from "effect/cluster"
import * as Migrator from "effect/sql/Migrator"
import * as SqlClient from "effect/sql/SqlClient"
import accounts from "../../../../migrations/0001_create_people.ts"
import settingsAndAudit from "../../../../migrations/0002_create_settings_and_audit.ts"
import payments from "../../../../migrations/0003_create_payments.ts"
import chatSessions from "../../../../migrations/0004_create_chat_sessions.ts"
import pauseAfterMissedOffers from "../../../../migrations/0005_pause_after_missed_offers.ts"
import extendAndRetry from "../../../../migrations/0006_extend_sessions_and_retry.ts"
import devicesAndTestNumbers from "../../../../migrations/0007_create_devices_and_test_numbers.ts"
import turnedDownOffers from "../../../../migrations/0008_index_turned_down_offers.ts"
import priceAndSettle from "../../../../migrations/0009_price_and_settle_payments.ts"
import rerouteSessions from "../../../../migrations/0010_reroute_sessions.ts"
import sendPushes from "../../../../migrations/0011_send_pushes.ts"
import sealPrivateTexts from "../../../../migrations/0012_seal_private_texts.ts"
import appendTurns from "../../../../migrations/0013_append_turns.ts"
import noteUsedSignIns from "../../../../migrations/0014_note_used_sign_ins.ts"
import bindCodes from "../../../../migrations/0015_bind_codes_to_their_askers.ts"
import openSchemaWindow from "../../../../migrations/0016_open_schema_window.ts"
import guardStaff from "../../../../migrations/0017_guard_staff.ts"
import blockAndReport from "../../../../migrations/0018_block_and_report.ts"
import erasePeople from "../../../../migrations/0019_erase_people.ts"
import valkeySightings from "../../../../migrations/0020_create_valkey_sightings.ts"
import holdAndDrainMitras from "../../../../migrations/0021_hold_and_drain_mitras.ts"
import matchWants from "../../../../migrations/0022_match_wants.ts"
import pauseWithoutMitra from "../../../../migrations/0023_pause_without_mitra.ts"
import noteOffersFindCustomers from "../../../../migrations/0024_note_offers_find_customers.ts"
import boundGrowingTables from "../../../../migrations/0025_bound_growing_tables.ts"
import partGrowingTables from "../../../../migrations/0026_part_growing_tables.ts"
import makeAndRetireMonths from "../../../../migrations/0027_make_and_retire_months.ts"
import indexAnomalies from "../../../../migrations/0028_index_anomalies.ts"
import lookUpMessagesByMonth from "../../../../migrations/0029_look_up_messages_by_month.ts"
import eraseInDetachedMonths from "../../../../migrations/0030_erase_in_detached_months.ts"
import pushAboutSignIns from "../../../../migrations/0031_push_about_sign_ins.ts"
import indexAnsweredOffers from "../../../../migrations/0032_index_answered_offers.ts"
import boundOpenOrders from "../../../../migrations/0033_bound_open_orders.ts"
import lockTurns from "../../../../migrations/0034_lock_turns.ts"

const migrations = {
  "0001_create_people": accounts,
  "0002_create_settings_and_audit": settingsAndAudit,
  "0003_create_payments": payments,
  "0004_create_chat_sessions": chatSessions,
  "0005_pause_after_missed_offers": pauseAfterMissedOffers,
  "0006_extend_sessions_and_retry": extendAndRetry,
  "0007_create_devices_and_test_numbers": devicesAndTestNumbers,
  "0008_index_turned_down_offers": turnedDownOffers,
  "0009_price_and_settle_payments": priceAndSettle,
  "0010_reroute_sessions": rerouteSessions,
  "0011_send_pushes": sendPushes,
  "0012_seal_private_texts": sealPrivateTexts,
  "0013_append_turns": appendTurns,
  "0014_note_used_sign_ins": noteUsedSignIns,
  "0015_bind_codes_to_their_askers": bindCodes,
  "0016_open_schema_window": openSchemaWindow,
  "0017_guard_staff": guardStaff,
  "0018_block_and_report": blockAndReport,
  "0019_erase_people": erasePeople,
  "0020_create_valkey_sightings": valkeySightings,
  "0021_hold_and_drain_mitras": holdAndDrainMitras,
  "0022_match_wants": matchWants,
  "0023_pause_without_mitra": pauseWithoutMitra,
  "0024_note_offers_find_customers": noteOffersFindCustomers,
  "0025_bound_growing_tables": boundGrowingTables,
  "0026_part_growing_tables": partGrowingTables,
  "0027_make_and_retire_months": makeAndRetireMonths,
  "0028_index_anomalies": indexAnomalies,
  "0029_look_up_messages_by_month": lookUpMessagesByMonth,
  "0030_erase_in_detached_months": eraseInDetachedMonths,
  "0031_push_about_sign_ins": pushAboutSignIns,
  "0032_index_answered_offers": indexAnsweredOffers,
  "0033_bound_open_orders": boundOpenOrders,
  "0034_lock_turns": lockTurns
}
export type MigrationName = keyof typeof migrations

/**
 * Migrations that take away what an older version reads: the schema version of the first code that no longer
 * does. All others expand: the version before runs on their result. A guard reads the statements
 * (test/guards/migrations.test.ts).
 */
const contracts: Partial<Record<MigrationName, number>> = {}

export interface Migration {
  readonly version: number
  readonly name: string
  /** Null for one that expands. */
  readonly contract_needs: number | null
}

const numbered = Object.entries<number | undefined>({
  ...Object.fromEntries(Object.keys(migrations).map((name) => [name, undefined])),
  ...contracts
})

/** Every migration, in order. */
export const allMigrations: ReadonlyArray<Migration> = numbered.map(([name, needs]) => ({
  version: Number.parseInt(name),
  name,
  contract_needs: needs ?? null
})).toSorted((one, other) => one.version - other.version)

/** The schema this code was written for. */
export const schemaVersion = Math.max(...allMigrations.map(({ version }) => version))

const table = "schema_migrations"

// The cluster's own membership and lock tables are part of the schema, so that no runner needs the
// right to create tables.
/** Safe to repeat. */
export const migrateCluster = Effect.scoped(Layer.build(SqlRunnerStorage.layerMigrations({})))

// Another migration, from anywhere: "HB" and a number, as in advisory-locks.ts.
const onlyOne = 0x48420010

/**
 * Applies what is missing up to `version`, in one transaction; a second run waits for the first. It waits
 * only a moment for each lock, as all others queue behind it, and as long as it must for its own work.
 */
export const migrateUpTo = Effect.fnUntraced(function*(version: number) {
  const sql = yield* SqlClient.SqlClient
  const wanted = Object.fromEntries(
    Object.entries(migrations).filter(([name]) => Number.parseInt(name) <= version)
  )
  return yield* sql.withTransaction(Effect.gen(function*() {
    yield* sql`SET LOCAL statement_timeout = 0`
    yield* sql`SELECT pg_advisory_xact_lock(${onlyOne}, 0)`
    yield* sql`SET LOCAL lock_timeout = '3s'`
    return yield* Migrator.make({})({ loader: Migrator.fromRecord(wanted), table })
  }))
})

/** Everything at once, for a database that no other version uses: development's and the tests'. */
export const migrate = migrateUpTo(schemaVersion).pipe(Effect.tap(() => migrateCluster))

/** The version the database is at; 0 when it was never migrated. */
export const currentVersion = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const found = yield* sql<{ exists: boolean }>`SELECT to_regclass(${table}) IS NOT NULL AS exists`
  if (found[0]?.exists !== true) return 0
  const rows = yield* sql<{ version: number | null }>`
    SELECT max(migration_id)::int AS version FROM schema_migrations`
  return rows[0]?.version ?? 0
})
