// SessionOversight: what staff and the sweeps find among all sessions: due, waiting, without their mitra,
// stuck, past; and the proposals to give a chat to another mitra, opened and closed by the session's own
// turns until staff decide; and when an offer was seen or accepted too late. Times are epoch milliseconds.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Absence, SessionState, SessionStatus } from "../../domain/session/state.ts"
import type { ChangeEntry } from "../../domain/audit.ts"
import type { Unavailable } from "../platform/unavailable.ts"
import type { PastPage } from "./session-views.ts"

/** A session whose deadline passed without effect. */
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

/** What a mitra did about an offer without it changing anything. */
export interface OfferTimes {
  readonly mitra_id: string
  /** Her app showed it. */
  readonly seen_at: number | null
  /** She accepted what was over by then. */
  readonly late_accept_at: number | null
}

export interface OfferNote {
  readonly session_id: string
  readonly mitra_id: string
  readonly what: "seen_at" | "late_accept_at"
  readonly at: number
}

export const proposalStatuses = ["open", "accepted", "dismissed", "resolved"] as const
export type ProposalStatus = (typeof proposalStatuses)[number]

export interface Proposal {
  readonly id: string
  readonly session_id: string
  readonly session_status: SessionStatus
  readonly customer_name: string
  /** The mitra who is gone. */
  readonly mitra_id: string
  readonly mitra_name: string
  readonly cause: Absence["cause"]
  readonly since: number
  /** "resolved": she came back, or the session ended, before staff decided. */
  readonly status: ProposalStatus
  readonly created_at: number
  readonly decided_at: number | null
  /** The staff member who accepted or dismissed it. */
  readonly decided_by: string | null
  readonly resolution: string | null
}

export type Dismissed =
  | { readonly _tag: "Dismissed"; readonly proposal: Proposal }
  /** Nothing changed: it was decided before, this way or another. */
  | { readonly _tag: "Decided"; readonly proposal: Proposal }
  | { readonly _tag: "Unknown" }

export class SessionOversight extends Context.Service<SessionOversight, {
  /** Ids of sessions whose deadline is at or before `horizon`, earliest first. */
  readonly due: (horizon: number, limit: number) => Effect.Effect<ReadonlyArray<string>, Unavailable>
  /** Blast requests without any offer yet that may still make one at `now`, oldest first. */
  readonly waiting: (now: number, limit: number) => Effect.Effect<ReadonlyArray<string>, Unavailable>
  /**
   * Running chats to be looked at: their mitra is deactivated, or has been offline since `offlineBefore`;
   * and those whose mitra was noticed as gone. The unnoticed ones first.
   */
  readonly withoutMitra: (
    offlineBefore: number,
    limit: number
  ) => Effect.Effect<ReadonlyArray<string>, Unavailable>
  /** Sessions whose deadline was before `dueBefore`, longest overdue first. */
  readonly stuck: (
    dueBefore: number,
    limit: number
  ) => Effect.Effect<ReadonlyArray<StuckSession>, Unavailable>
  /** Live counts for staff. */
  readonly counts: Effect.Effect<
    { readonly waiting: number; readonly active: number; readonly closing: number },
    Unavailable
  >
  /** All sessions that are over, as `SessionViews.pastOf` gives one person's. */
  readonly past: (page: PastPage) => Effect.Effect<ReadonlyArray<SessionState>, Unavailable>
  /** Oldest first. */
  readonly topicChanges: (
    sessionId: string,
    limit: number
  ) => Effect.Effect<ReadonlyArray<TopicChange>, Unavailable>
  /** The first instant of each kind counts. False: this mitra was never asked. */
  readonly noteOffer: (note: OfferNote) => Effect.Effect<boolean, Unavailable>
  /** Of those who did anything. */
  readonly offerTimes: (sessionId: string) => Effect.Effect<ReadonlyArray<OfferTimes>, Unavailable>
  /** When the first message of a mitra came; null: none has written yet. */
  readonly firstReplyAt: (sessionId: string) => Effect.Effect<number | null, Unavailable>
  /** Owner of record, for staff: the runner that took the last epoch. */
  readonly ownerOf: (
    sessionId: string
  ) => Effect.Effect<{ readonly runner: string | null; readonly epoch: number } | null, Unavailable>
  /** Newest first; `before` is the id of the last one of the previous page. */
  readonly proposals: (options: {
    readonly status: ProposalStatus | null
    readonly before: string | null
    readonly limit: number
  }) => Effect.Effect<ReadonlyArray<Proposal>, Unavailable>
  /** With its audit entry, once. */
  readonly dismissProposal: (
    proposalId: string,
    reason: string,
    entry: ChangeEntry
  ) => Effect.Effect<Dismissed, Unavailable>
}>()("halobestie/services/SessionOversight") {}
