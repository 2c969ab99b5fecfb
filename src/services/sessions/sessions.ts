// Sessions: opening, owning and reading chat sessions. Changes to a running one go through the
// Journal. Times are epoch milliseconds.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { SessionEvent } from "../../domain/session/events.ts"
import type { OfferedRequest } from "../../domain/session/offered-request.ts"
import type { SessionState, Side } from "../../domain/session/state.ts"
import type { AuditEntry } from "../accounts/audit.ts"
import type { Unavailable } from "../platform/unavailable.ts"

export type Opened =
  | { readonly _tag: "Opened"; readonly session_id: string }
  /** The payment already has its session: this is it. */
  | { readonly _tag: "Exists"; readonly session_id: string }
  /** The customer has another open request or live session. */
  | { readonly _tag: "AlreadyActive"; readonly session_id: string }
  /** The payment is not good for a session (any more): abandoned, failed, or consumed by an old one. */
  | { readonly _tag: "NotPaid" }

/** Who may say something in a session, without anything that was offered, said or paid in it. */
export interface Participation extends Pick<SessionState, "id" | "status" | "customer_id" | "mitra_id"> {
  /** Everybody whose chat it is or was, in no order. */
  readonly assigned: ReadonlyArray<string>
}

export interface SequencedEvent {
  readonly session_id: string
  readonly seq: number
  readonly event: SessionEvent
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

export interface Page {
  readonly before: string | null
  readonly limit: number
}

/** `<ended_at ms>_<id>`: those that ended before it, or after it if that is given; newest first. */
export interface PastPage extends Page {
  readonly after?: string | null
}

/** A session whose deadline passed and nobody noticed. */
export interface StuckSession {
  readonly id: string
  readonly status: SessionState["status"]
  readonly customer_id: string
  readonly mitra_id: string | null
  readonly deadline_at: number
  readonly owner_runner: string | null
  readonly owner_epoch: number
}

export interface TopicChange {
  readonly seq: number
  readonly at: number
  readonly topic: SessionState["topic"]
  /** The mitra who changed it; null where it was not noted. */
  readonly by: string | null
}

export class Sessions extends Context.Service<Sessions, {
  /**
   * Inserts a new request on a confirmed payment; the database itself holds "one per payment" and "one
   * per customer". A try that was opened by the same command before is found again, whatever became of it.
   * `audit` is written in the same transaction, and only when the request was opened by this call.
   */
  readonly open: (
    state: SessionState,
    deadlineAt: number,
    audit?: AuditEntry
  ) => Effect.Effect<Opened, Unavailable>
  /** Takes the next epoch for `runner` and loads the session, or null if there is none. */
  readonly claim: (
    sessionId: string,
    runner: string
  ) => Effect.Effect<{ readonly epoch: number; readonly state: SessionState } | null, Unavailable>
  /** Reads without owning. */
  readonly find: (sessionId: string) => Effect.Effect<SessionState | null, Unavailable>
  /** Reads only who takes part: a session that asked many has up to 200 offers. */
  readonly participation: (sessionId: string) => Effect.Effect<Participation | null, Unavailable>
  /** The newest session of each of these payments, alive or over; those that have none are absent. */
  readonly ofPayments: (
    paymentIds: ReadonlyArray<string>
  ) => Effect.Effect<ReadonlyMap<string, string>, Unavailable>
  /** Owner of record, for staff: the runner that took the last epoch. */
  readonly ownerOf: (
    sessionId: string
  ) => Effect.Effect<{ readonly runner: string | null; readonly epoch: number } | null, Unavailable>
  /** Sessions a phone must show as alive: customers also see open requests. Oldest first, at most 50. */
  readonly liveOf: (side: Side, userId: string) => Effect.Effect<ReadonlyArray<SessionState>, Unavailable>
  /** Offers still open to this mitra at `now`. */
  readonly openOffersOf: (
    mitraId: string,
    now: number
  ) => Effect.Effect<ReadonlyArray<OfferedRequest>, Unavailable>
  /** Her offers, newest first. `before` is the session id that ended the previous page. */
  readonly recentOffersOf: (
    mitraId: string,
    page: Page
  ) => Effect.Effect<ReadonlyArray<OfferedRequest>, Unavailable>
  /**
   * Sessions that are over for this person, newest end first, without their offers (up to 200 each, and no
   * page shows them). For a mitra that is also a chat she handed over, by the instant she did. A cursor
   * that is none of ours gives nothing.
   */
  readonly pastOf: (
    side: Side,
    userId: string,
    page: PastPage
  ) => Effect.Effect<ReadonlyArray<SessionState>, Unavailable>
  /** The same, of everybody. */
  readonly past: (page: PastPage) => Effect.Effect<ReadonlyArray<SessionState>, Unavailable>
  /** Messages in sequence order: those before a sequence (the latest ones) or after it (the next ones). */
  readonly messages: (
    sessionId: string,
    range: { readonly before: number } | { readonly after: number },
    limit: number
  ) => Effect.Effect<ReadonlyArray<StoredMessage>, Unavailable>
  /** The message this sender sent under this client id, or null. */
  readonly sentMessage: (
    sessionId: string,
    senderId: string,
    clientMessageId: string
  ) => Effect.Effect<StoredMessage | null, Unavailable>
  /** Every sequenced event after `seq`, in order, at most `limit`. */
  readonly eventsAfter: (
    sessionId: string,
    seq: number,
    limit: number
  ) => Effect.Effect<ReadonlyArray<SequencedEvent>, Unavailable>
  /** Messages of the other side that this side has not read, per session; sessions with none are absent. */
  readonly unread: (
    side: Side,
    sessionIds: ReadonlyArray<string>
  ) => Effect.Effect<ReadonlyMap<string, number>, Unavailable>
  /** Last sequence of each of these sessions, in one query. Unknown ids are absent. */
  readonly lastSeqs: (
    sessionIds: ReadonlyArray<string>
  ) => Effect.Effect<ReadonlyMap<string, number>, Unavailable>
  /** Ids of sessions whose deadline is at or before `horizon`, earliest first. */
  readonly due: (horizon: number, limit: number) => Effect.Effect<ReadonlyArray<string>, Unavailable>
  /** Blast requests that asked nobody yet and may still ask at `now`, oldest first. */
  readonly waiting: (now: number, limit: number) => Effect.Effect<ReadonlyArray<string>, Unavailable>
  /** Blast requests older than this one that still look or wait for an answer, at most `limit`. */
  readonly aheadOf: (
    request: Pick<SessionState, "id" | "requested_at">,
    now: number,
    limit: number
  ) => Effect.Effect<number, Unavailable>
  /** When the `nth` (from 1) of the running chats ends that end soonest; null when there are fewer. */
  readonly nthEnd: (nth: number) => Effect.Effect<number | null, Unavailable>
  /** Sessions whose deadline was before `dueBefore`, longest overdue first. */
  readonly stuck: (
    dueBefore: number,
    limit: number
  ) => Effect.Effect<ReadonlyArray<StuckSession>, Unavailable>
  /**
   * Running chats to be looked at: their mitra is deactivated, or has been offline since `offlineBefore`;
   * and those whose mitra was noticed as gone. The unnoticed ones first.
   */
  readonly withoutMitra: (
    offlineBefore: number,
    limit: number
  ) => Effect.Effect<ReadonlyArray<string>, Unavailable>
  /** Oldest first. */
  readonly topicChanges: (
    sessionId: string,
    limit: number
  ) => Effect.Effect<ReadonlyArray<TopicChange>, Unavailable>
  /** True when this mitra has served this customer before. */
  readonly haveMet: (customerId: string, mitraId: string) => Effect.Effect<boolean, Unavailable>
  /** Sessions with a pending offer to this mitra. */
  readonly pendingOfferSessionsOf: (mitraId: string) => Effect.Effect<ReadonlyArray<string>, Unavailable>
  /** Live counts for staff. */
  readonly counts: Effect.Effect<
    { readonly waiting: number; readonly active: number; readonly closing: number },
    Unavailable
  >
}>()("halobestie/services/Sessions") {}
