// What was said and what happened in a session, read from Postgres with its private texts opened. Part of
// session-views.postgres.ts; for sessions.postgres.ts the message that was sent before.
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SessionEvent } from "../../domain/session/events.ts"
import type { Cipher } from "../../services/encryption/cipher.ts"
import type { SequencedEvent, SessionViews } from "../../services/sessions/session-views.ts"
import type { Sessions, StoredMessage } from "../../services/sessions/sessions.ts"
import type { Unavailable } from "../../services/platform/unavailable.ts"
import { eventAssociatedData, messageAssociatedData } from "../encryption/associated-data.ts"
import { allOf, BigCount } from "../platform/postgres/columns.ts"
import { fieldsOf, namesOf } from "../platform/postgres/table.ts"
import { answered } from "../platform/postgres/failure.ts"
import { messages, sessionEvents } from "./transcript.tables.ts"

type Sql = SqlClient.SqlClient
type Ciphers = Cipher["Service"]
type Part<Key extends keyof SessionViews["Service"]> = Pick<SessionViews["Service"], Key>

const decodeMessages = allOf(Schema.Struct(fieldsOf(messages, namesOf(messages))))

/** The columns `storedMessages` reads. */
const messageColumns = namesOf(messages).join(", ")

const bodyOf = (
  cipher: Ciphers,
  { body, body_sealed, seq, session_id }: Pick<StoredMessage, "session_id" | "seq"> & {
    readonly body: string | null
    readonly body_sealed: string | null
  }
) =>
  body_sealed === null
    ? Effect.succeed(body ?? "")
    : cipher.open(body_sealed, messageAssociatedData(session_id, seq))

const storedMessages =
  (cipher: Ciphers) => (rows: unknown): Effect.Effect<ReadonlyArray<StoredMessage>, Unavailable> =>
    Effect.flatMap(
      decodeMessages(rows),
      Effect.forEach(({ body_sealed, ...row }) =>
        Effect.map(bodyOf(cipher, { ...row, body_sealed }), (body) => ({ ...row, body }))
      )
    )

const eventNames = namesOf(sessionEvents, ["type", "at"])
const EventRow = Schema.Struct(fieldsOf(sessionEvents, eventNames))
const decodeEvents = allOf(EventRow)

const openedEvent = Effect.fnUntraced(function*(cipher: Ciphers, row: typeof EventRow.Type) {
  const { seq, session_id, text_sealed } = row
  // Stored events are our own words, written whole by the journal: they are read back as they are.
  const event = row.event as SessionEvent
  if (text_sealed === null) return { session_id, seq, event }
  switch (event._tag) {
    case "MessageSent":
      return {
        session_id,
        seq,
        event: { ...event, body: yield* cipher.open(text_sealed, messageAssociatedData(session_id, seq)) }
      }
    case "GoodbyeLeft":
      return {
        session_id,
        seq,
        event: { ...event, text: yield* cipher.open(text_sealed, eventAssociatedData(session_id, seq)) }
      }
    default:
      return yield* Effect.die(new Error(`${event._tag} has no private text`))
  }
})

/** Rows with the event, and the sealed text that belongs into it, if it has one. */
const sequencedEvents =
  (cipher: Ciphers) => (rows: unknown): Effect.Effect<ReadonlyArray<SequencedEvent>, Unavailable> =>
    Effect.flatMap(decodeEvents(rows), Effect.forEach((row) => openedEvent(cipher, row)))

const numbers = allOf(Schema.Struct({ session_id: Schema.String, number: BigCount }))

const numbersById = (rows: unknown): Effect.Effect<ReadonlyMap<string, number>> =>
  Effect.map(numbers(rows), (decoded) => new Map(decoded.map((row) => [row.session_id, row.number])))

export const transcript = (
  sql: Sql,
  cipher: Ciphers
): Part<"messages" | "eventsAfter" | "unread"> => ({
  messages: (sessionId, range, limit) => {
    const columns = sql`SELECT ${sql.literal(messageColumns)} FROM messages
      WHERE session_id = ${sessionId}`
    return "after" in range
      ? sql`${columns} AND seq > ${range.after} ORDER BY seq LIMIT ${limit}`.pipe(
        Effect.flatMap(storedMessages(cipher)),
        answered
      )
      : sql`${columns} AND seq < ${range.before} ORDER BY seq DESC LIMIT ${limit}`.pipe(
        Effect.flatMap(storedMessages(cipher)),
        Effect.map((rows) => rows.toReversed()),
        answered
      )
  },
  eventsAfter: (sessionId, seq, limit) =>
    sql`(SELECT ${sql.literal(eventNames.join(", "))} FROM session_events
        WHERE session_id = ${sessionId} AND seq > ${seq} ORDER BY seq LIMIT ${limit})
      UNION ALL
      (SELECT session_id, seq, jsonb_build_object('_tag', 'MessageSent',
          'at', (extract(epoch FROM sent_at) * 1000)::bigint, 'message_id', message_id,
          'client_message_id', client_message_id, 'side', side, 'sender_id', sender_id, 'body', body),
          body_sealed
        FROM messages WHERE session_id = ${sessionId} AND seq > ${seq} ORDER BY seq LIMIT ${limit})
      ORDER BY seq LIMIT ${limit}`.pipe(Effect.flatMap(sequencedEvents(cipher)), answered),
  unread: (side, sessionIds) =>
    sql`SELECT m.session_id, count(*) AS number FROM chat_sessions s JOIN messages m ON m.session_id = s.id
      WHERE s.id = ANY(${sessionIds}::uuid[]) AND m.side <> ${side}
        AND m.seq > ${side === "customer" ? sql`s.customer_read_seq` : sql`s.mitra_read_seq`}
      GROUP BY m.session_id`.pipe(Effect.flatMap(numbersById), answered)
})

export const sentMessage = (sql: Sql, cipher: Ciphers): Pick<Sessions["Service"], "sentMessage"> => ({
  sentMessage: (sessionId, senderId, clientMessageId) =>
    sql`SELECT ${sql.literal(messageColumns)} FROM messages
      WHERE session_id = ${sessionId} AND sender_id = ${senderId} AND client_message_id = ${clientMessageId}`
      .pipe(Effect.flatMap(storedMessages(cipher)), Effect.map((rows) => rows[0] ?? null), answered)
})
