// Settings in Postgres: one row per value ever written, changed together with its audit entry.
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { Json } from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { AuditEntry } from "../../domain/audit.ts"
import { isStillSeen, type SettingKey } from "../../domain/settings.ts"
import { Settings } from "../../services/settings/settings.ts"
import { insertAuditEntry } from "../accounts/audit-log.postgres.ts"
import { allOf, firstOf, timestamp } from "../platform/postgres/columns.ts"
import { answered } from "../platform/postgres/failure.ts"
import { cached, type SettingsStore } from "./settings.ts"

const rowsOf = allOf(Schema.Struct({ key: Schema.String, value: Schema.Unknown }))

class Stale extends Data.TaggedError("Stale") {}

const stored = firstOf(Schema.Struct({ value: Schema.Unknown }))

/** The entry goes with the transaction when the value has changed since it was seen. */
const write = (sql: SqlClient.SqlClient) =>
  Effect.fnUntraced(
    function*(key: SettingKey, value: Json, audit: AuditEntry, seen?: Json) {
      // A repeat of a write whose answer was lost must not undo what was written after it.
      const entries = yield* insertAuditEntry(sql, audit)
      if (entries.length === 0) return true
      const row = yield* Effect.flatMap(sql`SELECT value FROM settings WHERE key = ${key} FOR UPDATE`, stored)
      if (!isStillSeen(key, row?.value, seen)) return yield* new Stale()
      // A row that came into being meanwhile was not there to be locked: it holds what somebody else chose.
      const isMine = row === null && seen !== undefined ? sql`WHERE false` : sql``
      const written = yield* sql`INSERT INTO settings (key, value, updated_at)
      VALUES (${key}, ${JSON.stringify(value)}::jsonb, ${timestamp(audit.at)})
      ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at ${isMine}
      RETURNING key`
      if (written.length === 0) return yield* new Stale()
      return true
    },
    sql.withTransaction,
    Effect.catchTag("Stale", () => Effect.succeed(false)),
    answered
  )

export const storeOf = (sql: SqlClient.SqlClient): SettingsStore => ({
  rows: sql`SELECT key, value FROM settings ORDER BY key`.pipe(Effect.flatMap(rowsOf), answered),
  write: write(sql)
})

export const layer = Layer.effect(Settings)(
  Effect.flatMap(SqlClient.SqlClient, (sql) => cached(storeOf(sql)))
)
