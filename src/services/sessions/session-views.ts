// SessionViews: what phones read of sessions: what is alive for a person, what is over, offers, messages and
// events. Times are epoch milliseconds.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { SessionEvent } from "../../domain/session/events.ts"
import type { OfferedRequest } from "../../domain/session/offered-request.ts"
import type { SessionState, Side } from "../../domain/session/state.ts"
import type { Unavailable } from "../platform/unavailable.ts"
import type { StoredMessage } from "./sessions.ts"

export interface SequencedEvent {
  readonly session_id: string
  readonly seq: number
  readonly event: SessionEvent
}

export interface Page {
  readonly before: string | null
  readonly limit: number
}

/** `<ended_at ms>_<id>`: those that ended before it, or after it if that is given; newest first. */
export interface PastPage extends Page {
  readonly after?: string | null
}

/** Who may say something in a session, without anything that was offered, said or paid in it. */
export interface Participation extends Pick<SessionState, "id" | "status" | "customer_id" | "mitra_id"> {
  /** Everybody whose chat it is or was, in no order. */
  readonly assigned: ReadonlyArray<string>
}

export class SessionViews extends Context.Service<SessionViews, {
  /**
   * Which history these rows are of: another one after a restored backup, or a replica that took over.
   * Numbers of the one say nothing of the other.
   */
  readonly epoch: Effect.Effect<string, Unavailable>
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
  /** Reads only who takes part: a session that asked many has up to 200 offers. */
  readonly participation: (sessionId: string) => Effect.Effect<Participation | null, Unavailable>
  /** Messages in sequence order: those before a sequence (the latest ones) or after it (the next ones). */
  readonly messages: (
    sessionId: string,
    range: { readonly before: number } | { readonly after: number },
    limit: number
  ) => Effect.Effect<ReadonlyArray<StoredMessage>, Unavailable>
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
  /** When the `nth` (from 1) of the running chats ends that end soonest; null when there are fewer. */
  readonly nthEnd: (nth: number) => Effect.Effect<number | null, Unavailable>
  /** True when this mitra has served this customer before. */
  readonly haveMet: (customerId: string, mitraId: string) => Effect.Effect<boolean, Unavailable>
}>()("halobestie/services/SessionViews") {}
