// How often the random walks draw each command. By tag, so that a new command cannot stay out of them.
import type { SessionCommand } from "../../../src/domain/session/commands.ts"

export const weights: { readonly [Tag in SessionCommand["_tag"]]: number } = {
  Tick: 6,
  Accept: 6,
  Decline: 3,
  SendMessage: 3,
  MarkDelivered: 3,
  MarkRead: 3,
  SetTopic: 3,
  RequestExtension: 2.5,
  AnswerExtension: 2.5,
  Requeue: 2,
  Reroute: 2,
  CheckMitra: 2,
  WithdrawOffer: 1,
  End: 1,
  Goodbye: 1,
  Cancel: 0.5,
  ForceClose: 0.5
}
