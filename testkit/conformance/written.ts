// Written: what the journal leaves in tables that no port reads yet, for its suite to look at.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { MemoryTables } from "../memory/store/tables.ts"

export interface WrittenPush {
  readonly user_id: string
  readonly kind: string
  readonly status: string
}

export interface WrittenTransaction {
  readonly payment_id: string
  readonly mitra_id: string
  readonly amount_idr: number
}

export class Written extends Context.Service<Written, {
  /** Everything there is, in one value: two equal ones mean that nothing was written in between. */
  readonly everything: Effect.Effect<unknown>
  /** By kind, then by person. */
  readonly pushes: (sessionId: string) => Effect.Effect<ReadonlyArray<WrittenPush>>
  readonly transactions: (sessionId: string) => Effect.Effect<ReadonlyArray<WrittenTransaction>>
  /** Epoch milliseconds, or null. */
  readonly mitraTimes: (
    mitraId: string
  ) => Effect.Effect<{ readonly last_offer_at: number | null; readonly last_heartbeat_at: number | null }>
  readonly auditIds: Effect.Effect<ReadonlyArray<string>>
}>()("halobestie/test/Written") {}

const inOrder = (pushes: ReadonlyArray<WrittenPush>): ReadonlyArray<WrittenPush> =>
  pushes.toSorted((a, b) => `${a.kind}/${a.user_id}` < `${b.kind}/${b.user_id}` ? -1 : 1)

export const layerMemory = Layer.effect(Written)(
  Effect.map(MemoryTables, (tables) =>
    Written.of({
      everything: Effect.sync(() =>
        structuredClone(Object.values(tables).map((table) => [...table.values()] as ReadonlyArray<unknown>))
      ),
      pushes: (sessionId) =>
        Effect.sync(() =>
          inOrder(
            [...tables.push_outbox.values()]
              .filter((push) => push.session_id === sessionId)
              .map(({ kind, status, user_id }) => ({ user_id, kind, status }))
          )
        ),
      transactions: (sessionId) =>
        Effect.sync(() =>
          [...tables.transactions.values()]
            .filter((row) => row.session_id === sessionId)
            .map(({ amount_idr, mitra_id, payment_id }) => ({ payment_id, mitra_id, amount_idr }))
        ),
      mitraTimes: (mitraId) =>
        Effect.sync(() => {
          const status = tables.mitra_status.get(mitraId)
          return {
            last_offer_at: status?.last_offer_at ?? null,
            last_heartbeat_at: status?.last_heartbeat_at ?? null
          }
        }),
      auditIds: Effect.sync(() => [...tables.audit_log.keys()].toSorted())
    }))
)

const tables = [
  "chat_sessions",
  "chat_request_notifications",
  "mitra_slots",
  "mitra_assignments",
  "reroute_proposals",
  "transactions",
  "messages",
  "session_events",
  "commands_seen",
  "push_outbox",
  "push_hold",
  "push_costs",
  "payment_requests",
  "mitras",
  "mitra_status",
  "mitra_online_logs",
  "auth_sessions",
  "audit_log"
]

export const layerPostgres = Layer.effect(Written)(
  Effect.map(SqlClient.SqlClient, (sql) =>
    Written.of({
      everything: Effect.forEach(tables, (table) =>
        sql`SELECT to_jsonb(t) AS row FROM ${sql(table)} t ORDER BY to_jsonb(t)::text`).pipe(Effect.orDie),
      pushes: (sessionId) =>
        sql<WrittenPush>`SELECT user_id, kind, status FROM push_outbox WHERE session_id = ${sessionId}`.pipe(
          Effect.map(inOrder),
          Effect.orDie
        ),
      transactions: (sessionId) =>
        sql<WrittenTransaction>`SELECT payment_id, mitra_id, amount_idr FROM transactions
          WHERE session_id = ${sessionId}`.pipe(Effect.orDie),
      mitraTimes: (mitraId) =>
        sql<{ last_offer_at: Date | null; last_heartbeat_at: Date | null }>`
          SELECT last_offer_at, last_heartbeat_at FROM mitra_status WHERE mitra_id = ${mitraId}`.pipe(
          Effect.map(([row]) => ({
            last_offer_at: row?.last_offer_at?.getTime() ?? null,
            last_heartbeat_at: row?.last_heartbeat_at?.getTime() ?? null
          })),
          Effect.orDie
        ),
      auditIds: sql<{ id: string }>`SELECT id FROM audit_log ORDER BY id`.pipe(
        Effect.map((rows) =>
          rows.map((row) => row.id)
        ),
        Effect.orDie
      )
    }))
)
