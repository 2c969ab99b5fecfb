// The migration that makes room for sealed texts, on a database that has been in use: nothing is lost, and
// the log that can never be re-written names no whole phone any more.
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import accounts from "../../../migrations/0001_create_people.ts"
import settingsAndAudit from "../../../migrations/0002_create_settings_and_audit.ts"
import payments from "../../../migrations/0003_create_payments.ts"
import chatSessions from "../../../migrations/0004_create_chat_sessions.ts"
import devicesAndTestNumbers from "../../../migrations/0007_create_devices_and_test_numbers.ts"
import sealPrivateTexts from "../../../migrations/0012_seal_private_texts.ts"
import { mitraAccount, staffId, t0 } from "../../../testkit/conformance/given.ts"
import { timestamp } from "../../../src/layers/platform/postgres/columns.ts"
import { databaseAt, freshDatabaseUrl } from "../../support/postgres.ts"

const at = timestamp(t0)

const inUse = Effect.gen(function*() {
  const sql = yield* PgClient.PgClient
  yield* sql`DROP SCHEMA public CASCADE`
  yield* sql`CREATE SCHEMA public`
  for (const earlier of [accounts, settingsAndAudit, payments, chatSessions, devicesAndTestNumbers]) {
    yield* earlier
  }
  yield* sql`INSERT INTO staff (id, email, password_hash, role, created_at)
    VALUES (${staffId}, 'a@b', 'hash', 'admin', ${at})`
  yield* sql`INSERT INTO test_numbers (phone, code, updated_at)
    VALUES ('+6281300000001', '424242', ${at})`
  const entry = (id: string, action: string, type: string, target: string, after: string) =>
    sql`INSERT INTO audit_log (id, staff_id, action, target_type, target_id, before, after, peer, at)
      VALUES (${id}, ${staffId}, ${action}, ${type}, ${target}, 'null'::jsonb, ${after}::jsonb, 'peer',
        ${at})`
  const { id } = mitraAccount(1)
  yield* entry(mitraAccount(2).id, "test_number.put", "test_number", "+6281300000001", `{"is_set":true}`)
  yield* entry(id, "mitra.create", "mitra", id, `{"display_name":"Ayu","phone":"+6281300000002"}`)
  yield* entry(mitraAccount(3).id, "setting.write", "setting", "x", "90")
})

describe("the migration to sealed texts", () => {
  it.live("keeps test numbers, masks phones in the log, and the log refuses change as before", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      yield* Effect.gen(function*() {
        const sql = yield* PgClient.PgClient
        yield* inUse
        yield* sealPrivateTexts
        const numbers = yield* sql<{ id: string; phone: string }>`SELECT id, phone FROM test_numbers`
        assert.deepStrictEqual(numbers.map(({ phone }) => phone), ["+6281300000001"])
        assert.isString(numbers[0]?.id)
        const log = yield* sql<{ target_id: string; after: unknown }>`
          SELECT target_id, after FROM audit_log ORDER BY id`
        assert.deepStrictEqual(log.map(({ after, target_id }) => [target_id, after]), [
          [mitraAccount(1).id, { display_name: "Ayu", phone: "+62***002" }],
          ["+62***001", { is_set: true }],
          ["x", 90]
        ])
        for (const statement of ["UPDATE audit_log SET peer = ''", "DELETE FROM audit_log"]) {
          assert.isTrue((yield* Effect.exit(sql.unsafe(statement)))._tag === "Failure", statement)
        }
      }).pipe(Effect.provide(databaseAt(url, 2)))
    }).pipe(Effect.scoped))
})
