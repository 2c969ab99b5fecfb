// The migration that notes when offers were seen, on a database that has been in use: offers of before have
// no times, get them like new ones, and go with them.
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import people from "../../../migrations/0001_create_people.ts"
import settingsAndAudit from "../../../migrations/0002_create_settings_and_audit.ts"
import payments from "../../../migrations/0003_create_payments.ts"
import chatSessions from "../../../migrations/0004_create_chat_sessions.ts"
import noteOffersFindCustomers from "../../../migrations/0024_note_offers_find_customers.ts"
import { timestamp } from "../../../src/layers/platform/postgres/columns.ts"
import { customerId, idOf, mitraAccount, t0 } from "../../../testkit/conformance/given.ts"
import { databaseAt, freshDatabaseUrl } from "../../support/postgres.ts"

const [at, later] = [timestamp(t0), timestamp(t0 + 60_000)]
const { id: mitra_id } = mitraAccount(1)
const [session_id, payment_id] = [idOf(1), idOf(2)]

const inUse = Effect.gen(function*() {
  const sql = yield* PgClient.PgClient
  yield* sql`DROP SCHEMA public CASCADE`
  yield* sql`CREATE SCHEMA public`
  for (const earlier of [people, settingsAndAudit, payments, chatSessions]) yield* earlier
  yield* sql`INSERT INTO mitras (id, display_name, phone, created_at)
    VALUES (${mitra_id}, 'Ayu', '+6281300000001', ${at})`
  yield* sql`INSERT INTO customers (id, call_name, created_at) VALUES (${customerId}, 'Sari', ${at})`
  yield* sql`INSERT INTO pricing_tiers (id, label, mode, duration_seconds, price_idr, updated_at)
    VALUES ('chat_5', '5 minutes', 'chat', 300, 10000, ${at})`
  yield* sql`INSERT INTO payment_requests (id, customer_id, status, tier_id, mode, duration_seconds,
      amount_idr, kind, topic, checkout_url, created_at, expires_at, confirmed_at)
    VALUES (${payment_id}, ${customerId}, 'consumed', 'chat_5', 'chat', 300, 10000, 'blast', 'regular', '',
      ${at}, ${later}, ${at})`
  yield* sql`INSERT INTO chat_sessions (id, customer_id, payment_id, amount_idr, kind, mode, topic, status,
      requested_at, search_ends_at, ledger, deadline_at, last_seq)
    VALUES (${session_id}, ${customerId}, ${payment_id}, 10000, 'blast', 'chat', 'regular',
      'pending_acceptance', ${at}, ${later}, '{"purchased_ms":300000,"entries":[],"open":null}', ${later}, 1)`
  yield* sql`INSERT INTO chat_request_notifications (session_id, mitra_id, position, status, wave, sent_at,
      deadline_at, sessions_at_offer)
    VALUES (${session_id}, ${mitra_id}, 0, 'pending', 1, ${at}, ${later}, 0)`
})

describe("the migration to times of offers", () => {
  it.live("has none for offers of before, which get theirs like new ones and keep nobody from leaving", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      yield* Effect.gen(function*() {
        const sql = yield* PgClient.PgClient
        yield* inUse
        yield* noteOffersFindCustomers
        const count = sql`SELECT count(*)::int AS count FROM offer_times`
        assert.deepStrictEqual(yield* count, [{ count: 0 }])
        yield* sql`INSERT INTO offer_times (session_id, mitra_id, seen_at)
          VALUES (${session_id}, ${mitra_id}, ${at})`
        yield* sql`DELETE FROM chat_request_notifications`
        assert.deepStrictEqual(yield* count, [{ count: 0 }])
      }).pipe(Effect.provide(databaseAt(url, 2)))
    }).pipe(Effect.scoped))
})
