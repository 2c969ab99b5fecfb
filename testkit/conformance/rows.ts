// Rows: what a suite needs to find in the tables but its port cannot put there, written directly, in
// memory and in Postgres. Preconditions only; suites assert through the port.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Json } from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { emptyLedger } from "../../src/domain/ledger.ts"
import type { ChatSessionRow } from "../memory/store/tables.ts"
import { MemoryTables } from "../memory/store/tables.ts"
import { timestamp, timestampOrNull } from "../../src/layers/platform/postgres/columns.ts"
import type { OnlineLogEntry } from "../../src/services/accounts/mitras.ts"
import { customerId, minute, t0 } from "./given.ts"

interface GivenSession {
  readonly id: string
  readonly payment_id: string
  readonly status: "searching" | "expired"
}

export class Rows extends Context.Service<Rows, {
  readonly session: (session: GivenSession) => Effect.Effect<void>
  readonly setting: (key: string, value: Json) => Effect.Effect<void>
  readonly setMitra: (
    mitraId: string,
    change: { readonly is_active: boolean; readonly online_since: number | null }
  ) => Effect.Effect<void>
  readonly slot: (mitraId: string, slot: number, sessionId: string) => Effect.Effect<void>
  readonly onlineLog: (mitraId: string, entry: OnlineLogEntry) => Effect.Effect<void>
}>()("halobestie/test/Rows") {}

const sessionRow = ({ id, payment_id, status }: GivenSession): ChatSessionRow => ({
  id,
  customer_id: customerId,
  payment_id,
  opened_by: null,
  amount_idr: 10_000,
  kind: "blast",
  target_mitra_id: null,
  mode: "chat",
  topic: "regular",
  language: null,
  status,
  mitra_id: null,
  absence: null,
  requested_at: t0,
  search_ends_at: t0 + minute,
  next_wave_at: null,
  wave: 0,
  started_at: null,
  ends_at: null,
  warned_seconds: null,
  extension: null,
  closing_ends_at: null,
  ended_at: status === "expired" ? t0 + minute : null,
  ended_by: status === "expired" ? "clock" : null,
  end_reason: null,
  ledger: emptyLedger(5 * minute),
  customer_goodbye: null,
  mitra_goodbye: null,
  customer_delivered_seq: 0,
  customer_read_seq: 0,
  mitra_delivered_seq: 0,
  mitra_read_seq: 0,
  last_seq: 0,
  deadline_at: status === "expired" ? null : t0 + minute,
  owner_epoch: 0,
  owner_runner: null
})

export const layerMemory = Layer.effect(Rows)(
  Effect.map(MemoryTables, (tables) =>
    Rows.of({
      session: (session) => Effect.sync(() => void tables.chat_sessions.set(session.id, sessionRow(session))),
      setting: (key, value) => Effect.sync(() => void tables.settings.set(key, { value, updated_at: t0 })),
      setMitra: (id, { is_active, online_since }) =>
        Effect.sync(() => {
          tables.mitras.set(id, { ...tables.mitras.get(id)!, is_active })
          const status = tables.mitra_status.get(id)!
          tables.mitra_status.set(id, { ...status, is_online: online_since !== null, online_since })
        }),
      slot: (mitra_id, slot, session_id) =>
        Effect.sync(() =>
          void tables.mitra_slots.set(`${mitra_id}/${slot}`, { mitra_id, slot, session_id, claimed_at: t0 })
        ),
      onlineLog: (mitra_id, entry) =>
        Effect.sync(() => void tables.mitra_online_logs.push({ mitra_id, ...entry }))
    }))
)

const insertSession = (sql: SqlClient.SqlClient, row: ChatSessionRow) =>
  sql`INSERT INTO chat_sessions (id, customer_id, payment_id, amount_idr, kind, mode, topic, status,
      requested_at, search_ends_at, ended_at, ended_by, ledger, deadline_at)
    VALUES (${row.id}, ${row.customer_id}, ${row.payment_id}, ${row.amount_idr}, ${row.kind}, ${row.mode},
      ${row.topic}, ${row.status}, ${timestamp(row.requested_at)}, ${timestamp(row.search_ends_at)},
      ${timestampOrNull(row.ended_at)}, ${row.ended_by}, ${JSON.stringify(row.ledger)}::jsonb,
      ${timestampOrNull(row.deadline_at)})`

export const layerPostgres = Layer.effect(Rows)(
  Effect.map(SqlClient.SqlClient, (sql) =>
    Rows.of({
      session: (session) => insertSession(sql, sessionRow(session)).pipe(Effect.asVoid, Effect.orDie),
      setting: (key, value) =>
        sql`INSERT INTO settings (key, value, updated_at)
          VALUES (${key}, ${JSON.stringify(value)}::jsonb, ${timestamp(t0)})
          ON CONFLICT (key) DO UPDATE SET value = excluded.value`.pipe(Effect.asVoid, Effect.orDie),
      setMitra: (id, { is_active, online_since }) =>
        sql`WITH account AS (UPDATE mitras SET is_active = ${is_active} WHERE id = ${id})
          UPDATE mitra_status SET is_online = ${online_since !== null},
            online_since = ${timestampOrNull(online_since)}
          WHERE mitra_id = ${id}`.pipe(Effect.asVoid, Effect.orDie),
      slot: (mitraId, slot, sessionId) =>
        sql`INSERT INTO mitra_slots (mitra_id, slot, session_id, claimed_at)
          VALUES (${mitraId}, ${slot}, ${sessionId}, ${timestamp(t0)})`.pipe(Effect.asVoid, Effect.orDie),
      onlineLog: (mitraId, entry) =>
        sql`INSERT INTO mitra_online_logs (mitra_id, is_online, cause, at)
          VALUES (${mitraId}, ${entry.is_online}, ${entry.cause}, ${timestamp(entry.at)})`.pipe(
          Effect.asVoid,
          Effect.orDie
        )
    }))
)
