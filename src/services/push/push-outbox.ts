// PushOutbox: the pushes that turns and sign-ins wrote down, on their way out. One worker claims them for a
// moment and finishes each with its outcome; an unfinished claim is due again: at least once, never silently
// lost.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { PushKind } from "../../domain/push.ts"
import type { ChangeEntry } from "../../domain/audit.ts"
import type { PushEntry } from "../journal/journal.ts"
import type { PushHoldReason } from "./push.ts"
import type { Unavailable } from "../platform/unavailable.ts"

export const openPushStatuses = ["pending", "retrying", "sending"] as const
export type PushStatus =
  | (typeof openPushStatuses)[number]
  | "sent"
  | "skipped"
  | "cancelled"
  | "expired"
  | "dead"

export interface PushHold {
  readonly until: number
  readonly reason: PushHoldReason
}

/** About a session, or (kind `sign_in`) about a sign-in: then `session_id` is null. */
export interface OutboxEntry extends Omit<PushEntry, "kind" | "session_id"> {
  readonly kind: PushKind
  readonly session_id: string | null
  /** The family id of the sign-in. */
  readonly auth_session_id: string | null
}

export interface ClaimedPush extends OutboxEntry {
  /** The number of this claim of the row: an older one finishes nothing. */
  readonly claims: number
  readonly attempts: number
  readonly created_at: number
}

export interface Claimed {
  readonly pushes: ReadonlyArray<ClaimedPush>
  /** Looked at and found over: withdrawn, expired, delivered already, or told by a newer one. */
  readonly over: number
}

export type PushOutcome =
  | { readonly _tag: "Sent" }
  /** No push is needed or possible: the app is open, or there is no phone. */
  | { readonly _tag: "Skipped"; readonly reason: "connected" | "no_device" }
  /** Too late, or not wanted any more. */
  | { readonly _tag: "Expired" }
  | { readonly _tag: "Over" }
  /** Not tried: due again then, as if nothing had happened. */
  | { readonly _tag: "Waiting"; readonly due_at: number }
  /** Tried in vain: due again then. */
  | { readonly _tag: "Retry"; readonly due_at: number; readonly code: string }
  | { readonly _tag: "Dead"; readonly code: string }

export interface PushFinish {
  readonly push: ClaimedPush
  readonly outcome: PushOutcome
  /** What the provider was asked to send for it: accepted, and not. */
  readonly sent: number
  readonly failed: number
}

export interface PushCost {
  /** UTC, YYYY-MM-DD */
  readonly day: string
  readonly kind: PushKind
  readonly sent: number
  readonly failed: number
}

export interface OutboxDepth {
  readonly open: ReadonlyArray<{
    readonly kind: PushKind
    readonly count: number
    readonly oldest_created_at: number
  }>
  readonly dead: number
  readonly hold: PushHold | null
}

export interface DeadLetter extends Omit<OutboxEntry, "due_at" | "auth_session_id"> {
  readonly attempts: number
  readonly created_at: number
  readonly died_at: number
  readonly code: string
}

export interface Replayed {
  readonly replayed: number
  /** Asked for, but of no use any more. */
  readonly over: number
  /** Dead letters left. */
  readonly left: number
}

/** One replay takes no more: the next one takes the rest. */
export const replayMax = 500

export class PushOutbox extends Context.Service<PushOutbox, {
  /** Takes what is due, soonest to expire first, until `lease_until`. Nothing while a hold lasts. */
  readonly claim: (options: {
    readonly now: number
    readonly lease_until: number
    readonly limit: number
  }) => Effect.Effect<Claimed, Unavailable>
  /** Is it still ours and still of use? Asked right before it is sent. */
  readonly isWanted: (push: ClaimedPush, now: number) => Effect.Effect<boolean, Unavailable>
  /** A row that was cancelled or claimed again meanwhile keeps what it is; the cost counts all the same. */
  readonly finish: (finish: PushFinish, now: number) => Effect.Effect<void, Unavailable>
  /** Holds the whole worker; a longer hold stays. */
  readonly hold: (hold: PushHold) => Effect.Effect<void, Unavailable>
  /** Marks what has expired and deletes what is old, at most `limit` rows of each. */
  readonly tidy: (options: {
    readonly now: number
    readonly done_before: number
    readonly dead_before: number
    readonly limit: number
  }) => Effect.Effect<{ readonly expired: number; readonly deleted: number }, Unavailable>
  /** What waits, by kind; dead letters; and the hold that lasts at `now`, else null. */
  readonly depth: (now: number) => Effect.Effect<OutboxDepth, Unavailable>
  /** Newest first; `before` is the id of the last one of the previous page. */
  readonly deadLetters: (page: {
    readonly before: string | null
    readonly limit: number
  }) => Effect.Effect<ReadonlyArray<DeadLetter>, Unavailable>
  /**
   * Sends one dead letter again, or all (null) up to `replayMax`, with a fresh set of attempts. The same
   * command again gives the first outcome. The audit entry is written with it.
   */
  readonly replay: (
    pushId: string | null,
    command: { readonly sender_id: string; readonly command_id: string },
    entry: ChangeEntry
  ) => Effect.Effect<Replayed, Unavailable>
  /** Newest day first, at most `days` days up to and including the one of `now`. */
  readonly costs: (now: number, days: number) => Effect.Effect<ReadonlyArray<PushCost>, Unavailable>
}>()("halobestie/services/PushOutbox") {}
