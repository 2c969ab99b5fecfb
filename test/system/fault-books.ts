// The books of a script, read from the database itself: what must hold after every death of the server, and
// what must add up at the end, in money, capacity, time and events.
import { assert } from "@effect/vitest"
import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { isBalanced, type Ledger } from "../../src/domain/ledger.ts"
import { databaseAt } from "../support/postgres.ts"
import type { ReceivedEvent } from "./fault-script.ts"

// Rows as the driver gives them.
// oxlint-disable-next-line typescript/no-explicit-any
type Row = any

export interface Books {
  readonly query: (text: string) => Promise<ReadonlyArray<Row>>
  /** What is true at every instant, also between a death and the next start. */
  readonly assertAlways: (where: string) => Promise<void>
  /** What is true when nothing runs any more. */
  readonly assertAtEnd: (received: ReadonlyMap<string, ReadonlyArray<ReceivedEvent>>) => Promise<void>
}

const broken = {
  "a payment is consumed and charged, once, or neither": `
    SELECT p.id, p.status, count(t.id) FROM payment_requests p LEFT JOIN transactions t ON t.payment_id = p.id
    GROUP BY p.id HAVING count(t.id) <> CASE WHEN p.status = 'consumed' THEN 1 ELSE 0 END
      OR bool_or(t.amount_idr <> p.amount_idr)`,
  "a place is taken by each chat that runs, and by nothing else": `
    SELECT coalesce(s.id, m.session_id) AS id, s.status, m.slot FROM mitra_slots m
    FULL JOIN (SELECT * FROM chat_sessions WHERE status IN ('active', 'extending')) s
      ON s.id = m.session_id AND s.mitra_id = m.mitra_id
    WHERE s.id IS NULL OR m.session_id IS NULL`,
  "a session's events and messages share one row of numbers, without a gap": `
    SELECT s.id, s.last_seq, count(n.seq) FROM chat_sessions s LEFT JOIN
      (SELECT session_id, seq FROM session_events UNION ALL SELECT session_id, seq FROM messages) n
      ON n.session_id = s.id
    GROUP BY s.id HAVING count(n.seq) <> s.last_seq OR count(DISTINCT n.seq) <> s.last_seq
      OR coalesce(max(n.seq), 0) <> s.last_seq`,
  "no push is pending for an offer that is over": `
    SELECT p.id FROM push_outbox p JOIN chat_request_notifications o
      ON o.session_id = p.session_id AND o.mitra_id = p.user_id
    WHERE p.kind = 'offer' AND p.status = 'pending' AND o.status <> 'pending'`,
  "a session waits or runs while its payment allows it": `
    SELECT s.id, s.status, p.status FROM chat_sessions s JOIN payment_requests p ON p.id = s.payment_id
    WHERE p.status <> CASE WHEN s.status IN ('searching', 'pending_acceptance') THEN 'confirmed'
      WHEN s.status IN ('cancelled', 'expired') THEN p.status ELSE 'consumed' END`
}

const open = {
  "every session has ended": `SELECT id, status FROM chat_sessions WHERE ended_at IS NULL`,
  "no offer is open": `SELECT * FROM chat_request_notifications WHERE status = 'pending'`,
  "no payment is confirmed without a session that was its own, or a failure that staff see": `
    SELECT id FROM payment_requests WHERE status = 'confirmed' AND failure_cause IS NULL`,
  "what a chat served is what was paid for it": `
    SELECT s.id, s.ledger, sum(p.duration_seconds) FROM chat_sessions s
    JOIN payment_requests p ON p.status = 'consumed' AND (p.id = s.payment_id OR p.extends_session_id = s.id)
    WHERE s.status = 'completed'
    GROUP BY s.id HAVING (s.ledger->>'purchased_ms')::bigint <> sum(p.duration_seconds) * 1000`
}

/**
 * Each phone received a session's events as written, all of them from its first on, up to the session's end.
 */
const assertReceived = (
  received: ReadonlyMap<string, ReadonlyArray<ReceivedEvent>>,
  stored: ReadonlyArray<Row>
): void => {
  const at = new Map(stored.map((row) => [`${row.session_id}/${row.seq}`, row.at.toISOString()]))
  const last = new Map(stored.map((row) => [row.session_id, row.last_seq]))
  const first = new Map<string, ReceivedEvent>()
  for (const [name, list] of received) {
    const heard = new Map<string, number>()
    for (const event of list) {
      const key = `${event.session_id}/${event.seq}`
      assert.strictEqual(event.at, at.get(key), `${name} was told what is not so: ${key}`)
      assert.deepStrictEqual(event, first.get(key) ?? event, `${name} was told something else: ${key}`)
      assert.strictEqual(event.seq, (heard.get(event.session_id) ?? event.seq - 1) + 1, `${name}: ${key}`)
      first.set(key, event)
      heard.set(event.session_id, event.seq)
    }
    for (const [id, seq] of heard) {
      const isHandedOver = first.get(`${id}/${seq}`)?.fact.kind === "rerouted"
      if (!isHandedOver) assert.strictEqual(seq, last.get(id), `${name} was told the end of ${id}`)
    }
  }
}

const numbers = `
  SELECT n.session_id, n.seq, n.at, s.last_seq::int AS last_seq FROM chat_sessions s
  JOIN (SELECT session_id, seq::int AS seq, at FROM session_events
    UNION ALL SELECT session_id, seq::int, sent_at FROM messages) n ON n.session_id = s.id`

const balanced = (sessions: ReadonlyArray<Row>): void => {
  for (const { id, ledger } of sessions) {
    assert.isTrue(isBalanced(ledger as Ledger), `the ledger of ${id}: ${JSON.stringify(ledger)}`)
  }
}

/** Books over a database, until the scope closes. */
export const booksOf = Effect.fnUntraced(function*(url: string) {
  const pool = yield* Layer.buildWithScope(databaseAt(url, 1), yield* Effect.scope)
  const sql = Context.get(pool, PgClient.PgClient)
  const query = (text: string): Promise<ReadonlyArray<Row>> => Effect.runPromise(sql.unsafe<Row>(text))
  const none = async (rules: Readonly<Record<string, string>>, where: string): Promise<void> => {
    for (const [rule, text] of Object.entries(rules)) {
      assert.deepStrictEqual(await query(text), [], `${where}: ${rule}`)
    }
  }
  const books: Books = {
    query,
    assertAlways: (where) => none(broken, where),
    assertAtEnd: async (received) => {
      await none({ ...broken, ...open }, "at the end")
      balanced(await query("SELECT id, ledger FROM chat_sessions WHERE status = 'completed'"))
      assertReceived(received, await query(numbers))
    }
  }
  return books
})
