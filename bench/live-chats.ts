// Chats that are only rows: alive for whoever looks at them, with nobody in them.
import type * as SqlClient from "effect/sql/SqlClient"

/** All of them paid and paired at `at`. */
export const liveChats = (sql: SqlClient.SqlClient, chats: number, at: string) =>
  sql`WITH begun AS (SELECT ${at}::timestamptz AS at),
    people AS (INSERT INTO customers (id, call_name, created_at)
      SELECT gen_random_uuid(), 'Customer ' || n, at FROM begun, generate_series(1, ${chats}::int) n
      RETURNING id),
    paid AS (INSERT INTO payment_requests (id, customer_id, status, tier_id, mode, duration_seconds,
        amount_idr, kind, topic, checkout_url, created_at, expires_at, confirmed_at)
      SELECT gen_random_uuid(), id, 'consumed', 'chat_60', 'chat', 3600, 95000, 'blast', 'regular', '',
        at, at + interval '1 hour', at FROM people, begun RETURNING id, customer_id)
    INSERT INTO chat_sessions (id, customer_id, payment_id, amount_idr, kind, mode, topic, status, mitra_id,
      requested_at, search_ends_at, started_at, ends_at, ledger, deadline_at, last_seq)
    SELECT gen_random_uuid(), customer_id, id, 95000, 'blast', 'chat', 'regular', 'active',
      (SELECT m.id FROM mitras m LIMIT 1), at, at + interval '1 minute', at, at + interval '1 hour',
      '{"purchased_ms":3600000,"entries":[],"open":null}', at + interval '57 minutes', 2 FROM paid, begun`
