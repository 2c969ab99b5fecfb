// Proposals: the chats whose mitra is gone, proposed to staff to be given to another. Opened and closed by
// the session's own turns; staff reroute the session or dismiss the proposal. Times are epoch milliseconds.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Absence, SessionStatus } from "../../domain/session/state.ts"
import type { ChangeEntry } from "../accounts/audit.ts"
import type { Unavailable } from "../platform/unavailable.ts"

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
  /** "resolved": she came back, or the session ended, before anybody decided. */
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

export class Proposals extends Context.Service<Proposals, {
  /** Newest first; `before` is the id of the last one of the previous page. */
  readonly page: (options: {
    readonly status: ProposalStatus | null
    readonly before: string | null
    readonly limit: number
  }) => Effect.Effect<ReadonlyArray<Proposal>, Unavailable>
  /** With its audit entry, once. */
  readonly dismiss: (
    proposalId: string,
    reason: string,
    entry: ChangeEntry
  ) => Effect.Effect<Dismissed, Unavailable>
}>()("halobestie/services/Proposals") {}
