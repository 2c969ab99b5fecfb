// The verdicts on the turns of one group, by what the locked rows say; the same for every journal: read under
// locks, decide here, then write only what was accepted. Nothing that was refused has ever been written, so
// there is nothing to undo.
import type { Json } from "effect/Schema"
import type { PaymentStatus } from "./payment.ts"
import { type Refusal, refuse } from "./refusal.ts"
import type { EventOf } from "./session/events.ts"
import { outcomeOfMessage } from "./session/reply.ts"
import type { TurnWrite, Verdict } from "./turn.ts"

export interface LockedSession {
  readonly epoch: number
  readonly last_seq: number
  readonly status: string
}

export interface LockedSlot {
  readonly mitra_id: string
  readonly slot: number
  readonly session_id: string
}

export interface SentMessage {
  readonly seq: number
  readonly message_id: string
  readonly sent_at: number
}

/** Only what this group touches; a row that is absent here does not exist. */
export interface GroupFacts {
  readonly sessions: ReadonlyMap<string, LockedSession>
  readonly mitra_epochs: ReadonlyMap<string, number>
  readonly active_mitras: ReadonlySet<string>
  readonly slots: ReadonlyArray<LockedSlot>
  readonly payments: ReadonlyMap<string, PaymentStatus>
  /** Stored outcomes by `commandKey`. */
  readonly outcomes: ReadonlyMap<string, Json>
  /** Stored messages by `messageKey`. */
  readonly messages: ReadonlyMap<string, SentMessage>
}

export type TurnVerdict =
  /** To be written; `slot` is the one its claim gets. */
  | { readonly _tag: "Accepted"; readonly slot: number | null }
  /** Not written: its caller gets this answer. */
  | { readonly _tag: "Answered"; readonly answer: Exclude<Verdict, { readonly _tag: "Committed" }> }
  /** The caller's own mistake: it dies, its neighbours do not. */
  | { readonly _tag: "Invalid"; readonly reason: string }

export interface DecidedTurn {
  readonly turn: TurnWrite
  readonly verdict: TurnVerdict
}

type MessageSent = EventOf<"MessageSent">

export const commandKey = (actorId: string, senderId: string, commandId: string): string =>
  `${actorId}/${senderId}/${commandId}`

export const messageKey = (sessionId: string, senderId: string, clientMessageId: string): string =>
  `${sessionId}/${senderId}/${clientMessageId}`

export const messagesOf = (
  turn: TurnWrite
): ReadonlyArray<{ readonly seq: number; readonly event: MessageSent }> =>
  (turn.session?.events ?? []).filter(
    (entry): entry is { readonly seq: number; readonly event: MessageSent } =>
      entry.event._tag === "MessageSent"
  )

/** All that has happened in this turn, also what has no number. */
export const eventsOf = ({ mitra, session }: TurnWrite) => [
  ...(session?.events ?? []).map(({ event }) => event),
  ...(mitra?.events ?? [])
]

/** The slot this turn wants, if it wants one. */
export const claimOf = (turn: TurnWrite) => {
  const slot = turn.session?.slot ?? null
  return slot?._tag === "Claim" || slot?._tag === "Move" ? slot : null
}

/** True when this turn, once written, gives its session's slot back. */
export const givesSlotBack = (turn: TurnWrite): boolean =>
  turn.session?.slot?._tag === "Release" || turn.session?.slot?._tag === "Move"

/** The payments this turn charges. */
export const consumptionsOf = (turn: TurnWrite) =>
  (turn.session?.payments ?? []).filter((move) => move._tag === "Consume")

/** What a turn makes of a mitra's account: true, false, or null when it does not touch it. */
export const activationOf = (turn: TurnWrite): boolean | null => {
  const changes = (turn.mitra?.events ?? []).filter(
    (event) => event._tag === "Activated" || event._tag === "Deactivated"
  )
  return changes.length === 0 ? null : changes.at(-1)?._tag === "Activated"
}

const accepted: TurnVerdict = { _tag: "Accepted", slot: null }
const fenced: TurnVerdict = { _tag: "Answered", answer: { _tag: "Fenced" } }
const refused = (refusal: Refusal): TurnVerdict => ({
  _tag: "Answered",
  answer: { _tag: "Refused", refusal }
})
const repeated = (outcome: Json): TurnVerdict => ({ _tag: "Answered", answer: { _tag: "Repeated", outcome } })
const invalid = (reason: string): TurnVerdict => ({ _tag: "Invalid", reason })

/** A turn writes its own actor's rows and no other's. */
const isCoherent = ({ actor, mitra, session }: TurnWrite): boolean =>
  actor.kind === "session"
    ? mitra === null && (session === null || session.state.id === actor.id)
    : session === null && (mitra === null || mitra.state.id === actor.id)

const epochOf = ({ actor }: TurnWrite, facts: GroupFacts): number | undefined =>
  actor.kind === "session" ? facts.sessions.get(actor.id)?.epoch : facts.mitra_epochs.get(actor.id)

const repetitionOf = (turn: TurnWrite, facts: GroupFacts): TurnVerdict | null => {
  if (turn.command !== null) {
    const { command_id, sender_id } = turn.command
    const outcome = facts.outcomes.get(commandKey(turn.actor.id, sender_id, command_id))
    if (outcome !== undefined) return repeated(outcome)
  }
  for (const { event } of messagesOf(turn)) {
    const stored = facts.messages.get(messageKey(turn.actor.id, event.sender_id, event.client_message_id))
    const status = facts.sessions.get(turn.actor.id)?.status
    if (stored !== undefined && status !== undefined) return repeated(outcomeOfMessage(stored, status))
  }
  return null
}

/** The story has no gaps: a turn carries on exactly where the stored one ends. */
const continuesStory = (turn: TurnWrite, facts: GroupFacts): boolean => {
  if (turn.session === null) return true
  const { events, state } = turn.session
  const last = facts.sessions.get(turn.actor.id)?.last_seq ?? 0
  return state.last_seq === last + events.length && events.every(({ seq }, index) => seq === last + index + 1)
}

/** Everything that can be said without looking at the other turns of the group. */
const verdictAlone = (turn: TurnWrite, facts: GroupFacts): TurnVerdict => {
  if (!isCoherent(turn)) return invalid("the turn writes another actor's rows")
  if (epochOf(turn, facts) !== turn.actor.epoch) return fenced
  const repetition = repetitionOf(turn, facts)
  if (repetition !== null) return repetition
  if (!continuesStory(turn, facts)) return invalid("the turn's sequence does not follow the stored one")
  for (const { payment_id } of consumptionsOf(turn)) {
    const status = facts.payments.get(payment_id) ?? "unknown"
    if (status !== "confirmed") {
      return refused(refuse("PAYMENT_NOT_PENDING", `A payment that is ${status} cannot be consumed.`, {
        payment_id,
        status
      }))
    }
  }
  return accepted
}

const lowestFree = (taken: ReadonlySet<number>): number => {
  let slot = 0
  while (taken.has(slot)) slot += 1
  return slot
}

/**
 * Slots and accounts as they are after the group's releases and (de)activations, before its claims. A slot
 * that is to be moved counts as held: the move may still be refused.
 */
const roomFor = (decided: ReadonlyArray<DecidedTurn>, facts: GroupFacts) => {
  const written = decided.filter(({ verdict }) => verdict._tag === "Accepted").map(({ turn }) => turn)
  const released = new Set(
    written.filter((turn) => turn.session?.slot?._tag === "Release").map((turn) => turn.actor.id)
  )
  const taken = new Map<string, Set<number>>()
  for (const { mitra_id, session_id, slot } of facts.slots) {
    if (released.has(session_id)) continue
    taken.set(mitra_id, (taken.get(mitra_id) ?? new Set()).add(slot))
  }
  const active = new Set(facts.active_mitras)
  for (const turn of written) {
    const activation = activationOf(turn)
    if (activation === true) active.add(turn.actor.id)
    if (activation === false) active.delete(turn.actor.id)
  }
  return { taken, active }
}

// A claim answers the mitra herself, a move a member of staff.
const inactiveSentence = {
  Claim: "This account is not active. Please contact support.",
  Move: "Her account is not active."
}
const fullSentence = {
  Claim: "You already have as many chats as you may.",
  Move: "She has as many chats as she may have."
}

/**
 * Verdicts for a group with at most one turn per actor, in order. Claims come last: a slot given back
 * in this group can be taken in it, and a mitra deactivated in it takes no session.
 */
export const verdictsOn = (
  turns: ReadonlyArray<TurnWrite>,
  facts: GroupFacts
): ReadonlyArray<DecidedTurn> => {
  const decided = turns.map((turn): DecidedTurn => ({ turn, verdict: verdictAlone(turn, facts) }))
  const { active, taken } = roomFor(decided, facts)
  return decided.map(({ verdict, turn }): DecidedTurn => {
    const claim = claimOf(turn)
    if (verdict._tag !== "Accepted" || claim === null) return { turn, verdict }
    const { max_slots, mitra_id } = claim
    if (!active.has(mitra_id)) {
      return {
        turn,
        verdict: refused(refuse("ACCOUNT_INACTIVE", inactiveSentence[claim._tag], { mitra_id }))
      }
    }
    const used = taken.get(mitra_id) ?? new Set<number>()
    // Counted, not only searched: after the maximum was lowered a low slot may be free and she still full.
    if (used.size >= max_slots) {
      return {
        turn,
        verdict: refused(
          refuse("MITRA_AT_CAPACITY", fullSentence[claim._tag], {
            mitra_id,
            maximum: max_slots
          })
        )
      }
    }
    const slot = lowestFree(used)
    taken.set(mitra_id, used.add(slot))
    return { turn, verdict: { _tag: "Accepted", slot } }
  })
}
