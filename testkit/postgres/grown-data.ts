// A database as it is after years: chats with their messages, events, offers, payments and pushes, made
// inside Postgres. Shaped like real ones, so that plans on it are plans in production; nobody said any of
// it.
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import { growingTables } from "../../src/layers/platform/postgres/backfills.ts"

export interface Size {
  readonly chats: number
  readonly messages_each: number
  readonly mitras: number
  /** How far back, in months. */
  readonly months: number
}

const eventsEach = 6
const offersEach = 4
/** The newest ones; a customer has at most one of them. */
const liveOf = ({ chats }: Size) => Math.min(1000, Math.floor(chats / 40))
const customersOf = ({ chats }: Size) => Math.ceil(chats / 4)

/** The months of the past get their own parts, as if they had been made in their time. */
const partPast = Effect.fnUntraced(function*(name: string, by: string, months: number) {
  const sql = yield* SqlClient.SqlClient
  const key = (at: string) => by === "at" ? at : `first_uuid_at(${at})`
  yield* sql.unsafe(`DO $$
    DECLARE
      here timestamptz;
      past timestamptz := date_trunc('month', now()) - interval '${months} months';
      first text := quote_literal(${key("date_trunc('month', now()) - interval '" + months + " months'")});
    BEGIN
      SELECT min(ends) - interval '1 month' INTO here FROM month_parts('${name}');
      ALTER TABLE ${name} DETACH PARTITION ${name}_first;
      EXECUTE 'ALTER TABLE ${name} ATTACH PARTITION ${name}_first FOR VALUES FROM (MINVALUE) TO (' || first
        || ')';
      WHILE past < here LOOP
        EXECUTE format('CREATE TABLE %I PARTITION OF ${name} FOR VALUES FROM (%L) TO (%L)',
          '${name}' || to_char(past, '_YYYY_MM'), ${key("past")}, ${key("past + interval '1 month'")});
        past := past + interval '1 month';
      END LOOP;
    END $$`)
})

/** As a chat of half an hour that was used up. */
const ledger = JSON.stringify({ purchased_ms: 1_800_000, entries: [], open: null })

const makers = [
  `CREATE FUNCTION made_id(at timestamptz, n bigint) RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '70008'
      || lpad(to_hex(n), 15, '0'))::uuid $$`,
  // Ids and times of the n-th chat, everywhere the same.
  `CREATE TABLE made_chats (n bigint, at timestamptz, id uuid, customer uuid, mitra uuid, payment uuid,
    is_live boolean)`
]

const people = ({ mitras, months, ...size }: Size) => [
  `INSERT INTO customers (id, call_name, phone, created_at)
    SELECT made_id('2024-01-01', n), 'Customer ' || n,
      CASE WHEN n % 3 > 0 THEN '+62811' || lpad(n::text, 8, '0') END, '2024-01-01' FROM generate_series(1, ${
    customersOf({ mitras, months, ...size })
  }) n`,
  `INSERT INTO mitras (id, display_name, phone, created_at)
    SELECT made_id('2024-02-01', n), 'Mitra ' || n, '+62812' || lpad(n::text, 8, '0'), '2024-02-01'
    FROM generate_series(1, ${mitras}) n`,
  `INSERT INTO mitra_status (mitra_id, is_online, online_since, last_heartbeat_at)
    SELECT id, n % 4 = 0, CASE WHEN n % 4 = 0 THEN now() END, now()
    FROM (SELECT id, row_number() OVER () AS n FROM mitras) m`,
  `INSERT INTO mitra_online_logs (mitra_id, is_online, cause, at)
    SELECT made_id('2024-02-01', 1 + n % ${mitras}), n % 2 = 0, 'toggle',
      now() - interval '${months * 30} days' * (1 - n / ${mitras * 200}.0)
    FROM generate_series(1, ${mitras * 200}) n`,
  `INSERT INTO auth_sessions (id, family_id, user_type, user_id, refresh_hash, created_at, expires_at)
    SELECT made_id(now() - interval '30 days', n), made_id(now() - interval '30 days', n), 'customer',
      made_id('2024-01-01', 1 + n % ${customersOf({ mitras, months, ...size })}), 'hash ' || n,
      now() - interval '30 days', now() + interval '30 days'
    FROM generate_series(1, ${customersOf({ mitras, months, ...size })}) n`,
  `INSERT INTO pricing_tiers (id, label, mode, duration_seconds, price_idr, updated_at)
    VALUES ('t', 't', 'chat', 1800, 25000, now())`
]

const chats = (size: Size) => [
  `INSERT INTO made_chats
    SELECT n, at, made_id(at, n), made_id('2024-01-01', 1 + n % ${customersOf(size)}),
      made_id('2024-02-01', 1 + n * 7 % ${size.mitras}), made_id(at - interval '1 minute', n),
      n > ${size.chats - liveOf(size)}
    FROM (SELECT n, CASE WHEN n > ${size.chats - liveOf(size)} THEN now() - interval '9 minutes'
      ELSE now() - interval '1 day' - interval '${
    size.months * 30 - 2
  } days' * (1 - n / ${size.chats}.0) END AS at
      FROM generate_series(1, ${size.chats}) n) times`,
  `INSERT INTO payment_requests (id, customer_id, status, tier_id, mode, duration_seconds, amount_idr, kind,
      topic, checkout_url, created_at, expires_at, confirmed_at)
    SELECT payment, customer, 'consumed', 't', 'chat', 1800, 25000, 'blast', 'regular', 'u', at, at +
      interval '20 minutes', at FROM made_chats`,
  `INSERT INTO chat_sessions (id, customer_id, payment_id, amount_idr, kind, mode, topic, status, mitra_id,
      requested_at, search_ends_at, started_at, ends_at, ended_at, ended_by, end_reason, ledger, deadline_at,
      last_seq, customer_delivered_seq, customer_read_seq, mitra_delivered_seq, mitra_read_seq)
    SELECT id, customer, payment, 25000, 'blast', 'chat', 'regular',
      CASE WHEN is_live THEN 'active' ELSE 'completed' END, mitra, at, at + interval '1 minute', at,
      CASE WHEN is_live THEN at + interval '30 minutes' END,
      CASE WHEN NOT is_live THEN at + interval '30 minutes' END, CASE WHEN NOT is_live THEN 'clock' END,
      CASE WHEN NOT is_live THEN 'time_up' END, '${ledger}',
      CASE WHEN is_live THEN at + interval '30 minutes' END,
      ${eventsEach + size.messages_each}, ${eventsEach + size.messages_each}, ${eventsEach},
      ${eventsEach + size.messages_each}, ${eventsEach} FROM made_chats`,
  `INSERT INTO mitra_assignments (session_id, position, mitra_id, started_at, ended_at)
    SELECT id, 0, mitra, at, CASE WHEN NOT is_live THEN at + interval '30 minutes' END FROM made_chats`,
  `INSERT INTO chat_request_notifications (session_id, mitra_id, position, status, ending, wave, sent_at,
      deadline_at, responded_at, sessions_at_offer)
    SELECT id, made_id('2024-02-01', 1 + (c.n * 7 + p) % ${size.mitras}), p,
      CASE p WHEN 0 THEN 'accepted' WHEN 1 THEN 'ignored' ELSE 'missed' END,
      CASE p WHEN 0 THEN NULL WHEN 1 THEN 'expired' ELSE 'taken' END, 0, at,
      at + interval '1 minute', at, 0 FROM made_chats c, generate_series(0, ${offersEach - 1}) p`,
  `INSERT INTO push_outbox (id, user_type, user_id, kind, session_id, status, created_at, due_at, expires_at,
      finished_at)
    SELECT made_id(at, n), 'mitra', mitra, 'message', id, 'sent', at, at, at + interval '1 hour', at
    FROM made_chats`,
  `INSERT INTO webhook_logs (id, provider, headers, body, received_at)
    SELECT made_id(at, n), 'builtin', '{}', '{}', at FROM made_chats`,
  `INSERT INTO session_events (session_id, seq, type, event, at)
    SELECT id, s, 'SessionPaired', '{"_tag": "SessionPaired"}', at
    FROM made_chats, generate_series(1, ${eventsEach}) s`,
  `INSERT INTO messages (session_id, seq, message_id, client_message_id, side, sender_id, body, sent_at)
    SELECT c.id, ${eventsEach} + s, made_id(c.at, c.n * 1000 + s), 'client-' || s,
      CASE s % 2 WHEN 0 THEN 'mitra' ELSE 'customer' END, CASE s % 2 WHEN 0 THEN c.mitra ELSE c.customer END,
      'Halo kak, apa kabar hari ini? Aku mau cerita sedikit.', c.at + s * interval '20 seconds'
    FROM made_chats c, generate_series(1, ${size.messages_each}) s`,
  `INSERT INTO commands_seen (actor_id, sender_id, command_id, outcome, at)
    SELECT c.id, c.customer::text, 'command-' || s, '{}', c.at FROM made_chats c, generate_series(1, 3) s
    WHERE c.at > now() - interval '90 days'`
]

/** Into an empty, migrated database. Foreign keys are not looked up: rows are made to fit. */
export const grow = Effect.fnUntraced(function*(size: Size) {
  const sql = yield* SqlClient.SqlClient
  yield* sql`SET statement_timeout = 0`
  yield* sql`SET idle_in_transaction_session_timeout = 0`
  yield* Effect.forEach(growingTables, ({ by, name }) => partPast(name, by, size.months), { discard: true })
  yield* sql`SET session_replication_role = replica`
  yield* Effect.forEach([...makers, ...people(size), ...chats(size)], (text) => sql.unsafe(text), {
    discard: true
  })
  yield* sql`SET session_replication_role = origin`
  yield* sql.unsafe("ANALYZE")
})
