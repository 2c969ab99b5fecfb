// Sessions: opening, owning and reading one session, for its own actor. Changes to a running one go through
// the Journal; phones read many through SessionViews, staff and sweeps through SessionOversight. Times are
// epoch milliseconds.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Older } from "../../domain/matching.ts"
import type { SessionState, Side } from "../../domain/session/state.ts"
import type { AuditEntry } from "../../domain/audit.ts"
import type { Unavailable } from "../platform/unavailable.ts"

export type Opened =
  | { readonly _tag: "Opened"; readonly session_id: string }
  /** The payment already has its session: this is it. */
  | { readonly _tag: "Exists"; readonly session_id: string }
  /** The customer has another open request or live session. */
  | { readonly _tag: "AlreadyActive"; readonly session_id: string }
  /** The payment is not good for a session (any more): abandoned, failed, or consumed by an old one. */
  | { readonly _tag: "NotPaid" }

/** The epoch of the owner under which a request is opened. */
export const firstEpoch = 1

export interface Opening {
  /** Written in the same transaction, and only when the request was opened by this call. */
  readonly audit?: AuditEntry
  /** The runner whose actor owns it from the start, under the first epoch; without one nobody owns it yet. */
  readonly owner?: string | null
}

export interface StoredMessage {
  readonly session_id: string
  readonly seq: number
  readonly message_id: string
  readonly client_message_id: string
  readonly side: Side
  readonly sender_id: string
  readonly body: string
  readonly sent_at: number
}

export class Sessions extends Context.Service<Sessions, {
  /**
   * Inserts a new request on a confirmed payment; the database itself holds "one per payment" and "one
   * per customer". A try that was opened by the same command before is found again, whatever became of it.
   */
  readonly open: (
    state: SessionState,
    deadlineAt: number,
    opening?: Opening
  ) => Effect.Effect<Opened, Unavailable>
  /** Takes the next epoch for `runner` and loads the session, or null if there is none. */
  readonly claim: (
    sessionId: string,
    runner: string
  ) => Effect.Effect<{ readonly epoch: number; readonly state: SessionState } | null, Unavailable>
  /** Reads without owning. */
  readonly find: (sessionId: string) => Effect.Effect<SessionState | null, Unavailable>
  /** The newest session of each of these payments, alive or over; those that have none are absent. */
  readonly ofPayments: (
    paymentIds: ReadonlyArray<string>
  ) => Effect.Effect<ReadonlyMap<string, string>, Unavailable>
  /** The message this sender sent under this client id, or null. */
  readonly sentMessage: (
    sessionId: string,
    senderId: string,
    clientMessageId: string
  ) => Effect.Effect<StoredMessage | null, Unavailable>
  /** Sessions with a pending offer to this mitra. */
  readonly pendingOfferSessionsOf: (mitraId: string) => Effect.Effect<ReadonlyArray<string>, Unavailable>
  /** Blast requests older than this one that look or wait for an answer, at most `limit`, by their wants. */
  readonly aheadOf: (
    request: Pick<SessionState, "id" | "requested_at">,
    now: number,
    limit: number
  ) => Effect.Effect<ReadonlyArray<Older>, Unavailable>
}>()("halobestie/services/Sessions") {}
