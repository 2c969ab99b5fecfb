// What a chat session is: one row's worth of facts, from the request to the goodbye. Field names are
// the column names. Times are epoch milliseconds, null where they have not happened.
import * as Schema from "effect/Schema"
import type { Ledger } from "../ledger.ts"
import type { Language } from "../matching.ts"

export const sessionStatuses = [
  "searching",
  "pending_acceptance",
  "active",
  "extending",
  "closing",
  "completed",
  "cancelled",
  "expired"
] as const
export type SessionStatus = (typeof sessionStatuses)[number]

/** A request still looking for a mitra. */
export const openStatuses: ReadonlyArray<SessionStatus> = ["searching", "pending_acceptance"]
/** Takes one of the mitra's slots. */
export const holdingStatuses: ReadonlyArray<SessionStatus> = ["active", "extending"]
/** Blocks a new request of the same customer. */
export const blockingStatuses: ReadonlyArray<SessionStatus> = [...openStatuses, ...holdingStatuses]
/** A participant may still act on it. */
export const liveStatuses: ReadonlyArray<SessionStatus> = [...blockingStatuses, "closing"]
export const terminalStatuses: ReadonlyArray<SessionStatus> = ["completed", "cancelled", "expired"]

export const isTerminal = (status: SessionStatus): boolean => terminalStatuses.includes(status)

export const topics = ["regular", "sensitive"] as const
export type Topic = (typeof topics)[number]
export const Topic = Schema.Literals(topics)

export const sides = ["customer", "mitra"] as const
export type Side = (typeof sides)[number]

export const modes = ["chat", "call"] as const
export const requestKinds = ["blast", "targeted"] as const
/** Who may end a session. */
export const enders = ["customer", "mitra", "staff", "clock"] as const

/** A participant, as the server verified it: never taken from a payload. */
export const Participant = Schema.Struct({ side: Schema.Literals(sides), id: Schema.String })
export type Participant = typeof Participant.Type

export const offerStatuses = ["pending", "accepted", "declined", "missed", "ignored"] as const
export type OfferStatus = (typeof offerStatuses)[number]

/** Why an offer that was not accepted ended. */
export const offerEndings = ["taken", "cancelled", "expired", "declined", "withdrawn"] as const
export type OfferEnding = (typeof offerEndings)[number]

export interface Offer {
  readonly mitra_id: string
  readonly mitra_name: string
  readonly status: OfferStatus
  readonly ending: OfferEnding | null
  readonly wave: number
  readonly sent_at: number
  readonly deadline_at: number
  readonly responded_at: number | null
  /** Her live sessions when she was asked, for staff. */
  readonly sessions_at_offer: number
}

/** How far one side has received and read: sequences, never moving backwards. */
export interface Cursor {
  readonly delivered_seq: number
  readonly read_seq: number
}

/** An extension that was paid for and waits for the mitra's answer; nothing is charged before her yes. */
export interface PendingExtension {
  /** The number of its request event: what an answer names, so that a late one never hits the next. */
  readonly seq: number
  readonly payment_id: string
  readonly amount_idr: number
  readonly purchased_ms: number
  readonly requested_at: number
  readonly deadline_at: number
}

/** Why the mitra of a running chat cannot be reached. */
export const absenceCauses = ["mitra_deactivated", "mitra_offline"] as const
export interface Absence {
  readonly cause: (typeof absenceCauses)[number]
  readonly since: number
  /** The paid clock stands until then; missing while it runs. */
  readonly paused_until?: number
}

/** One mitra's time with a chat: of the one who accepted it, then of each to whom staff gave it. */
export interface Assignment {
  readonly mitra_id: string
  readonly mitra_name: string
  readonly started_at: number
  /** When she handed it over, or the session was over. */
  readonly ended_at: number | null
  /** The staff member who gave her the chat, and why; null when she accepted it herself. */
  readonly by_staff_id: string | null
  readonly reason: string | null
  /** What she left behind when another took over; null until then, and when she stayed to the end. */
  readonly left:
    | { readonly seq: number; readonly topic: Topic; readonly purchased_ms: number }
    | null
}

/** Every hand-over is a decision of staff; more of them than this is not a chat any more. */
export const assignmentsMax = 20

export interface SessionState {
  readonly id: string
  readonly customer_id: string
  readonly customer_name: string
  readonly payment_id: string
  /** The command that asked for another try on the payment; null for the payment's own request. */
  readonly opened_by: string | null
  readonly amount_idr: number
  readonly kind: (typeof requestKinds)[number]
  readonly target_mitra_id: string | null
  readonly mode: (typeof modes)[number]
  readonly topic: Topic
  /** What the mitra must speak; null: no matter. */
  readonly language: Language | null
  readonly status: SessionStatus
  readonly mitra_id: string | null
  readonly mitra_name: string | null
  /** Oldest first; the last one is whose chat it is. */
  readonly assignments: ReadonlyArray<Assignment>
  /** Since when, and why, the mitra cannot be reached, as far as it was noticed. */
  readonly absence: Absence | null
  readonly requested_at: number
  readonly search_ends_at: number
  readonly next_wave_at: number | null
  readonly wave: number
  readonly started_at: number | null
  readonly ends_at: number | null
  readonly warned_seconds: number | null
  readonly extension: PendingExtension | null
  readonly closing_ends_at: number | null
  readonly ended_at: number | null
  readonly ended_by: (typeof enders)[number] | null
  readonly end_reason: string | null
  readonly offers: ReadonlyArray<Offer>
  readonly ledger: Ledger
  readonly customer_goodbye: string | null
  readonly mitra_goodbye: string | null
  readonly cursors: { readonly customer: Cursor; readonly mitra: Cursor }
  readonly last_seq: number
}

/** The paid clock stands because the chat has no mitra. */
export const isPaused = ({ absence }: SessionState): boolean => absence?.paused_until !== undefined

/** What is not served when this chat ends is owed to the customer: her mitra was taken from her. */
export const isOwed = (state: SessionState): boolean =>
  isPaused(state) || state.absence?.cause === "mitra_deactivated"

export const noCursor: Cursor = { delivered_seq: 0, read_seq: 0 }

export const offerOf = (state: SessionState, mitraId: string): Offer | undefined =>
  state.offers.find((offer) => offer.mitra_id === mitraId)

/** True for a mitra who had this chat until staff gave it to another. */
export const isFormerMitra = (state: SessionState, who: Participant): boolean =>
  who.side === "mitra" && state.mitra_id !== who.id &&
  state.assignments.some((assignment) => assignment.mitra_id === who.id)

/** Which side of this session a person is on, if any. A mitra who handed it over is on none. */
export const sideOf = (state: SessionState, who: Participant): Side | null => {
  if (who.side === "customer") return state.customer_id === who.id ? "customer" : null
  return state.mitra_id === who.id ? "mitra" : null
}
