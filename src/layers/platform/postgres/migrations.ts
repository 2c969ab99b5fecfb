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
import holdAndDrainMitras from "../../../../migrations/0015_hold_and_drain_mitras.ts"

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
  "0015_hold_and_drain_mitras": holdAndDrainMitras
}

/** The schema this code was written for. */
export const schemaVersion = Math.max(...Object.keys(migrations).map((name) => Number.parseInt(name)))

/** Version and name of each, in order. */
export const migrationNames: ReadonlyArray<readonly [number, string]> = Object.keys(migrations).toSorted()
  .map((name) => [Number.parseInt(name), name] as const)

const table = "schema_migrations"

// The cluster's own membership and lock tables are part of the schema, so that no runner needs the
// right to create tables.
const migrateCluster = Effect.scoped(Layer.build(SqlRunnerStorage.layerMigrations({})))

/** Applies what is missing, in one transaction; two runs at once are safe. Returns what it applied. */
export const migrate = Migrator.make({})({ loader: Migrator.fromRecord(migrations), table }).pipe(
  Effect.tap(() => migrateCluster)
)

/** The version the database is at; 0 when it was never migrated. */
export const currentVersion = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const found = yield* sql<{ exists: boolean }>`SELECT to_regclass(${table}) IS NOT NULL AS exists`
  if (found[0]?.exists !== true) return 0
  const rows = yield* sql<{ version: number | null }>`
    SELECT max(migration_id)::int AS version FROM schema_migrations`
  return rows[0]?.version ?? 0
})
