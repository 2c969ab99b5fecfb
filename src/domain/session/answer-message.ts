// How a session answers messages and receipts. Length is counted in code points, and a message that
// nobody can see is empty. Receipts are cursors: they only ever move forward, so repeats are harmless.
import * as Result from "effect/Result"
import { refuse } from "../refusal.ts"
import { characters, isVisible } from "../text.ts"
import { type CommandOf, messageLengthMax } from "./commands.ts"
import { type Answer, badText, notActive, notParticipant } from "./answer.ts"
import { liveStatuses, type SessionState, sideOf } from "./state.ts"

export const answerMessage = (
  state: SessionState,
  command: CommandOf<"SendMessage">,
  now: number
): Answer => {
  const side = sideOf(state, command.by)
  if (side === null) return notParticipant(state, command.by)
  if (state.status !== "active" && state.status !== "extending") return notActive(state)
  const bad = badText(command.body)
  if (bad !== null) return bad
  const length = characters(command.body)
  if (!isVisible(command.body)) {
    return Result.fail(
      refuse("MESSAGE_EMPTY", "A message needs at least one character that can be seen.", {})
    )
  }
  if (length > messageLengthMax) {
    return Result.fail(refuse("MESSAGE_TOO_LONG", `A message has at most ${messageLengthMax} characters.`, {
      given: length,
      maximum: messageLengthMax
    }))
  }
  return Result.succeed([{
    _tag: "MessageSent",
    at: now,
    message_id: command.message_id,
    client_message_id: command.client_message_id,
    side,
    sender_id: command.by.id,
    body: command.body
  }])
}

export const answerReceipt = (
  state: SessionState,
  command: CommandOf<"MarkDelivered"> | CommandOf<"MarkRead">,
  now: number
): Answer => {
  const side = sideOf(state, command.by)
  if (side === null) return notParticipant(state, command.by)
  if (!liveStatuses.includes(state.status)) return notActive(state)
  const before = state.cursors[side]
  // A phone cannot have received what was never sent; reading includes receiving.
  const seq = Math.min(command.seq, state.last_seq)
  const delivered_seq = Math.max(before.delivered_seq, seq)
  const read_seq = command._tag === "MarkRead" ? Math.max(before.read_seq, seq) : before.read_seq
  if (delivered_seq === before.delivered_seq && read_seq === before.read_seq) return Result.succeed([])
  return Result.succeed([{ _tag: "ReceiptMoved", at: now, side, delivered_seq, read_seq }])
}
