// What one turn of an actor writes, and what the database answers: plain data, the same for every journal. A
// turn is written whole or not at all, under the actor's fencing epoch.
import type { Json } from "effect/Schema"
import type { AuditEntry } from "./audit.ts"
import type { MitraEvent, MitraState } from "./mitra.ts"
import type { SessionPushKind } from "./push.ts"
import type { Refusal } from "./refusal.ts"
import type { SessionEvent } from "./session/events.ts"
import type { Absence, Assignment, Offer, SessionState } from "./session/state.ts"

export interface ActorKey {
  readonly kind: "session" | "mitra"
  readonly id: string
  /** Taken at activation; a write under an older one changes nothing. */
  readonly epoch: number
}

/** The caller's command id with the outcome a repeat must get. */
export interface IdempotencyRecord {
  readonly sender_id: string
  readonly command_id: string
  readonly outcome: Json
}

/**
 * A push to be sent later, written with the event that caused it. Times are epoch ms. While one for messages
 * waits to be taken, further ones for the same session and person are not written: it speaks for them.
 */
export interface PushEntry {
  readonly id: string
  readonly user_type: "customer" | "mitra"
  readonly user_id: string
  readonly kind: SessionPushKind
  readonly session_id: string
  /** Not before this. */
  readonly due_at: number
  /** Of no use from then on. */
  readonly expires_at: number
}

export type PaymentMove =
  /** Only a confirmed one is consumed, else the turn is refused; the money movement is recorded, once. */
  | {
    readonly _tag: "Consume"
    readonly payment_id: string
    readonly product: "chat_session" | "extension"
    readonly amount_idr: number
  }
  /** The request found no bestie: noted for staff, and the payment stays good for another try. */
  | { readonly _tag: "NoteFailure"; readonly payment_id: string; readonly cause: string }
  /** What was charged is owed in part: for staff to give back; the payment stays consumed. */
  | { readonly _tag: "NoteOwed"; readonly payment_id: string; readonly cause: string }
  /** What was paid for will not happen: the payment ends as a failure that staff see. */
  | { readonly _tag: "Fail"; readonly payment_id: string; readonly cause: string }

/** What becomes of the proposal to staff to reroute this session. */
export type ProposalMove =
  /** One that is open already gets the new cause. */
  | { readonly _tag: "Open"; readonly id: string; readonly mitra_id: string } & Absence
  /** One that staff dismissed, or none: nothing changes. */
  | {
    readonly _tag: "Close"
    readonly status: "accepted" | "resolved"
    readonly staff_id: string | null
    readonly resolution: string
  }

export interface SessionWrite {
  /** The session as it is after the turn; every mutable column is written from it. */
  readonly state: SessionState
  /**
   * Of the session's row, only its last number and its cursors are others than before: messages were sent or
   * receipts moved, and nothing else happened. A journal may then leave the rest of the row alone.
   */
  readonly appends: boolean
  readonly deadline_at: number | null
  /** Only the offers this turn added or changed. */
  readonly offers: ReadonlyArray<Offer>
  /** The turn's sequenced events, messages included, with their numbers. */
  readonly events: ReadonlyArray<{ readonly seq: number; readonly event: SessionEvent }>
  /** Claim: one of the mitra's slots below `max_slots`, in this same transaction. */
  readonly slot:
    | { readonly _tag: "Claim"; readonly mitra_id: string; readonly max_slots: number }
    /** A hand-over: the slot it holds is given back, and one of hers claimed; both or neither. */
    | { readonly _tag: "Move"; readonly mitra_id: string; readonly max_slots: number }
    | { readonly _tag: "Release" }
    | null
  /** Only the assignments this turn began or ended, each with its place among all of them. */
  readonly assignments: ReadonlyArray<Assignment & { readonly position: number }>
  readonly proposal: ProposalMove | null
  /** What becomes of the money, in this same transaction. */
  readonly payments: ReadonlyArray<PaymentMove>
  readonly push: ReadonlyArray<PushEntry>
  /** Offer pushes of these mitras that are not sent yet are cancelled: the offer is over. */
  readonly cancels_offer_push_of: ReadonlyArray<string>
}

export interface MitraWrite {
  readonly state: MitraState
  /** Online and offline changes become log rows, activation changes the account. */
  readonly events: ReadonlyArray<MitraEvent>
}

export interface TurnWrite {
  readonly actor: ActorKey
  readonly at: number
  readonly command: IdempotencyRecord | null
  readonly session: SessionWrite | null
  readonly mitra: MitraWrite | null
  readonly audit: ReadonlyArray<AuditEntry>
}

export type Verdict =
  | { readonly _tag: "Committed" }
  /** Another owner has taken a newer epoch: nothing was written, this actor must stop. */
  | { readonly _tag: "Fenced" }
  /** This command id (or client message id) is already written: nothing new, here is its outcome. */
  | { readonly _tag: "Repeated"; readonly outcome: Json }
  /** A constraint said no (no slot left, account inactive): nothing was written. */
  | { readonly _tag: "Refused"; readonly refusal: Refusal }
