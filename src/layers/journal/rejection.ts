// What happens to a turn that breaks a rule of the database: one known rule is a refusal, everything
// else a defect of the machine that made the turn.
import { type Refusal, refuse } from "../../domain/refusal.ts"

/** Only names: the rejected row holds private words, and this ends in a log. */
export class TurnRejected extends Error {
  constructor(reason: string) {
    super(`journal: this turn cannot be written: ${reason}`)
    this.name = "TurnRejected"
  }
}

export const oneWinner = "one_winner_per_session"

export const offerTaken = (sessionId: string): Refusal =>
  refuse("OFFER_TAKEN", "Another bestie answered first.", {
    session_id: sessionId,
    ending: "taken",
    winner_at: null
  })
