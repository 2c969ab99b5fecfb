// Journal: the only way an actor's turn reaches Postgres. A turn is written whole or not at all,
// under the actor's fencing epoch; turns of many actors share one group commit, each with its own
// verdict, so one bad turn never fails its neighbours.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Json } from "effect/Schema"
import type { TurnWrite, Verdict } from "../../domain/turn.ts"
import type { Unavailable } from "../platform/unavailable.ts"

export type {
  ActorKey,
  IdempotencyRecord,
  MitraWrite,
  PaymentMove,
  ProposalMove,
  PushEntry,
  SessionWrite,
  TurnWrite,
  Verdict
} from "../../domain/turn.ts"

export class Journal extends Context.Service<Journal, {
  /**
   * Writes one turn. Fails only when Postgres did not answer; then the outcome is unknown, and the actor
   * must claim again before its next turn. Dies when the turn itself can never be written. A caller that
   * is interrupted takes nothing back: its turn may still be written.
   */
  readonly commit: (turn: TurnWrite) => Effect.Effect<Verdict, Unavailable>
  /** The stored outcome of a command id, or null if it was never written. */
  readonly outcomeOf: (
    actorId: string,
    senderId: string,
    commandId: string
  ) => Effect.Effect<Json | null, Unavailable>
}>()("halobestie/services/Journal") {}
