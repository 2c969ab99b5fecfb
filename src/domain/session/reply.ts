// The answer to a command of a session. Its outcome is small and stored beside the command id; what the
// asker's view needs is added from the session as it is when the answer is given, the first time and again.
import * as Schema from "effect/Schema"
import { seenBy } from "../transcript.ts"
import type { SessionCommand } from "./commands.ts"
import { type OfferedRequest, offeredRequest } from "./offered-request.ts"
import { seenFrom, type SeenSession } from "./seen-session.ts"
import { type Participant, type SessionState, sideOf } from "./state.ts"

/** Plain JSON, stored beside the command id so that a repeat gets the same. */
export const SessionOutcome = Schema.Struct({
  status: Schema.String,
  /** Sequence of the message or event this command made, if it made one. */
  seq: Schema.NullOr(Schema.Int),
  message_id: Schema.NullOr(Schema.String),
  at: Schema.Int,
  /** The caller's own receipts after the command; null for callers that are no participant. */
  cursor: Schema.NullOr(Schema.Struct({ delivered_seq: Schema.Int, read_seq: Schema.Int }))
})
export type SessionOutcome = typeof SessionOutcome.Type

export interface SessionReply extends SessionOutcome {
  /** The session as the asker may see it, for the commands that are answered with it. */
  readonly seen: SeenSession | null
  /** What waits there to be read by the asker; null where only the stored messages can tell. */
  readonly unread: number | null
  /** The offer that was declined, as its mitra sees it. */
  readonly offered: OfferedRequest | null
}

/** The outcome of a message that is stored already: the one author of the answer to its repeats. */
export const outcomeOfMessage = (
  message: { readonly seq: number; readonly message_id: string; readonly sent_at: number },
  status: string
): SessionOutcome => ({
  status,
  seq: message.seq,
  message_id: message.message_id,
  at: message.sent_at,
  cursor: null
})

/** 0 up to the pairing, when all is read, and for a mitra who handed the chat over; else null. */
const unreadBy = (who: Participant, state: SessionState, pairedSeq: number | null): number | null => {
  const side = sideOf(state, who)
  const isSure = side === null || state.started_at === null || pairedSeq === state.last_seq ||
    state.cursors[side].read_seq >= state.last_seq
  return isSure ? 0 : null
}

const nothingSeen = { seen: null, unread: null, offered: null }

const viewFor = (command: SessionCommand, outcome: SessionOutcome, state: SessionState) => {
  switch (command._tag) {
    case "Decline":
      return { ...nothingSeen, offered: offeredRequest(state, command.by.id) }
    case "Accept":
    case "Cancel":
    case "AnswerExtension":
    case "SetTopic":
    case "End":
    case "Goodbye": {
      const seen = seenBy(state, command.by)
      if (seen === null) return nothingSeen
      const unread = unreadBy(command.by, state, command._tag === "Accept" ? outcome.seq : null)
      return { ...nothingSeen, seen: seenFrom(seen, command.by.side), unread }
    }
    default:
      return nothingSeen
  }
}

/** `state` is the session when the answer is given. */
export const replyTo = (
  command: SessionCommand,
  outcome: SessionOutcome,
  state: SessionState
): SessionReply => ({ ...outcome, ...viewFor(command, outcome, state) })
