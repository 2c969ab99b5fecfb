// Tables in parts by month: made of a database in use without losing a row or a guarantee, months ahead of
// time, and months that go.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import boundGrowingTables from "../../../migrations/0025_bound_growing_tables.ts"
import partGrowingTables from "../../../migrations/0026_part_growing_tables.ts"
import makeAndRetireMonths from "../../../migrations/0027_make_and_retire_months.ts"
import lookUpMessagesByMonth from "../../../migrations/0029_look_up_messages_by_month.ts"
import eraseInDetachedMonths from "../../../migrations/0030_erase_in_detached_months.ts"
import { erased } from "../../../src/domain/retention.ts"
import * as Cipher from "../../../src/layers/encryption/cipher.none.ts"
import * as PersonalDataPostgres from "../../../src/layers/personal-data/personal-data.postgres.ts"
import { PersonalData } from "../../../src/services/personal-data/personal-data.ts"
import { runBackfill, backfills } from "../../../src/layers/platform/postgres/backfills.ts"
import { migrateUpTo } from "../../../src/layers/platform/postgres/migrations.ts"
import { databaseAt, emptyDatabaseUrl } from "../../support/postgres.ts"

const old = "018bcfe5-6800-7000-8000-000000000001" // 2023
const young = "019f0000-0000-7000-8000-000000000002" // 2026
const [customer, mitra, payment] = [1, 2, 3].map((n) => `00000000-0000-7000-8000-00000000000${n}`)

const session = Effect.fnUntraced(function*(id: string, status: "active" | "completed") {
  const sql = yield* SqlClient.SqlClient
  const over = status === "completed"
  yield* sql`INSERT INTO chat_sessions (id, customer_id, payment_id, amount_idr, kind, mode, topic, status,
      mitra_id, requested_at, search_ends_at, started_at, ends_at, ended_at, ended_by, ledger, deadline_at)
    VALUES (${id}, ${customer}, ${payment}, 1, 'blast', 'chat', 'regular', ${status}, ${mitra}, now(),
      now() + interval '1 minute', now(), ${over ? null : new Date()}, ${over ? new Date() : null},
      ${over ? "clock" : null}, '{}', ${over ? null : new Date()})`
})

const say = (id: string, seq: number, said = `said ${seq}`) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) =>
      sql`INSERT INTO messages (session_id, seq, message_id, client_message_id, side, sender_id, body,
        sent_at)
      VALUES (${id}, ${seq}, gen_random_uuid(), ${said}, 'customer', ${customer}, 'hello', now())`
  )

const people = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`INSERT INTO customers (id, call_name, created_at) VALUES (${customer}, 'Sari', now())`
  yield* sql`INSERT INTO mitras (id, display_name, phone, created_at)
    VALUES (${mitra}, 'Ayu', '+6281300000001', now())`
  yield* sql`INSERT INTO pricing_tiers (id, label, mode, duration_seconds, price_idr, updated_at)
    VALUES ('t', 't', 'chat', 60, 1, now())`
  yield* sql`INSERT INTO payment_requests (id, customer_id, status, tier_id, mode, duration_seconds,
      amount_idr, kind, topic, checkout_url, created_at, expires_at, confirmed_at)
    VALUES (${payment}, ${customer}, 'consumed', 't', 'chat', 60, 1, 'blast', 'regular', 'u', now(),
      now() + interval '1 minute', now())`
})

const insertLog = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) =>
    sql`INSERT INTO mitra_online_logs (mitra_id, is_online, cause, at)
    VALUES (${mitra}, true, 'toggle', '2026-11-01')`
)

const inUse = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* migrateUpTo(24)
  yield* people
  yield* session(old, "completed")
  yield* say(old, 1)
  yield* sql`INSERT INTO session_events (session_id, seq, type, event, at)
    VALUES (${old}, 2, 'A', '{}', now())`
  yield* insertLog
  yield* sql`GRANT SELECT, INSERT ON messages, mitra_online_logs TO pg_monitor`
})

const parts = (table: string) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.map(
      sql<{ part: string; rows: number }>`
        SELECT tableoid::regclass::text AS part, count(*)::int AS rows FROM ${sql(table)} GROUP BY 1`,
      (rows) => Object.fromEntries(rows.map(({ part, rows }) => [part, rows]))
    ))

const refused = (exit: { readonly _tag: string }) => assert.strictEqual(exit._tag, "Failure")

const onDatabase = <A, E>(body: Effect.Effect<A, E, SqlClient.SqlClient>) =>
  Effect.gen(function*() {
    const url = yield* emptyDatabaseUrl
    return yield* body.pipe(Effect.provide(databaseAt(url, 2)))
  }).pipe(Effect.scoped)

const inParts = Effect.gen(function*() {
  yield* inUse
  yield* boundGrowingTables
  for (const fill of backfills) yield* runBackfill(fill, () => Effect.void)
  yield* (yield* SqlClient.SqlClient).withTransaction(Effect.andThen(partGrowingTables, makeAndRetireMonths))
  yield* lookUpMessagesByMonth
})

/** A turn that appends this message, as the journal writes it; gives what was not written. */
const append = (id: string, base_seq: number, client_message_id: string) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => {
    const cursors = {
      customer_delivered_seq: 0,
      customer_read_seq: 0,
      mitra_delivered_seq: 0,
      mitra_read_seq: 0
    }
    const message = {
      client_message_id,
      side: "customer",
      sender_id: customer,
      body: "hello",
      sent_at: "2026-11-28"
    }
    const turn = {
      n: 0,
      session_id: id,
      epoch: 0,
      base_seq,
      last_seq: base_seq + 1,
      message_id: id,
      ...message
    }
    const turns = JSON.stringify([{ ...turn, ...cursors }])
    return sql`SELECT verdict, seq::int FROM append_turns(${[id]}::uuid[], ${turns}::json, '[]')`
  })

const called = (statement: string) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) => Effect.map(sql.unsafe<{ n: number }>(`SELECT ${statement} AS n`), ([row]) => row?.n)
  )

describe("tables in parts by month", { timeout: 60_000 }, () => {
  it.live("have every row, every guarantee and every grant of the tables they were made of", () =>
    onDatabase(Effect.gen(function*() {
      yield* inParts
      const sql = yield* SqlClient.SqlClient
      const future = "ffffffff-0000-7000-8000-000000000003"
      yield* session(future, "completed").pipe(Effect.exit) // one payment, one chat: refused
      yield* say(old, 3)
      refused(yield* Effect.exit(say(old, 1, "another")))
      refused(yield* Effect.exit(say(old, 4, "said 3")))
      refused(yield* Effect.exit(say(future, 1)))
      yield* sql`UPDATE chat_sessions SET last_seq = 3`
      assert.deepStrictEqual(yield* append(old, 3, "said 3"), [{ verdict: "repeated_message", seq: 3 }])
      assert.deepStrictEqual(yield* append(old, 3, "said 4"), [])
      yield* insertLog
      assert.deepStrictEqual(yield* parts("messages"), { messages_first: 3 })
      assert.deepStrictEqual(yield* parts("session_events"), { session_events_first: 1 })
      assert.deepStrictEqual(
        yield* sql`SELECT id::int FROM mitra_online_logs ORDER BY id`,
        [{ id: 1 }, { id: 2 }]
      )
      const rights = sql`SELECT has_table_privilege('pg_monitor', 'messages', 'INSERT') AS rows,
        has_sequence_privilege('pg_monitor', 'mitra_online_log_numbers', 'USAGE') AS numbers`
      assert.deepStrictEqual(yield* rights, [{ rows: true, numbers: true }])
    })))

  it.live("get their months ahead of time, and what lay outside moves into its own", () =>
    onDatabase(Effect.gen(function*() {
      yield* inParts
      const sql = yield* SqlClient.SqlClient
      const late = sql`SELECT overlay(first_uuid_at(now() + interval '170 days')::text PLACING '7' FROM 15)
        AS id`
      const [found] = yield* late
      yield* sql`UPDATE payment_requests SET status = 'consumed'`
      yield* sql`UPDATE chat_sessions SET status = 'cancelled'`
      yield* session(String(found?.["id"]), "active")
      yield* say(String(found?.["id"]), 1)
      assert.deepStrictEqual(yield* parts("messages"), { messages_first: 1, messages_rest: 1 })
      const made = yield* called("make_months(now() + interval '200 days', 100)")
      assert.isAtLeast(made ?? 0, 8)
      assert.strictEqual(yield* called("make_months(now() + interval '200 days', 100)"), 0)
      const month = Object.keys(yield* parts("messages")).find((part) => part !== "messages_first")
      assert.match(month ?? "", /^messages_\d{4}_\d\d$/)
      refused(yield* Effect.exit(say(String(found?.["id"]), 1, "again")))
    })))

  it.live("go whole when their time is over, but not while one of their chats is open", () =>
    onDatabase(Effect.gen(function*() {
      yield* inParts
      const sql = yield* SqlClient.SqlClient
      yield* sql`UPDATE chat_sessions SET status = 'cancelled'`
      yield* session(young, "active")
      const detach = called("detach_months('messages', now() + interval '1 year', '2027-01-01')")
      assert.strictEqual(yield* detach, 0)
      yield* sql`UPDATE chat_sessions SET status = 'cancelled', ended_at = now(), ended_by = 'clock',
        ends_at = NULL, deadline_at = NULL`
      assert.strictEqual(yield* detach, 2)
      assert.deepStrictEqual(yield* parts("messages"), {})
      assert.deepStrictEqual(yield* sql`SELECT body FROM messages_first`, [{ body: "hello" }])
      assert.strictEqual(yield* called("drop_detached_months('2027-01-01')"), 0)
      assert.strictEqual(yield* called("drop_detached_months('2027-01-02')"), 2)
      assert.deepStrictEqual(yield* sql`SELECT to_regclass('messages_first') AS gone`, [{ gone: null }])
      refused(yield* Effect.exit(called("detach_months('customers', now(), now())")))
    })))
  it.live("forget who is deleted while they lie detached, as they did while they were parts", () =>
    onDatabase(
      Effect.gen(function*() {
        yield* inParts
        const sql = yield* SqlClient.SqlClient
        yield* sql`INSERT INTO session_events (session_id, seq, type, event, at)
        VALUES (${old}, 3, 'GoodbyeLeft', '{"text": "farewell", "side": "mitra"}', now())`
        for (const table of ["messages", "session_events", "mitra_online_logs"]) {
          yield* called(`detach_months('${table}', now() + interval '1 year', now())`)
        }
        // Erased by the version before, which did not look there.
        yield* sql`UPDATE customers SET deleted_at = now(), erased_at = now()`
        yield* eraseInDetachedMonths
        const data = yield* PersonalData
        const done: Array<number> = []
        do done.push(yield* data.eraseTexts(10, Date.now()))
        while (done.at(-1) !== 0)
        assert.deepStrictEqual(done, [1, 1, 1, 0], "a message, a goodbye, the mark")
        assert.deepStrictEqual(yield* sql`SELECT body FROM messages_first`, [{ body: erased }])
        assert.deepStrictEqual(
          yield* sql`SELECT event FROM session_events_first WHERE seq = 3`,
          [{ event: { text: erased, side: "mitra" } }]
        )
        assert.deepStrictEqual(
          yield* data.erase({ user_type: "mitra", user_id: mitra ?? "" }, Date.now()),
          { _tag: "Erased" }
        )
        assert.deepStrictEqual(yield* sql`SELECT 1 FROM mitra_online_logs_first`, [])
        // Of those who stay nothing is taken.
        yield* sql`UPDATE customers SET deleted_at = NULL`
        assert.strictEqual(yield* called(`erase_detached_texts('${customer}', 10)`), 0)
      }).pipe(Effect.provide(Layer.provide(PersonalDataPostgres.layer, Cipher.layer)))
    ))
})
