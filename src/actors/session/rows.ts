// What one session turn writes: the row as it is afterwards, and everything that hangs on the events.
import * as Effect from "effect/Effect"
import type { SecureRandom } from "effect/crypto"
import { deadlineOf } from "../../domain/session/deadline.ts"
import type { SessionCommand } from "../../domain/session/commands.ts"
import type { SessionFacts } from "../../domain/session/due.ts"
import { owedMs } from "../../domain/ledger.ts"
import { numbered, onlyAppends, type SessionEvent } from "../../domain/session/events.ts"
import { evolve } from "../../domain/session/evolve.ts"
import { holdingStatuses, type Offer, type SessionState } from "../../domain/session/state.ts"
import type { AuditEntry } from "../../domain/audit.ts"
import type { PaymentMove, ProposalMove, SessionWrite } from "../../services/journal/journal.ts"
import type { Turn } from "../machine.ts"
import { pushesOf } from "./pushes.ts"

export type SessionTurn = Turn<SessionState, SessionCommand, SessionFacts, SessionEvent>

/** Offers this turn added or moved. */
export const movedOffers = (turn: SessionTurn): ReadonlyArray<Offer> => {
  // Most turns of a running chat leave them alone.
  if (turn.before.offers === turn.after.offers) return []
  const before = new Map(turn.before.offers.map((offer) => [offer.mitra_id, offer]))
  return turn.after.offers.filter((offer) => before.get(offer.mitra_id) !== offer)
}

/** Offers that were open before this turn and are not any more. */
export const closedOffers = (turn: SessionTurn): ReadonlyArray<Offer> => {
  const moved = movedOffers(turn)
  if (moved.length === 0) return moved
  const open = new Set(
    turn.before.offers.filter((offer) => offer.status === "pending").map((offer) => offer.mitra_id)
  )
  return moved.filter((offer) => open.has(offer.mitra_id) && offer.status !== "pending")
}

const holds = (state: SessionState): boolean => holdingStatuses.includes(state.status)

/** The pairing claims a slot in its own transaction; entering closing gives it back; a hand-over moves it. */
const slotOf = (turn: SessionTurn): SessionWrite["slot"] => {
  const { after, before, facts } = turn
  if (holds(before) && holds(after) && after.mitra_id !== null && after.mitra_id !== before.mitra_id) {
    return { _tag: "Move", mitra_id: after.mitra_id, max_slots: facts.settings.max_customers_per_mitra }
  }
  if (!holds(before) && holds(after) && after.mitra_id !== null) {
    return { _tag: "Claim", mitra_id: after.mitra_id, max_slots: facts.settings.max_customers_per_mitra }
  }
  return holds(before) && !holds(after) ? { _tag: "Release" } : null
}

/** Charged with the yes and never before: pairing charges the request, its approval the extension. */
const movesOf = (state: SessionState, event: SessionEvent): ReadonlyArray<PaymentMove> => {
  const { amount_idr, payment_id } = state
  switch (event._tag) {
    case "Paired":
      return [{ _tag: "Consume", payment_id, product: "chat_session", amount_idr }]
    case "SessionResumed":
      return [
        { _tag: "Consume", payment_id: event.payment_id, product: "extension", amount_idr: event.amount_idr }
      ]
    case "RequestExpired":
      return [{ _tag: "NoteFailure", payment_id, cause: event.cause }]
    case "RequestCancelled":
      return [{ _tag: "NoteFailure", payment_id, cause: `cancelled_by_${event.by}` }]
    case "ClosingStarted": {
      const moves: Array<PaymentMove> = []
      // Whatever ended the pause without a yes: the extension was paid for and will not happen.
      if (state.extension !== null) {
        moves.push({ _tag: "Fail", payment_id: state.extension.payment_id, cause: event.reason })
      }
      // Time that was paid for and could not be served: staff give it back.
      if (owedMs(evolve(state, event).ledger) > 0) {
        moves.push({ _tag: "NoteOwed", payment_id, cause: "mitra_gone" })
      }
      return moves
    }
    default:
      return []
  }
}

const paymentMoves = (turn: SessionTurn): ReadonlyArray<PaymentMove> => {
  const moves: Array<PaymentMove> = []
  let state = turn.before
  for (const event of turn.events) {
    moves.push(...movesOf(state, event))
    state = evolve(state, event)
  }
  return moves
}

/** What staff did here; null when they did nothing, though time may have. */
const staffChange = (
  { after, before, call: { command }, events }: SessionTurn
): Pick<AuditEntry, "action" | "before" | "after"> | null => {
  if (command._tag === "ForceClose" && events.length > 0) {
    return {
      action: "session.force_close",
      before: { status: before.status },
      after: { status: after.status, reason: command.reason }
    }
  }
  if (command._tag === "Reroute" && events.some((event) => event._tag === "Rerouted")) {
    return {
      action: "session.reroute",
      before: { mitra_id: before.mitra_id },
      after: { mitra_id: after.mitra_id, reason: command.reason }
    }
  }
  return null
}

const auditOf = (turn: SessionTurn): ReadonlyArray<Omit<AuditEntry, "id">> => {
  const staff = turn.call.staff
  const change = staffChange(turn)
  if (staff === null || change === null) return []
  const { peer, staff_id } = staff
  const target = { target_type: "session", target_id: turn.after.id }
  return [{ staff_id, ...target, ...change, peer, at: turn.at }]
}

const movedAssignments = (turn: SessionTurn): SessionWrite["assignments"] => {
  if (turn.before.assignments === turn.after.assignments) return []
  const before = new Set(turn.before.assignments)
  return turn.after.assignments.flatMap((assignment, position) =>
    before.has(assignment) ? [] : [{ position, ...assignment }]
  )
}

type WithoutId<T> = T extends { readonly id: string } ? Omit<T, "id"> : T
type ProposalDraft = WithoutId<ProposalMove>

/** The proposal to staff lives as long as the absence: whatever ends that ends it, too. */
const proposalOf = (turn: SessionTurn): ProposalDraft | null => {
  const { after, before } = turn
  if (after.absence !== null && after.absence !== before.absence && after.mitra_id !== null) {
    const { cause, since } = after.absence
    return { _tag: "Open", mitra_id: after.mitra_id, cause, since }
  }
  if (before.absence === null || after.absence !== null) return null
  const rerouted = turn.events.find((event) => event._tag === "Rerouted")
  if (rerouted?._tag === "Rerouted") {
    return { _tag: "Close", status: "accepted", staff_id: rerouted.staff_id, resolution: "rerouted" }
  }
  const isBack = turn.events.some((event) => event._tag === "MitraCameBack")
  const resolution = isBack ? "mitra_back" : "session_ended"
  return { _tag: "Close", status: "resolved", staff_id: null, resolution }
}

type Random = SecureRandom.SecureRandom["Service"]

/** Ids are drawn only for what is there: most turns need none. */
const withIds = <Draft extends object>(drafts: ReadonlyArray<Draft>, random: Random) =>
  drafts.length === 0
    ? Effect.succeed([])
    : Effect.forEach(drafts, (draft) => Effect.map(random.uuidV7(), (id) => ({ ...draft, id })))

/** The rows of a session turn. */
export const sessionRows = Effect.fnUntraced(function*(turn: SessionTurn, random: Random) {
  const proposal = proposalOf(turn)
  const session: SessionWrite = {
    state: turn.after,
    appends: turn.events.every(onlyAppends),
    deadline_at: deadlineOf(turn.after),
    offers: movedOffers(turn),
    events: numbered(turn.events, turn.before.last_seq).flatMap(({ event, seq }) =>
      seq === null ? [] : [{ seq, event }]
    ),
    slot: slotOf(turn),
    assignments: movedAssignments(turn),
    proposal: proposal?._tag === "Open" ? { ...proposal, id: yield* random.uuidV7() } : proposal,
    payments: paymentMoves(turn),
    push: yield* withIds(pushesOf(turn), random),
    cancels_offer_push_of: closedOffers(turn).map((offer) => offer.mitra_id)
  }
  return { session, mitra: null, audit: yield* withIds(auditOf(turn), random) }
})
