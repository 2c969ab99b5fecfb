// Who may read how much of a session. Its customer and its mitra read all of it, a mitra who took over
// from the first word on. A mitra who handed it over keeps what she could read until then, and no more:
// for her the session ended with the hand-over.
import { type Cursor, isFormerMitra, type Participant, type SessionState, sideOf } from "./session/state.ts"

const upTo = (cursor: Cursor, seq: number): Cursor => ({
  delivered_seq: Math.min(cursor.delivered_seq, seq),
  read_seq: Math.min(cursor.read_seq, seq)
})

/** The session as a mitra left it who is not its mitra any more. */
const asLeft = (state: SessionState, mitraId: string): SessionState | null => {
  const last = state.assignments.findLast((assignment) => assignment.mitra_id === mitraId)
  if (last === undefined || last.left === null || last.ended_at === null) return null
  const { ended_at, left } = last
  return {
    ...state,
    status: "completed",
    mitra_id: last.mitra_id,
    mitra_name: last.mitra_name,
    topic: left.topic,
    ledger: { purchased_ms: left.purchased_ms, entries: [], open: null },
    ends_at: null,
    extension: null,
    absence: null,
    closing_ends_at: null,
    ended_at,
    ended_by: "staff",
    end_reason: "rerouted",
    customer_goodbye: null,
    mitra_goodbye: null,
    // Hers, and whose chat it became.
    assignments: state.assignments.slice(0, state.assignments.lastIndexOf(last) + 2),
    cursors: { customer: upTo(state.cursors.customer, left.seq), mitra: upTo(state.cursors.mitra, left.seq) },
    last_seq: left.seq
  }
}

/** The session as this person may see it; null when it was never theirs. */
export const seenBy = (state: SessionState, who: Participant): SessionState | null => {
  if (sideOf(state, who) !== null) return state
  return isFormerMitra(state, who) ? asLeft(state, who.id) : null
}

/**
 * The last number this reader may read, in a session as they see it: later ones are kept only from a mitra
 * who has left.
 */
export const lastReadable = (seen: SessionState): number =>
  seen.end_reason === "rerouted" ? seen.last_seq : Number.MAX_SAFE_INTEGER - 1

export interface Handover {
  readonly seq: number
  readonly at: number
  /** The mitra who took over. */
  readonly mitra_id: string
  readonly mitra_name: string
}

/** Where in its numbers a session, as this reader sees it, changed hands. */
export const handoversOf = (seen: SessionState): ReadonlyArray<Handover> =>
  seen.assignments.flatMap(({ left }, index) => {
    const next = seen.assignments[index + 1]
    if (left === null || next === undefined) return []
    return [{ seq: left.seq, at: next.started_at, mitra_id: next.mitra_id, mitra_name: next.mitra_name }]
  })
