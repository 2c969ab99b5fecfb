// How a session answers a mitra's accept or decline. The first accept in the mailbox wins; the same
// mitra asking twice gets the same yes; every later mitra is told why she lost.
import * as Result from "effect/Result"
import { lateAnswer } from "../pairing.ts"
import { refuse } from "../refusal.ts"
import { type Answer, handedOver } from "./answer.ts"
import type { SessionFacts } from "./due.ts"
import { offerOf, type Participant, type SessionState } from "./state.ts"

const noOffer = (state: SessionState): Answer =>
  Result.fail(refuse("OFFER_NOT_FOUND", "This request was not offered to you.", { session_id: state.id }))

const blocked = (state: SessionState): Answer =>
  Result.fail(refuse("OFFER_CLOSED", "This offer is no longer open to you.", {
    session_id: state.id,
    ending: "withdrawn"
  }))

export const answerAccept = (state: SessionState, by: Participant, facts: SessionFacts): Answer => {
  const { now } = facts
  const offer = by.side === "mitra" ? offerOf(state, by.id) : undefined
  if (offer === undefined) return noOffer(state)
  // Hers to repeat, until staff gave the chat to another.
  if (offer.status === "accepted") return state.mitra_id === by.id ? Result.succeed([]) : handedOver(state)
  if (offer.status !== "pending") return Result.fail(lateAnswer(state, offer))
  if (facts.pair_is_blocked) return blocked(state)
  return Result.succeed([{
    _tag: "Paired",
    at: now,
    mitra_id: offer.mitra_id,
    mitra_name: offer.mitra_name,
    ends_at: now + state.ledger.purchased_ms
  }])
}

export const answerDecline = (state: SessionState, by: Participant, now: number): Answer => {
  const offer = by.side === "mitra" ? offerOf(state, by.id) : undefined
  if (offer === undefined) return noOffer(state)
  if (offer.status === "declined") return Result.succeed([])
  if (offer.status !== "pending") return Result.fail(lateAnswer(state, offer))
  return Result.succeed([{ _tag: "OfferDeclined", at: now, mitra_id: offer.mitra_id }])
}
