// A masked copy for staging: what the mask forgets would be found here. Every column that holds text is
// masked by ops/backup/mask.sql or harmless for a reason a reader can see; the restore drill makes a real
// copy.
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import { freshDatabase } from "../support/postgres.ts"

const mask = readFileSync(new URL("../../ops/backup/mask.sql", import.meta.url), "utf8")

/** Codes of our own, numbers, ids and keys that phones made by chance: they tell nothing of anybody. */
const harmless: Readonly<Record<string, ReadonlyArray<string>>> = {
  blocks: ["by_side"],
  cases: ["by_side", "reason", "resolution"],
  chat_request_notifications: ["status", "ending"],
  chat_sessions: [
    "kind",
    "mode",
    "topic",
    "status",
    "ended_by",
    "end_reason",
    "ledger",
    "owner_runner",
    "extension",
    "opened_by",
    "absence",
    "language"
  ],
  cluster_runner_migrations: ["name"],
  cluster_locks: ["shard_id", "address"],
  cluster_runners: ["address", "runner"],
  detached_months: ["part"],
  messages: ["client_message_id", "side"],
  mitra_assignments: ["left_topic"],
  mitra_online_logs: ["cause"],
  mitra_status: ["owner_runner"],
  pauses: ["user_type", "cause"],
  payment_requests: [
    "status",
    "tier_id",
    "mode",
    "kind",
    "topic",
    "failure_cause",
    "product",
    "provider",
    "anomaly",
    "resolution",
    "language"
  ],
  pricing_discounts: ["id", "kind"],
  pricing_history: ["subject", "subject_id", "before", "after"],
  pricing_tiers: ["id", "label", "mode"],
  push_costs: ["kind"],
  push_hold: ["reason"],
  push_outbox: ["user_type", "kind", "status"],
  reroute_proposals: ["cause", "status"],
  schema_backfills: ["name", "after_row"],
  schema_migrations: ["name"],
  session_events: ["type"],
  settings: ["key", "value"],
  staff: ["role"],
  transactions: ["product"],
  webhook_logs: ["provider"]
}

const emptied = new Set([...mask.matchAll(/^TRUNCATE (.*);$/gm)].flatMap(([, names]) => names!.split(", ")))

/** Columns that an UPDATE of the mask sets. */
const set = (table: string): ReadonlyArray<string> =>
  [...mask.matchAll(new RegExp(String.raw`^UPDATE ${table}\b([^;]*);`, "gm"))]
    .flatMap(([, statement]) => [...statement!.matchAll(/(\w+) = /g)].map(([, column]) => column!))

describe("the mask", () => {
  it.effect("replaces or empties every column with text that is not harmless", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const columns = yield* sql<{ table: string; column: string }>`
        SELECT c.table_name AS table, c.column_name AS column FROM information_schema.columns c
        JOIN pg_class p ON p.oid = to_regclass(c.table_name) AND NOT p.relispartition
        WHERE c.table_schema = 'public' 
          AND c.data_type IN ('text', 'jsonb', 'json', 'bytea', 'inet', 'character varying')`
      assert.isAbove(columns.length, 80)
      const forgotten = columns.filter(({ column, table }) =>
        !emptied.has(table) && !set(table).includes(column) && harmless[table]?.includes(column) !== true
      )
      assert.deepStrictEqual(forgotten, [])
    }).pipe(Effect.provide(freshDatabase), Effect.scoped))
})
