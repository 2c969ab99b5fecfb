// A chat's course so far, as the product's description tells it, and what the world around it says.
import type { SessionEventRow } from "../../../testkit/memory/store/tables.ts"
import type { Numbers } from "./numbers.ts"

export type Event = SessionEventRow["event"]
export type EventOf<Tag extends Event["_tag"]> = Extract<Event, { readonly _tag: Tag }>

export type Phase =
  | "searching"
  | "pending_acceptance"
  | "active"
  | "extending"
  | "closing"
  | "completed"
  | "cancelled"
  | "expired"

export interface Course {
  phase: Phase
  readonly kind: "blast" | "targeted"
  readonly target_mitra_id: string | null
  readonly requested_at: number
  readonly search_ends_at: number
  readonly asked: Set<string>
  /** Not before this the next wave goes out, unless nobody is left who was asked. */
  next_wave_at: number
  wave: number
  mitra_id: string | null
  started_at: number | null
  /** Of the running paid time; while it pauses, what was left of it is in `extension`. */
  ends_at: number | null
  runs_from: number
  purchased_ms: number
  warned: Array<number>
  extension: { readonly deadline_at: number; readonly left_ms: number; readonly payment_id: string } | null
  /** While the chat has no mitra and its time stands: what is left, and until when it waits. */
  pause: { readonly left_ms: number; readonly until: number } | null
  closing_ends_at: number | null
  closing_reason: string | null
  ended_at: number | null
  ended_by: string | null
  end_reason: string | null
  topic: string
  goodbyes: { customer: string | null; mitra: string | null }
  last_at: number
}

/** What the world around the chat says, as far as a rule depends on it. */
export interface Around {
  readonly numbers: Numbers
  readonly everybodyDeclined: () => boolean
  readonly nobodyPending: () => boolean
  /** What was paid, by payment. */
  readonly paid: (id: string) => { readonly amount_idr: number; readonly ms: number } | null
}

/** The flaw of an event, in words; null when it is as it must be. */
export type Flaw = string | null

export const firstOf = (...checks: ReadonlyArray<readonly [boolean, string]>): Flaw =>
  checks.find(([isRight]) => !isRight)?.[1] ?? null

export const inSeconds = (numbers: Numbers, name: Parameters<Numbers["may"]>[0], ms: number): boolean =>
  numbers.may(name, ms / 1000)

export const isLooking = ({ phase }: Course): boolean =>
  phase === "searching" || phase === "pending_acceptance"
