// The tables of who is asked for a session, who has it, and in which of her slots: offers, assignments, slots
// and the proposals to staff to reroute one.
import type { Assignment, Offer, SessionState } from "../../domain/session/state.ts"
import { absenceCauses, offerEndings, offerStatuses, topics } from "../../domain/session/state.ts"
import { proposalStatuses } from "../../services/sessions/session-oversight.ts"
import {
  always,
  bigint,
  elsewhere,
  instant,
  integer,
  oneOf,
  once,
  orNull,
  type RowOf,
  table,
  text,
  uuid
} from "../platform/postgres/table.ts"

export const offers = table("chat_request_notifications", ["session_id", "mitra_id"], {
  session_id: once(uuid),
  mitra_id: once(uuid),
  /** Its place among the session's offers. */
  position: once(integer),
  status: always(oneOf(offerStatuses)),
  ending: always(orNull(oneOf(offerEndings))),
  wave: once(integer),
  sent_at: once(instant),
  deadline_at: always(instant),
  responded_at: always(orNull(instant)),
  sessions_at_offer: once(integer)
})
export type OfferRow = RowOf<typeof offers>

const offerRowOf = (session_id: string, position: number, offer: Offer): OfferRow => {
  const { mitra_name: _name, ...row } = offer
  // A field of the offer that is no column fails to compile here: it would be lost.
  const columns: { readonly [Name in keyof typeof row]: OfferRow[Name] } = row
  return { ...columns, session_id, position }
}

/** Some offers of a session, each with its place among all of them. */
export const offerRowsOf = (
  { id, offers }: Pick<SessionState, "id" | "offers">,
  some: ReadonlyArray<Offer>
): ReadonlyArray<OfferRow> => {
  if (some.length === 0) return []
  const positions = new Map(offers.map((offer, position) => [offer.mitra_id, position]))
  return some.map((offer) => offerRowOf(id, positions.get(offer.mitra_id) ?? -1, offer))
}

/** Field by field: a session that asked many comes back with all of them, and "the rest" is a slow copy. */
export const offerOf = (row: Omit<OfferRow, "session_id" | "position">, mitra_name: string): Offer => ({
  mitra_id: row.mitra_id,
  mitra_name,
  status: row.status,
  ending: row.ending,
  wave: row.wave,
  sent_at: row.sent_at,
  deadline_at: row.deadline_at,
  responded_at: row.responded_at,
  sessions_at_offer: row.sessions_at_offer
})

export const assignments = table("mitra_assignments", ["session_id", "position"], {
  session_id: once(uuid),
  position: once(integer),
  mitra_id: once(uuid),
  started_at: once(instant),
  ended_at: always(orNull(instant)),
  by_staff_id: once(orNull(uuid)),
  reason: once(orNull(text)),
  left_seq: always(orNull(bigint)),
  left_topic: always(orNull(oneOf(topics))),
  left_purchased_ms: always(orNull(bigint))
})
export type AssignmentRow = RowOf<typeof assignments>

export const assignmentRowOf = (
  session_id: string,
  position: number,
  assignment: Assignment
): AssignmentRow => {
  const { left, mitra_name: _name, ...row } = assignment
  return {
    ...row,
    session_id,
    position,
    left_seq: left?.seq ?? null,
    left_topic: left?.topic ?? null,
    left_purchased_ms: left?.purchased_ms ?? null
  }
}

export const assignmentOf = (
  row: Omit<AssignmentRow, "session_id" | "position">,
  mitra_name: string
): Assignment => {
  const { left_purchased_ms, left_seq, left_topic, ...assignment } = row
  const left = left_seq === null || left_topic === null || left_purchased_ms === null
    ? null
    : { seq: left_seq, topic: left_topic, purchased_ms: left_purchased_ms }
  const { by_staff_id, ended_at, mitra_id, reason, started_at } = assignment
  return { mitra_id, mitra_name, started_at, ended_at, by_staff_id, reason, left }
}

export const mitraSlots = table("mitra_slots", ["mitra_id", "slot"], {
  mitra_id: once(uuid),
  slot: once(integer),
  session_id: once(uuid),
  claimed_at: once(instant)
})
export type MitraSlotRow = RowOf<typeof mitraSlots>

/** The group write opens one with a new cause, or ends it; see closeProposals. */
export const rerouteProposals = table("reroute_proposals", ["id"], {
  id: once(uuid),
  session_id: once(uuid),
  mitra_id: always(uuid),
  cause: always(oneOf(absenceCauses)),
  since: always(instant),
  created_at: once(instant),
  status: elsewhere(oneOf(proposalStatuses)),
  decided_at: elsewhere(orNull(instant)),
  decided_by: elsewhere(orNull(uuid)),
  resolution: elsewhere(orNull(text))
})
export type ProposalRow = RowOf<typeof rerouteProposals>
