// `inspect`: one session, mitra or payment as its rows say, in readable lines and in the order of time. Texts
// that people typed, names and phone numbers are not shown: who needs them has the control center.
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { ServerConfig } from "../config/server-config.ts"
import { embeddedToo } from "./database.ts"

class NotFound extends Schema.TaggedError<NotFound>()("NotFound", { message: Schema.String }) {}

type Row = Readonly<Record<string, unknown>>

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const listMax = 40

const shown = (value: unknown): string =>
  value instanceof Date
    ? value.toISOString()
    : typeof value === "object"
    ? JSON.stringify(value)
    : String(value)

/** Empty columns say nothing. */
const lines = (row: Row): ReadonlyArray<string> =>
  Object.entries(row).filter(([, value]) => value !== null).map(([name, value]) =>
    `  ${name.padEnd(20)} ${shown(value)}`
  )

const inOneLine = (row: Row): string =>
  `  ${Object.values(row).filter((value) => value !== null).map(shown).join("  ")}`

const section = (title: string, rows: ReadonlyArray<Row>) =>
  Effect.gen(function*() {
    yield* Console.log(`${title}: ${rows.length === 0 ? "none" : rows.length}`)
    for (const row of rows) yield* Console.log(inOneLine(row))
  })

const session = (id: string) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const [row] = yield* sql<Row>`
      SELECT status, kind, mode, topic, customer_id, mitra_id, payment_id, requested_at, search_ends_at,
        started_at, ends_at, closing_ends_at, ended_at, ended_by, end_reason, deadline_at, last_seq,
        owner_epoch, owner_runner
      FROM chat_sessions WHERE id = ${id}::uuid`
    if (row === undefined) return yield* new NotFound({ message: `There is no session ${id}.` })
    yield* Console.log(`session ${id}`)
    for (const line of lines(row)) yield* Console.log(line)
    yield* section(
      "offers",
      yield* sql<Row>`
      SELECT sent_at, mitra_id, 'wave ' || wave AS wave, status, ending, responded_at
      FROM chat_request_notifications WHERE session_id = ${id}::uuid ORDER BY position LIMIT ${listMax}`
    )
    yield* section(
      "ledger",
      yield* sql<Row>`
      SELECT entry ->> 'state' AS state, entry ->> 'reason' AS reason,
        ((entry ->> 'charged_ms')::numeric / 1000) || ' s charged' AS charged
      FROM chat_sessions, jsonb_array_elements(ledger -> 'entries') AS entry WHERE id = ${id}::uuid`
    )
    yield* section(
      "last events",
      yield* sql<Row>`
      SELECT at, '#' || seq AS seq, type FROM (SELECT at, seq, type FROM session_events
        WHERE session_id = ${id}::uuid ORDER BY seq DESC LIMIT ${listMax}) AS newest ORDER BY seq`
    )
    yield* section(
      "messages by side",
      yield* sql<Row>`
      SELECT side, count(*)::int || ' messages' AS messages, max(sent_at) AS last FROM messages
      WHERE session_id = ${id}::uuid GROUP BY side`
    )
    yield* section(
      "pushes",
      yield* sql<Row>`
      SELECT created_at, kind, user_type, status, last_error FROM push_outbox
      WHERE session_id = ${id}::uuid ORDER BY id LIMIT ${listMax}`
    )
  })

const payment = (id: string) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const [row] = yield* sql<Row>`
      SELECT status, product, customer_id, tier_id, amount_idr, kind, created_at, expires_at, confirmed_at,
        failed_at, failure_cause, provider_ref, extends_session_id
      FROM payment_requests WHERE id = ${id}::uuid`
    if (row === undefined) return yield* new NotFound({ message: `There is no payment ${id}.` })
    yield* Console.log(`payment ${id}`)
    for (const line of lines(row)) yield* Console.log(line)
    yield* section(
      "sessions",
      yield* sql<Row>`
      SELECT id, status, requested_at, ended_at FROM chat_sessions WHERE payment_id = ${id}::uuid ORDER BY id`
    )
    yield* section(
      "transactions",
      yield* sql<Row>`
      SELECT at, product, amount_idr, mitra_id FROM transactions WHERE payment_id = ${id}::uuid`
    )
  })

const mitra = (id: string) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const [row] = yield* sql<Row>`
      SELECT is_active, is_online, online_since, last_heartbeat_at, last_offer_at, created_at, deactivated_at,
        owner_epoch, owner_runner
      FROM mitras JOIN mitra_status ON mitra_id = mitras.id WHERE mitras.id = ${id}::uuid`
    if (row === undefined) return yield* new NotFound({ message: `There is no mitra ${id}.` })
    yield* Console.log(`mitra ${id}`)
    for (const line of lines(row)) yield* Console.log(line)
    yield* section(
      "running chats",
      yield* sql<Row>`
      SELECT slot, session_id, claimed_at FROM mitra_slots WHERE mitra_id = ${id}::uuid ORDER BY slot`
    )
    yield* section(
      "open offers",
      yield* sql<Row>`
      SELECT sent_at, session_id, deadline_at FROM chat_request_notifications
      WHERE mitra_id = ${id}::uuid AND status = 'pending'`
    )
    yield* section(
      "online and offline",
      yield* sql<Row>`
      SELECT at, CASE WHEN is_online THEN 'online' ELSE 'offline' END AS became, cause FROM
        (SELECT id, at, is_online, cause FROM mitra_online_logs WHERE mitra_id = ${id}::uuid
          ORDER BY id DESC LIMIT ${listMax}) AS newest ORDER BY id`
    )
  })

const kinds = { session, mitra, payment }

export const inspect = Effect.fnUntraced(function*(kind: keyof typeof kinds, id: string) {
  if (!uuid.test(id)) {
    return yield* new NotFound({ message: `${JSON.stringify(id)} is no id: expected a UUID.` })
  }
  const database = embeddedToo(yield* ServerConfig)
  yield* Effect.provide(kinds[kind](id), database)
})
