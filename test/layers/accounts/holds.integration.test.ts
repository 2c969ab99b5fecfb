// The migration that lets staff hold and drain mitras, on a database that has been in use: mitras are neither
// held nor draining, and the log of online times takes the new cause beside the old ones.
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import people from "../../../migrations/0001_create_people.ts"
import pauseAfterMissedOffers from "../../../migrations/0005_pause_after_missed_offers.ts"
import holdAndDrainMitras from "../../../migrations/0021_hold_and_drain_mitras.ts"
import matchWants from "../../../migrations/0022_match_wants.ts"
import settingsAndAudit from "../../../migrations/0002_create_settings_and_audit.ts"
import payments from "../../../migrations/0003_create_payments.ts"
import chatSessions from "../../../migrations/0004_create_chat_sessions.ts"
import { mitraAccount, t0 } from "../../../testkit/conformance/given.ts"
import { timestamp } from "../../../src/layers/platform/postgres/columns.ts"
import { databaseAt, freshDatabaseUrl } from "../../support/postgres.ts"

const at = timestamp(t0)
const { id } = mitraAccount(1)

const inUse = Effect.gen(function*() {
  const sql = yield* PgClient.PgClient
  yield* sql`DROP SCHEMA public CASCADE`
  yield* sql`CREATE SCHEMA public`
  for (const earlier of [people, settingsAndAudit, payments, chatSessions, pauseAfterMissedOffers]) {
    yield* earlier
  }
  yield* sql`INSERT INTO mitras (id, display_name, phone, created_at)
    VALUES (${id}, 'Ayu', '+6281300000001', ${at})`
  yield* sql`INSERT INTO mitra_status (mitra_id, is_online, online_since) VALUES (${id}, true, ${at})`
  yield* sql`INSERT INTO mitra_online_logs (mitra_id, is_online, cause, at)
    VALUES (${id}, false, 'missed_offers', ${at})`
})

describe("the migrations to holds, drains and wants", () => {
  it.live("leaves a mitra who is online as she is, and the version before can go on writing her row", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      yield* Effect.gen(function*() {
        const sql = yield* PgClient.PgClient
        yield* inUse
        yield* holdAndDrainMitras
        const row = sql`SELECT is_online, is_draining, is_held, held_until FROM mitra_status`
        assert.deepStrictEqual(yield* row, [
          { is_online: true, is_draining: false, is_held: false, held_until: null }
        ])
        yield* sql`INSERT INTO mitra_online_logs (mitra_id, is_online, cause, at)
    VALUES (${id}, false, 'drained', ${at})`
        yield* sql`UPDATE mitra_status SET is_online = false, online_since = NULL`
        yield* matchWants
        assert.deepStrictEqual(yield* sql`SELECT to_json(languages) AS languages, topics FROM mitras`, [
          { languages: ["id"], topics: ["regular", "sensitive"] }
        ])
        const nothing = sql`UPDATE mitras SET topics = '{}'`
        assert.strictEqual((yield* Effect.exit(nothing))._tag, "Failure", "a mitra for nothing")
        const unheld = sql`UPDATE mitra_status SET held_until = ${at}`
        assert.strictEqual((yield* Effect.exit(unheld))._tag, "Failure", "an end without a hold")
      }).pipe(Effect.provide(databaseAt(url, 2)))
    }).pipe(Effect.scoped))
})
