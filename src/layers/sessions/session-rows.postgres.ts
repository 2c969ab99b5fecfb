// How a session and its offers come back from Postgres. A session is one row with
// its offers folded in as JSON: one statement sees one moment, so the two never contradict each other.
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import {
  absenceCauses,
  offerEndings,
  offerStatuses,
  type SessionState,
  sessionStatuses,
  type Side,
  topics
} from "../../domain/session/state.ts"
import type { Cipher } from "../../services/encryption/cipher.ts"
import type { OfferedRequest } from "../../services/sessions/session-views.ts"
import type { Unavailable } from "../../services/platform/unavailable.ts"
import { goodbyePlace } from "../encryption/associated-data.ts"
import { allOf, BigCount, Millis } from "../platform/postgres/columns.ts"

type Ciphers = Cipher["Service"]

const OptionalText = Schema.NullOr(Schema.String)
const OptionalMillis = Schema.NullOr(Millis)

const Ledger = Schema.Struct({
  purchased_ms: Schema.Int,
  entries: Schema.Array(Schema.Struct({
    state: Schema.Literals(["served", "paused", "forfeited"]),
    reason: Schema.String,
    from: Schema.Int,
    to: Schema.Int,
    charged_ms: Schema.Int
  })),
  open: Schema.NullOr(Schema.Struct({
    state: Schema.Literals(["served", "paused"]),
    reason: Schema.String,
    from: Schema.Int
  }))
})

// Written whole by the journal, with instants as numbers of milliseconds.
const Extension = Schema.Struct({
  seq: Schema.Int,
  payment_id: Schema.String,
  amount_idr: Schema.Int,
  purchased_ms: Schema.Int,
  requested_at: Schema.Int,
  deadline_at: Schema.Int
})

const Absence = Schema.Struct({ cause: Schema.Literals(absenceCauses), since: Schema.Int })

// Folded like the offers: instants are numbers of milliseconds already.
const FoldedAssignment = Schema.Struct({
  mitra_id: Schema.String,
  mitra_name: Schema.String,
  started_at: Schema.Int,
  ended_at: Schema.NullOr(Schema.Int),
  by_staff_id: OptionalText,
  reason: OptionalText,
  left: Schema.NullOr(Schema.Struct({
    seq: Schema.Int,
    topic: Schema.Literals(topics),
    purchased_ms: Schema.Int
  }))
})

const offerFields = {
  mitra_id: Schema.String,
  mitra_name: Schema.String,
  status: Schema.Literals(offerStatuses),
  ending: Schema.NullOr(Schema.Literals(offerEndings)),
  wave: Schema.Int,
  sessions_at_offer: Schema.Int
}

// Inside the folded JSON an instant is already a number of milliseconds.
const FoldedOffer = Schema.Struct({
  ...offerFields,
  sent_at: Schema.Int,
  deadline_at: Schema.Int,
  responded_at: Schema.NullOr(Schema.Int)
})

const SessionRow = Schema.Struct({
  id: Schema.String,
  customer_id: Schema.String,
  customer_name: Schema.String,
  payment_id: Schema.String,
  opened_by: OptionalText,
  amount_idr: Schema.Int,
  kind: Schema.Literals(["blast", "targeted"]),
  target_mitra_id: OptionalText,
  mode: Schema.Literals(["chat", "call"]),
  topic: Schema.Literals(topics),
  status: Schema.Literals(sessionStatuses),
  mitra_id: OptionalText,
  mitra_name: OptionalText,
  assignments: Schema.Array(FoldedAssignment),
  absence: Schema.NullOr(Absence),
  requested_at: Millis,
  search_ends_at: Millis,
  next_wave_at: OptionalMillis,
  wave: Schema.Int,
  started_at: OptionalMillis,
  ends_at: OptionalMillis,
  warned_seconds: Schema.NullOr(Schema.Int),
  extension: Schema.NullOr(Extension),
  closing_ends_at: OptionalMillis,
  ended_at: OptionalMillis,
  ended_by: Schema.NullOr(Schema.Literals(["customer", "mitra", "staff", "clock"])),
  end_reason: OptionalText,
  offers: Schema.Array(FoldedOffer),
  ledger: Ledger,
  customer_goodbye: OptionalText,
  customer_goodbye_sealed: OptionalText,
  mitra_goodbye: OptionalText,
  mitra_goodbye_sealed: OptionalText,
  customer_delivered_seq: BigCount,
  customer_read_seq: BigCount,
  mitra_delivered_seq: BigCount,
  mitra_read_seq: BigCount,
  last_seq: BigCount
})

type Goodbyes = Pick<SessionState, "customer_goodbye" | "mitra_goodbye">

const stateOf = (row: typeof SessionRow.Type, goodbyes: Goodbyes): SessionState => {
  const { customer_delivered_seq, customer_read_seq, mitra_delivered_seq, mitra_read_seq, ...whole } = row
  const { customer_goodbye_sealed: _customer, mitra_goodbye_sealed: _mitra, ...state } = whole
  return {
    ...state,
    ...goodbyes,
    cursors: {
      customer: { delivered_seq: customer_delivered_seq, read_seq: customer_read_seq },
      mitra: { delivered_seq: mitra_delivered_seq, read_seq: mitra_read_seq }
    }
  }
}

const decodeSessions = allOf(SessionRow)

const openedState = Effect.fnUntraced(function*(cipher: Ciphers, row: typeof SessionRow.Type) {
  const goodbye = (side: Side) => {
    const sealed = row[`${side}_goodbye_sealed`]
    return sealed === null
      ? Effect.succeed(row[`${side}_goodbye`])
      : cipher.open(sealed, goodbyePlace(row.id, side))
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
  SELECT json_agg(json_build_object(
    'mitra_id', o.mitra_id, 'mitra_name', asked.display_name, 'status', o.status, 'ending', o.ending,
    'wave', o.wave, 'sessions_at_offer', o.sessions_at_offer,
    'sent_at', (extract(epoch FROM o.sent_at) * 1000)::bigint,
    'deadline_at', (extract(epoch FROM o.deadline_at) * 1000)::bigint,
    'responded_at', (extract(epoch FROM o.responded_at) * 1000)::bigint
  ) ORDER BY o.position)
  FROM chat_request_notifications o JOIN mitras asked ON asked.id = o.mitra_id
  WHERE o.session_id = s.id), '[]'::json)`

const foldedAssignments = `coalesce((
  SELECT json_agg(json_build_object(
    'mitra_id', a.mitra_id, 'mitra_name', given.display_name,
    'started_at', (extract(epoch FROM a.started_at) * 1000)::bigint,
    'ended_at', (extract(epoch FROM a.ended_at) * 1000)::bigint,
    'by_staff_id', a.by_staff_id, 'reason', a.reason,
    'left', CASE WHEN a.left_seq IS NULL THEN NULL ELSE json_build_object(
      'seq', a.left_seq, 'topic', a.left_topic, 'purchased_ms', a.left_purchased_ms) END
  ) ORDER BY a.position)
  FROM mitra_assignments a JOIN mitras given ON given.id = a.mitra_id
  WHERE a.session_id = s.id), '[]'::json)`

/** `SELECT ... FROM` of whole sessions (alias `s`); add the WHERE. Past pages leave the offers out. */
export const selectSessions = (sql: SqlClient.SqlClient, options: { readonly offers: boolean }) =>
  sql`SELECT s.id, s.customer_id, c.call_name AS customer_name, s.payment_id, s.opened_by,
      s.amount_idr, s.kind,
      s.target_mitra_id, s.mode, s.topic, s.status, s.mitra_id, m.display_name AS mitra_name,
      s.requested_at, s.search_ends_at, s.next_wave_at, s.wave, s.started_at, s.ends_at,
      s.warned_seconds, s.extension, s.closing_ends_at, s.ended_at, s.ended_by, s.end_reason,
      ${sql.literal(options.offers ? foldedOffers : "'[]'::json")} AS offers, s.ledger,
      ${sql.literal(foldedAssignments)} AS assignments, s.absence,
      s.customer_goodbye, s.customer_goodbye_sealed, s.mitra_goodbye, s.mitra_goodbye_sealed,
      s.customer_delivered_seq, s.customer_read_seq,
      s.mitra_delivered_seq, s.mitra_read_seq, s.last_seq
    FROM chat_sessions s JOIN customers c ON c.id = s.customer_id LEFT JOIN mitras m ON m.id = s.mitra_id`

const OfferedRow = Schema.Struct({
  ...offerFields,
  session_id: Schema.String,
  customer_name: Schema.String,
  topic: Schema.Literals(topics),
  mode: Schema.Literals(["chat", "call"]),
  kind: Schema.Literals(["blast", "targeted"]),
  ledger: Ledger,
  sent_at: Millis,
  deadline_at: Millis,
  responded_at: OptionalMillis,
  winner_at: OptionalMillis
})

const offeredOf = (row: typeof OfferedRow.Type): OfferedRequest => {
  const { customer_name, kind, ledger, mode, session_id, topic, winner_at, ...offer } = row
  return {
    session_id,
    customer_name,
    topic,
    mode,
    kind,
    duration_ms: ledger.purchased_ms,
    offer,
    winner_at
  }
}

const decodeOffered = allOf(OfferedRow)

export const offeredRequests = (rows: unknown): Effect.Effect<ReadonlyArray<OfferedRequest>> =>
  Effect.map(decodeOffered(rows), (decoded) => decoded.map(offeredOf))

/** `SELECT ... FROM` of offers (alias `o`) with their sessions (`s`); add the WHERE. */
export const selectOffered = (sql: SqlClient.SqlClient) =>
  sql`SELECT o.mitra_id, asked.display_name AS mitra_name, o.status, o.ending, o.wave, o.sessions_at_offer,
      o.session_id, c.call_name AS customer_name, s.topic, s.mode, s.kind, s.ledger, o.sent_at,
      o.deadline_at, o.responded_at, s.started_at AS winner_at
    FROM chat_request_notifications o
    JOIN mitras asked ON asked.id = o.mitra_id
    JOIN chat_sessions s ON s.id = o.session_id
    JOIN customers c ON c.id = s.customer_id`
