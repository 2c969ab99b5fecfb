// The table of sessions: its columns, and how a session's state becomes a row and comes back from one. A new
// column is one line here, its field in the state, and a migration; the compiler asks for what is missing.
import * as Schema from "effect/Schema"
import { languages } from "../../domain/matching.ts"
import { absenceCauses, type SessionState, sessionStatuses, topics } from "../../domain/session/state.ts"
import {
  always,
  bigint,
  elsewhere,
  type InsertOf,
  instant,
  integer,
  json,
  oneOf,
  once,
  orNull,
  type RowOf,
  table,
  text,
  uuid
} from "../platform/postgres/table.ts"

export const Ledger = Schema.Struct({
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

const Absence = Schema.Struct({
  cause: Schema.Literals(absenceCauses),
  since: Schema.Int,
  paused_until: Schema.optionalKey(Schema.Int)
})

export const chatSessions = table("chat_sessions", ["id"], {
  id: once(uuid),
  customer_id: once(uuid),
  payment_id: once(uuid),
  opened_by: once(orNull(text)),
  amount_idr: once(integer),
  kind: once(oneOf(["blast", "targeted"])),
  target_mitra_id: once(orNull(uuid)),
  mode: once(oneOf(["chat", "call"])),
  topic: always(oneOf(topics)),
  language: once(orNull(oneOf(languages))),
  status: always(oneOf(sessionStatuses)),
  mitra_id: always(orNull(uuid)),
  absence: always(orNull(json(Absence))),
  requested_at: once(instant),
  search_ends_at: always(instant),
  next_wave_at: always(orNull(instant)),
  wave: always(integer),
  started_at: always(orNull(instant)),
  ends_at: always(orNull(instant)),
  warned_seconds: always(orNull(integer)),
  extension: always(orNull(json(Extension))),
  closing_ends_at: always(orNull(instant)),
  ended_at: always(orNull(instant)),
  ended_by: always(orNull(oneOf(["customer", "mitra", "staff", "clock"]))),
  end_reason: always(orNull(text)),
  ledger: always(json(Ledger)),
  customer_goodbye: always(orNull(text)),
  customer_goodbye_sealed: always(orNull(text)),
  mitra_goodbye: always(orNull(text)),
  mitra_goodbye_sealed: always(orNull(text)),
  customer_delivered_seq: always(bigint),
  customer_read_seq: always(bigint),
  mitra_delivered_seq: always(bigint),
  mitra_read_seq: always(bigint),
  last_seq: always(bigint),
  deadline_at: always(orNull(instant)),
  owner_epoch: elsewhere(bigint),
  owner_runner: elsewhere(orNull(text))
})

export type ChatSessionRow = RowOf<typeof chatSessions>

/** A goodbye is in one of two columns: readable, or sealed. */
type Sealed = "customer_goodbye_sealed" | "mitra_goodbye_sealed"
/** What other tables have: joined, or folded in. */
type Beside = "assignments" | "customer_name" | "mitra_name" | "offers"

export type ReadableSessionRow = Omit<ChatSessionRow, Sealed>
type WrittenSession = Omit<InsertOf<typeof chatSessions>, Sealed>

type StateColumns = Omit<SessionState, Beside | "cursors">

/**
 * The columns of a session's state, goodbyes readable. Field by field: "the rest" is a slow copy, and every
 * turn that is not only a message makes one.
 */
export const sessionRowOf = (state: SessionState, deadline_at: number | null): WrittenSession => {
  const { cursors } = state
  // A field of the state that is no column, or is forgotten, fails to compile here: it would be lost.
  const columns: { readonly [Name in keyof StateColumns]: WrittenSession[Name] } = {
    id: state.id,
    customer_id: state.customer_id,
    payment_id: state.payment_id,
    opened_by: state.opened_by,
    amount_idr: state.amount_idr,
    kind: state.kind,
    target_mitra_id: state.target_mitra_id,
    mode: state.mode,
    topic: state.topic,
    language: state.language,
    status: state.status,
    mitra_id: state.mitra_id,
    absence: state.absence,
    requested_at: state.requested_at,
    search_ends_at: state.search_ends_at,
    next_wave_at: state.next_wave_at,
    wave: state.wave,
    started_at: state.started_at,
    ends_at: state.ends_at,
    warned_seconds: state.warned_seconds,
    extension: state.extension,
    closing_ends_at: state.closing_ends_at,
    ended_at: state.ended_at,
    ended_by: state.ended_by,
    end_reason: state.end_reason,
    ledger: state.ledger,
    customer_goodbye: state.customer_goodbye,
    mitra_goodbye: state.mitra_goodbye,
    last_seq: state.last_seq
  }
  return {
    ...columns,
    customer_delivered_seq: cursors.customer.delivered_seq,
    customer_read_seq: cursors.customer.read_seq,
    mitra_delivered_seq: cursors.mitra.delivered_seq,
    mitra_read_seq: cursors.mitra.read_seq,
    deadline_at
  }
}

/** Not part of the state: who owns it, and when it must be looked at next. */
type Bookkeeping = "deadline_at" | "owner_epoch" | "owner_runner"
export const bookkeeping: ReadonlyArray<Bookkeeping> = ["deadline_at", "owner_epoch", "owner_runner"]

export const sessionStateOf = (
  row: Omit<ReadableSessionRow, Bookkeeping>,
  beside: Pick<SessionState, Beside>
): SessionState => {
  const { customer_delivered_seq, customer_read_seq, mitra_delivered_seq, mitra_read_seq, ...state } = row
  return {
    ...state,
    ...beside,
    cursors: {
      customer: { delivered_seq: customer_delivered_seq, read_seq: customer_read_seq },
      mitra: { delivered_seq: mitra_delivered_seq, read_seq: mitra_read_seq }
    }
  }
}
