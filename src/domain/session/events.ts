// What has happened to a session. `at` is the instant it took effect, which may be earlier than the
// turn that wrote it down (a clock that ran out while the server was away ran out on time).
import type { Absence, Offer, SessionState, Side, Topic } from "./state.ts"

export type ClosingReason =
  | "time_up"
  | "ended_by_customer"
  | "ended_by_mitra"
  | "force_closed"
  | "extension_rejected"
  | "extension_timeout"
  /** The mitra was deactivated, and nobody took over in time. */
  | "mitra_gone"
export type ExpiryCause =
  | "no_mitra_available"
  /** Mitras were free, but none who is what was asked for. */
  | "no_mitra_fits"
  | "all_declined"
  | "window_over"
  | "returning_chat_timeout"
export type CompletedReason = "goodbye" | "grace_over" | "force_closed"

export type SessionEvent =
  | {
    readonly _tag: "OffersSent"
    readonly at: number
    readonly wave: number
    readonly offers: ReadonlyArray<Offer>
    readonly next_wave_at: number | null
  }
  /** A search that found no further mitra; only moves the time of the next look. Not shown to phones. */
  | { readonly _tag: "SearchedInVain"; readonly at: number; readonly next_wave_at: number | null }
  | { readonly _tag: "OfferDeclined"; readonly at: number; readonly mitra_id: string }
  | { readonly _tag: "OfferWithdrawn"; readonly at: number; readonly mitra_id: string }
  /** They let their time to answer pass; the request still looks. */
  | { readonly _tag: "OffersLapsed"; readonly at: number; readonly mitra_ids: ReadonlyArray<string> }
  | {
    readonly _tag: "Paired"
    readonly at: number
    readonly mitra_id: string
    readonly mitra_name: string
    readonly ends_at: number
  }
  | { readonly _tag: "RequestCancelled"; readonly at: number; readonly by: "customer" | "staff" }
  | { readonly _tag: "RequestExpired"; readonly at: number; readonly cause: ExpiryCause }
  | {
    readonly _tag: "MessageSent"
    readonly at: number
    readonly message_id: string
    readonly client_message_id: string
    readonly side: Side
    readonly sender_id: string
    readonly body: string
  }
  | {
    readonly _tag: "ReceiptMoved"
    readonly at: number
    readonly side: Side
    readonly delivered_seq: number
    readonly read_seq: number
  }
  | { readonly _tag: "WarningGiven"; readonly at: number; readonly remaining_seconds: number }
  /** `by`: the mitra who changed it. */
  | { readonly _tag: "TopicChanged"; readonly at: number; readonly topic: Topic; readonly by: string }
  /** Staff gave the running chat to another mitra. The paid clock runs on, or again. */
  | {
    readonly _tag: "Rerouted"
    readonly at: number
    readonly from_mitra_id: string
    readonly mitra_id: string
    readonly mitra_name: string
    readonly ends_at: number
    readonly staff_id: string
    readonly reason: string
  }
  /** The mitra cannot be reached since `since`: the ledger, staff and the customer are told. */
  | { readonly _tag: "MitraWentAway"; readonly at: number } & Absence
  /** `ends_at`: of the paid time, which stood meanwhile; missing when it did not. */
  | { readonly _tag: "MitraCameBack"; readonly at: number; readonly ends_at?: number }
  /** The paid clock stands still until the mitra, or the deadline, answers. */
  | {
    readonly _tag: "ExtensionRequested"
    readonly at: number
    readonly payment_id: string
    readonly amount_idr: number
    readonly purchased_ms: number
    readonly deadline_at: number
  }
  /** The extension is approved and charged: the clock runs on with the added time. */
  | {
    readonly _tag: "SessionResumed"
    readonly at: number
    readonly by: "mitra" | "clock"
    readonly payment_id: string
    readonly amount_idr: number
    readonly purchased_ms: number
    readonly ends_at: number
  }
  | {
    readonly _tag: "ClosingStarted"
    readonly at: number
    readonly reason: ClosingReason
    readonly closing_ends_at: number
  }
  | { readonly _tag: "GoodbyeLeft"; readonly at: number; readonly side: Side; readonly text: string }
  | {
    readonly _tag: "SessionCompleted"
    readonly at: number
    readonly reason: CompletedReason
    readonly ended_by: NonNullable<SessionState["ended_by"]>
  }

export type EventOf<Tag extends SessionEvent["_tag"]> = Extract<SessionEvent, { _tag: Tag }>

const unsequenced: ReadonlySet<SessionEvent["_tag"]> = new Set([
  "SearchedInVain",
  "OfferDeclined",
  "OfferWithdrawn",
  "OffersLapsed",
  "ReceiptMoved",
  "MitraWentAway",
  "MitraCameBack"
])

/**
 * Sequenced events are the session's story as both phones see it, numbered without gaps. Receipts are
 * not: they are cursors, so the latest one says everything.
 */
export const isSequenced = (event: SessionEvent): boolean => !unsequenced.has(event._tag)

/** All that happens to a session by these is that its last number or a cursor moves on. */
export const onlyAppends = ({ _tag }: SessionEvent): boolean =>
  _tag === "MessageSent" || _tag === "ReceiptMoved"

/** Pairs each event with its sequence (null for unsequenced ones), following `lastSeq`. */
export const numbered = (
  events: ReadonlyArray<SessionEvent>,
  lastSeq: number
): ReadonlyArray<{ readonly event: SessionEvent; readonly seq: number | null }> => {
  let seq = lastSeq
  return events.map((event) => ({ event, seq: isSequenced(event) ? ++seq : null }))
}
