// Trust: who has blocked whom, what was reported, and who is paused. A block counts for both directions
// whoever made it. A case keeps its own copy of what was said: it outlives the transcript. Times are epoch
// milliseconds.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { ChangeEntry } from "../../domain/audit.ts"
import type { Side } from "../../domain/session/state.ts"
import type { Pair, PauseCause, Person, QuotedMessage, ReportReason, Resolution } from "../../domain/trust.ts"
import type { Unavailable } from "../platform/unavailable.ts"

export interface Block extends Pair {
  readonly id: string
  readonly by_side: Side
  /** Where they met. */
  readonly session_id: string
  readonly at: number
}

/** As its maker sees it. */
export interface OwnBlock {
  readonly id: string
  /** The other one's call name or display name. */
  readonly name: string
  readonly session_id: string
  readonly at: number
}

/** Nobody blocks more people; the oldest are not forgotten, the next is refused. */
export const blocksMax = 500

export interface Report extends Pair {
  readonly id: string
  readonly by_side: Side
  readonly session_id: string
  readonly reason: ReportReason
  readonly words: string
  readonly evidence: ReadonlyArray<QuotedMessage>
  readonly at: number
}

export interface Reported {
  /** The case that is open: an earlier one of the same chat, if there is one. */
  readonly case_id: string
  /** True when this report paused the other one. */
  readonly paused: boolean
}

export interface CaseLine extends Pair {
  readonly id: string
  readonly by_side: Side
  readonly session_id: string
  readonly customer_name: string
  readonly mitra_name: string
  readonly reason: string
  readonly created_at: number
  readonly resolved_at: number | null
  readonly resolved_by: string | null
  readonly resolution: Resolution | null
  /** Whether the reported one is paused now. */
  readonly is_paused: boolean
}

export interface Case extends CaseLine {
  readonly words: string
  readonly evidence: ReadonlyArray<QuotedMessage>
}

export type Resolved = "resolved" | "unknown" | "resolved_before"

export class Trust extends Context.Service<Trust, {
  /** The id of this block: of the first one, when it is a repeat. Null when its maker has too many. */
  readonly block: (block: Block) => Effect.Effect<string | null, Unavailable>
  /** False when it is none of this person's. */
  readonly unblock: (by: Person, blockId: string) => Effect.Effect<boolean, Unavailable>
  /** Newest first, at most `blocksMax`. */
  readonly blocksOf: (by: Person) => Effect.Effect<ReadonlyArray<OwnBlock>, Unavailable>
  /** Whom this customer may not meet again, whoever wanted that. */
  readonly blockedMitrasOf: (customerId: string) => Effect.Effect<ReadonlyArray<string>, Unavailable>
  readonly isBlocked: (pair: Pair) => Effect.Effect<boolean, Unavailable>
  /**
   * Opens a case. When at least `pause_at` different people (0: never) have reported the same one since
   * `counted_since`, and since staff lifted a pause, they are paused in the same transaction. Reports that
   * staff dismissed do not count.
   */
  readonly report: (
    report: Report,
    rule: { readonly pause_at: number; readonly counted_since: number }
  ) => Effect.Effect<Reported, Unavailable>
  /** Newest first; `before` is the id that ended the previous page. */
  readonly cases: (page: {
    readonly open: boolean
    readonly before: string | null
    readonly limit: number
  }) => Effect.Effect<ReadonlyArray<CaseLine>, Unavailable>
  /** With its words and its evidence, and with the audit entry of having read them. */
  readonly readCase: (caseId: string, entry: ChangeEntry) => Effect.Effect<Case | null, Unavailable>
  /** `paused` pauses the reported one in the same transaction. The same entry again is a repeat. */
  readonly resolveCase: (
    caseId: string,
    resolution: Resolution,
    note: string,
    entry: ChangeEntry
  ) => Effect.Effect<Resolved, Unavailable>
  readonly isPaused: (person: Person) => Effect.Effect<boolean, Unavailable>
  /** False when they are not paused; then there is no entry either. */
  readonly liftPause: (person: Person, entry: ChangeEntry) => Effect.Effect<boolean, Unavailable>
  /** Mitras who are paused and online all the same: a crash came between. At most `limit`. */
  readonly pausedOnline: (limit: number) => Effect.Effect<ReadonlyArray<string>, Unavailable>
}>()("halobestie/services/Trust") {}

export type { PauseCause }
