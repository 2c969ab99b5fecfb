// The books of a script, read from the database itself: what must hold after every death of the server, and
// what must add up at the end, in money, capacity, time and events.
import { assert } from "@effect/vitest"
import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { isBalanced, type Ledger } from "../../src/domain/ledger.ts"
import { databaseAt } from "../support/postgres.ts"
import { alwaysRules, atEndRules } from "./book-rules.ts"
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
    assertAlways: (where) => none(alwaysRules, where),
    assertAtEnd: async (received) => {
      await none({ ...alwaysRules, ...atEndRules }, "at the end")
      balanced(await query("SELECT id, ledger FROM chat_sessions WHERE status = 'completed'"))
      assertReceived(received, await query(numbers))
    }
  }
  return books
})
