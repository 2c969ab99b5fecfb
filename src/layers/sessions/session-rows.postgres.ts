// How a session and its offers come back from Postgres. A session is one row with
// its offers folded in as JSON: one statement sees one moment, so the two never contradict each other.
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import type { OfferedRequest } from "../../domain/session/offered-request.ts"
import type { SessionState, Side } from "../../domain/session/state.ts"
import type { Cipher } from "../../services/encryption/cipher.ts"
import type { Unavailable } from "../../services/platform/unavailable.ts"
import { goodbyeAssociatedData } from "../encryption/associated-data.ts"
import { allOf, Millis } from "../platform/postgres/columns.ts"
import { fieldsOf, folded, foldedFieldsOf, namesOf, selected } from "../platform/postgres/table.ts"
import { bookkeeping, chatSessions, sessionStateOf } from "./chat-sessions.table.ts"
import { assignmentOf, assignments, offerOf, offers } from "./pairing.tables.ts"

type Ciphers = Cipher["Service"]

const OptionalText = Schema.NullOr(Schema.String)

const sessionNames = namesOf(chatSessions, bookkeeping)
const assignmentNames = namesOf(assignments, ["session_id", "position"])
const offerNames = namesOf(offers, ["session_id", "position"])

const SessionRow = Schema.Struct({
  ...fieldsOf(chatSessions, sessionNames),
  customer_name: Schema.String,
  mitra_name: OptionalText,
  offers: Schema.Array(Schema.Struct({ ...foldedFieldsOf(offers, offerNames), mitra_name: Schema.String })),
  assignments: Schema.Array(
    Schema.Struct({ ...foldedFieldsOf(assignments, assignmentNames), mitra_name: Schema.String })
  )
})

type Goodbyes = Pick<SessionState, "customer_goodbye" | "mitra_goodbye">

const stateOf = (row: typeof SessionRow.Type, goodbyes: Goodbyes): SessionState => {
  const { assignments, customer_name, mitra_name, offers, ...session } = row
  const { customer_goodbye_sealed: _customer, mitra_goodbye_sealed: _mitra, ...readable } = session
  return sessionStateOf({ ...readable, ...goodbyes }, {
    customer_name,
    mitra_name,
    offers: offers.map((offer) => offerOf(offer, offer.mitra_name)),
    assignments: assignments.map((assignment) => assignmentOf(assignment, assignment.mitra_name))
  })
}

const decodeSessions = allOf(SessionRow)

const openedState = Effect.fnUntraced(function*(cipher: Ciphers, row: typeof SessionRow.Type) {
  const goodbye = (side: Side) => {
    const sealed = row[`${side}_goodbye_sealed`]
    return sealed === null
      ? Effect.succeed(row[`${side}_goodbye`])
      : cipher.open(sealed, goodbyeAssociatedData(row.id, side))
  }
  return stateOf(row, {
    customer_goodbye: yield* goodbye("customer"),
    mitra_goodbye: yield* goodbye("mitra")
  })
})

export const sessionStates =
  (cipher: Ciphers) => (rows: unknown): Effect.Effect<ReadonlyArray<SessionState>, Unavailable> =>
    Effect.flatMap(decodeSessions(rows), Effect.forEach((row) => openedState(cipher, row)))

const foldedOffers = `coalesce((
  SELECT json_agg(json_build_object(${folded(offers, offerNames, "o")}, 'mitra_name', asked.display_name)
    ORDER BY o.position)
  FROM chat_request_notifications o JOIN mitras asked ON asked.id = o.mitra_id
  WHERE o.session_id = s.id), '[]'::json)`

const foldedAssignments = `coalesce((
  SELECT json_agg(json_build_object(${
  folded(assignments, assignmentNames, "a")
}, 'mitra_name', given.display_name)
    ORDER BY a.position)
  FROM mitra_assignments a JOIN mitras given ON given.id = a.mitra_id
  WHERE a.session_id = s.id), '[]'::json)`

const selectedSessions = (withOffers: boolean) =>
  `SELECT ${selected(sessionNames, "s")}, c.call_name AS customer_name, m.display_name AS mitra_name,
    ${withOffers ? foldedOffers : "'[]'::json"} AS offers, ${foldedAssignments} AS assignments
  FROM chat_sessions s JOIN customers c ON c.id = s.customer_id LEFT JOIN mitras m ON m.id = s.mitra_id`
const whole = selectedSessions(true)
const withoutOffers = selectedSessions(false)

/** `SELECT ... FROM` of whole sessions (alias `s`); add the WHERE. Past pages leave the offers out. */
export const selectSessions = (sql: SqlClient.SqlClient, options: { readonly offers: boolean }) =>
  sql`${sql.literal(options.offers ? whole : withoutOffers)}`

const offeredOfSession = ["topic", "language", "mode", "kind", "ledger"] as const
const offeredNames = namesOf(offers, ["position"])

const OfferedRow = Schema.Struct({
  ...fieldsOf(offers, offeredNames),
  ...fieldsOf(chatSessions, offeredOfSession),
  mitra_name: Schema.String,
  customer_name: Schema.String,
  winner_at: Schema.NullOr(Millis)
})

const offeredOf = (row: typeof OfferedRow.Type): OfferedRequest => ({
  session_id: row.session_id,
  customer_name: row.customer_name,
  topic: row.topic,
  language: row.language,
  mode: row.mode,
  kind: row.kind,
  duration_ms: row.ledger.purchased_ms,
  offer: offerOf(row, row.mitra_name),
  winner_at: row.winner_at
})

const decodeOffered = allOf(OfferedRow)

export const offeredRequests = (rows: unknown): Effect.Effect<ReadonlyArray<OfferedRequest>> =>
  Effect.map(decodeOffered(rows), (decoded) => decoded.map(offeredOf))

/** `SELECT ... FROM` of offers (alias `o`) with their sessions (`s`); add the WHERE. */
export const selectOffered = (sql: SqlClient.SqlClient) =>
  sql`SELECT ${sql.literal(`${selected(offeredNames, "o")}, ${selected(offeredOfSession, "s")}`)},
      asked.display_name AS mitra_name, c.call_name AS customer_name, s.started_at AS winner_at
    FROM chat_request_notifications o
    JOIN mitras asked ON asked.id = o.mitra_id
    JOIN chat_sessions s ON s.id = o.session_id
    JOIN customers c ON c.id = s.customer_id`
