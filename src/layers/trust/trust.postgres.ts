// Trust in Postgres: blocks and pauses as rows; cases, whose words and evidence are sealed like messages, are
// in cases.postgres.ts.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { ChangeEntry } from "../../domain/audit.ts"
import { type Person, personOf } from "../../domain/trust.ts"
import { Cipher } from "../../services/encryption/cipher.ts"
import { type Block, blocksMax, Trust } from "../../services/trust/trust.ts"
import { insertAuditEntry } from "../accounts/audit-log.postgres.ts"
import { lockFor } from "../platform/postgres/advisory-locks.ts"
import { allOf, firstOf, idColumnOf, Millis, timestamp } from "../platform/postgres/columns.ts"
import { answered } from "../platform/postgres/failure.ts"
import { cases } from "./cases.postgres.ts"

type Sql = SqlClient.SqlClient

const idOf = firstOf(Schema.Struct({ id: Schema.String }))
const mitrasOf = allOf(Schema.Struct({ mitra_id: Schema.String }))
const ownBlocksOf = allOf(Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  session_id: Schema.String,
  at: Millis
}))
const countOf = firstOf(Schema.Struct({ count: Schema.Int }))
const yesOf = firstOf(Schema.Struct({ yes: Schema.Boolean }))

const columnOf = (sql: Sql, { user_type }: Person) => sql.literal(idColumnOf(user_type))

const madeBy = (sql: Sql, by: Person) =>
  sql`by_side = ${by.user_type} AND ${columnOf(sql, by)} = ${by.user_id}`

const block = (sql: Sql) =>
  Effect.fnUntraced(
    function*(given: Block) {
      const { at, by_side, customer_id, id, mitra_id, session_id } = given
      const by = personOf(given, by_side)
      // Two phones of one person at once would each count without the other.
      yield* lockFor(sql, "person", `${by.user_type}:${by.user_id}`)
      const before = yield* Effect.flatMap(
        sql`SELECT id FROM blocks
          WHERE customer_id = ${customer_id} AND mitra_id = ${mitra_id} AND by_side = ${by_side}`,
        idOf
      )
      if (before !== null) return before.id
      const made = yield* Effect.flatMap(
        sql`SELECT count(*)::int AS count FROM blocks WHERE ${madeBy(sql, by)}`,
        countOf
      )
      if ((made?.count ?? 0) >= blocksMax) return null
      yield* sql`INSERT INTO blocks (id, customer_id, mitra_id, by_side, session_id, at)
        VALUES (${id}, ${customer_id}, ${mitra_id}, ${by_side}, ${session_id}, ${timestamp(at)})`
      return id
    },
    sql.withTransaction,
    answered
  )

const liftPause = (sql: Sql) =>
  Effect.fnUntraced(
    function*({ user_id, user_type }: Person, entry: ChangeEntry) {
      const lifted = yield* sql`UPDATE pauses SET lifted_at = ${timestamp(entry.at)}
        WHERE user_type = ${user_type} AND user_id = ${user_id} AND lifted_at IS NULL RETURNING user_id`
      if (lifted.length === 0) return false
      yield* insertAuditEntry(sql, { ...entry, before: { is_paused: true }, after: { is_paused: false } })
      return true
    },
    sql.withTransaction,
    answered
  )

type BlockCalls = "block" | "unblock" | "blocksOf" | "blockedMitrasOf" | "isBlocked"
type PauseCalls = "isPaused" | "liftPause" | "pausedOnline"

const blocks = (sql: Sql): Pick<Trust["Service"], BlockCalls> => ({
  block: block(sql),
  unblock: (by, blockId) =>
    sql`DELETE FROM blocks WHERE id = ${blockId} AND ${madeBy(sql, by)} RETURNING id`.pipe(
      Effect.map((rows) => rows.length > 0),
      answered
    ),
  blocksOf: (by) =>
    sql`SELECT b.id, ${sql.literal(by.user_type === "customer" ? "m.display_name" : "c.call_name")} AS name,
        b.session_id, b.at
      FROM blocks b JOIN customers c ON c.id = b.customer_id JOIN mitras m ON m.id = b.mitra_id
      WHERE b.by_side = ${by.user_type} AND b.${columnOf(sql, by)} = ${by.user_id}
      ORDER BY b.id DESC LIMIT ${blocksMax}`.pipe(Effect.flatMap(ownBlocksOf), answered),
  blockedMitrasOf: (customerId) =>
    sql`SELECT DISTINCT mitra_id FROM blocks WHERE customer_id = ${customerId}`.pipe(
      Effect.flatMap(mitrasOf),
      Effect.map((rows) => rows.map((row) => row.mitra_id)),
      answered
    ),
  isBlocked: ({ customer_id, mitra_id }) =>
    sql`SELECT EXISTS (SELECT 1 FROM blocks
      WHERE customer_id = ${customer_id} AND mitra_id = ${mitra_id}) AS yes`.pipe(
      Effect.flatMap(yesOf),
      Effect.map((row) => row?.yes === true),
      answered
    )
})

const pauses = (sql: Sql): Pick<Trust["Service"], PauseCalls> => ({
  isPaused: ({ user_id, user_type }) =>
    sql`SELECT EXISTS (SELECT 1 FROM pauses WHERE user_type = ${user_type} AND user_id = ${user_id}
      AND lifted_at IS NULL) AS yes`.pipe(
      Effect.flatMap(yesOf),
      Effect.map((row) => row?.yes === true),
      answered
    ),
  liftPause: liftPause(sql),
  pausedOnline: (limit) =>
    sql`SELECT s.mitra_id FROM pauses p JOIN mitra_status s ON s.mitra_id = p.user_id
      WHERE p.user_type = 'mitra' AND p.lifted_at IS NULL AND s.is_online
      ORDER BY s.mitra_id LIMIT ${limit}`.pipe(
      Effect.flatMap(mitrasOf),
      Effect.map((rows) => rows.map((row) => row.mitra_id)),
      answered
    )
})

export const layer = Layer.effect(Trust)(Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const cipher = yield* Cipher
  return Trust.of({ ...blocks(sql), ...pauses(sql), ...cases(sql, cipher) })
}))
